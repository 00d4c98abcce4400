//! `switchhook dev`: the author's loop. Build, a simulated call, and again whenever something is saved.
//!
//! A version that does not build or load leaves the one before in use: the next call is the newest that works.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use notify::{RecursiveMode, Watcher};
use sandbox::Plugin;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::sync::mpsc;

use super::signal::Stops;
use super::test::{self, Outcome};
use super::{Failure, call, print};
use crate::author::project::{FILE, Project};

/// Arguments of `dev`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// A project's folder (with a handler.toml), or a component that is built elsewhere
    #[arg(value_name = "DIR|PLUGIN")]
    pub what: PathBuf,
    /// Build and call once, then end: exit code 1 when something failed
    #[arg(long)]
    pub once: bool,
}

/// Saves that come together are one: an editor writes several files.
const SETTLE: Duration = Duration::from_millis(150);

/// What the author wants next.
enum Next {
    Rebuild,
    CallAgain,
    Quit,
}

/// Goes on until it is told to quit, or interrupted.
///
/// # Errors
/// The project cannot be read or watched.
pub fn run(args: Args) -> Result<ExitCode, Failure> {
    let project = if args.what.is_dir() { Project::read(&args.what)? } else { Project::of_component(&args.what) };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(format!("the runtime does not start: {error}"), "try again"))?;
    let code = runtime.block_on(developing(project, args.once));
    // A thread that reads the terminal cannot be woken.
    runtime.shutdown_background();
    code
}

async fn developing(project: Project, once: bool) -> Result<ExitCode, Failure> {
    let mut saves = Saves::watch(&project)?;
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut listens = true;
    let mut stops = Stops::listen()?;
    let mut plugin: Option<Plugin> = None;
    let mut next = Next::Rebuild;
    loop {
        match next {
            Next::Quit => return Ok(ExitCode::SUCCESS),
            Next::Rebuild => match rebuilt(&project, &mut stops).await? {
                Built::Plugin(newest) => plugin = Some(newest),
                Built::Failed(why) => {
                    let before = if plugin.is_some() { ": the version before stays" } else { "" };
                    print::text(&format!("{why}{before}"))?;
                    if once {
                        return Ok(ExitCode::FAILURE);
                    }
                }
                Built::Stopped => return Ok(ExitCode::SUCCESS),
            },
            Next::CallAgain => {}
        }
        if let Some(plugin) = plugin.clone() {
            let project = project.clone();
            let good = tokio::select! {
                good = tokio::task::spawn_blocking(move || called(&plugin, &project)) => good,
                _ = stops.next() => return Ok(ExitCode::SUCCESS),
            };
            let good = good.map_err(|error| Failure::new(format!("the call failed: {error}"), "report this"))??;
            if once {
                return Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE });
            }
        }
        print::text("save a file to build again, press Enter to call again, q and Enter to quit")?;
        next = tokio::select! {
            () = saves.next() => Next::Rebuild,
            _ = stops.next() => Next::Quit,
            line = lines.next_line(), if listens => match line {
                Ok(Some(line)) if line.trim() == "q" => Next::Quit,
                Ok(Some(_)) => Next::CallAgain,
                // Without a terminal, saves alone drive it.
                Ok(None) | Err(_) => {
                    listens = false;
                    tokio::select! {
                        () = saves.next() => Next::Rebuild,
                        _ = stops.next() => Next::Quit,
                    }
                }
            },
        };
    }
}

/// What came of building.
enum Built {
    Plugin(Plugin),
    Failed(String),
    Stopped,
}

/// Runs the project's own command, whose messages stand where they stand, and loads what came of it.
async fn rebuilt(project: &Project, stops: &mut Stops) -> Result<Built, Failure> {
    let began = Instant::now();
    if let [program, arguments @ ..] = &project.build[..] {
        print::text(&format!("building: {}", project.build.join(" ")))?;
        let mut command = tokio::process::Command::new(program);
        command.args(arguments).current_dir(&project.folder).stdin(std::process::Stdio::null()).kill_on_drop(true);
        let status = tokio::select! {
            status = command.status() => status,
            _ = stops.next() => return Ok(Built::Stopped),
        };
        match status {
            Ok(status) if status.success() => {}
            Ok(_) => return Ok(Built::Failed("it did not build: the messages are above".to_owned())),
            Err(error) => {
                let what = format!("`{program}` cannot be started: {error}: install it, or correct `build` in {FILE}");
                return Ok(Built::Failed(what));
            }
        }
    }
    let built = began.elapsed();
    let component = project.component.clone();
    let loaded = tokio::task::spawn_blocking(move || test::load_plugin(&component)).await;
    match loaded.map_err(|error| Failure::new(format!("loading failed: {error}"), "report this"))? {
        Ok(plugin) => {
            let (built, all) = (built.as_secs_f64(), began.elapsed().as_secs_f64());
            let version = plugin.version();
            print::text(&format!("version {version}: built in {built:.1} s, loaded in {:.1} s", all - built))?;
            Ok(Built::Plugin(plugin))
        }
        Err(failure) => Ok(Built::Failed(failure.to_string())),
    }
}

/// The scenarios, and a call that can be listened to.
fn called(plugin: &Plugin, project: &Project) -> Result<bool, Failure> {
    let mut good = true;
    if let Some(folder) = project.scenarios.as_ref().filter(|folder| folder.is_dir()) {
        match test::load(std::slice::from_ref(folder)) {
            Ok(scenarios) => {
                let outcome = Outcome::of(plugin, &scenarios, |done| print::text(&done.as_text()))?;
                print::text(&outcome.summary())?;
                good &= outcome.failed() == 0;
            }
            Err(failure) => {
                print::text(&failure.to_string())?;
                good = false;
            }
        }
    }
    let recording = project.folder.join("last-call.wav");
    good &= call::plain(plugin, &recording)?;
    print::text(&format!("the call is in {}: caller left, handler right", shown(&recording)))?;
    Ok(good)
}

fn shown(path: &Path) -> String {
    path.strip_prefix(".").unwrap_or(path).display().to_string()
}

/// Tells that something was saved.
struct Saves {
    told: mpsc::Receiver<()>,
    /// Watches as long as it lives.
    _watcher: notify::RecommendedWatcher,
}

impl Saves {
    fn watch(project: &Project) -> Result<Saves, Failure> {
        let (tell, told) = mpsc::channel(1);
        let ours = project.build.is_empty().then(|| project.component.clone());
        let seen = move |event: notify::Result<notify::Event>| {
            let Ok(event) = event else { return };
            let theirs =
                ours.as_ref().is_none_or(|ours| event.paths.iter().any(|path| path.file_name() == ours.file_name()));
            if !event.kind.is_access() && theirs {
                // Full: it is told already.
                let _ = tell.try_send(());
            }
        };
        let failed = |what: &Path, error: &notify::Error| {
            Failure::new(
                format!("{} cannot be watched: {error}", what.display()),
                format!("correct the path, or `watch` in {FILE}"),
            )
        };
        let mut watcher = notify::recommended_watcher(seen).map_err(|error| failed(&project.folder, &error))?;
        for path in &project.watch {
            // A component is replaced as a whole: its folder tells of it.
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let (path, mode) = if project.build.is_empty() {
                (folder, RecursiveMode::NonRecursive)
            } else {
                (path.as_path(), RecursiveMode::Recursive)
            };
            watcher.watch(path, mode).map_err(|error| failed(path, &error))?;
        }
        Ok(Saves { told, _watcher: watcher })
    }

    /// Waits until something was saved, and a moment more.
    async fn next(&mut self) {
        self.told.recv().await;
        while tokio::time::timeout(SETTLE, self.told.recv()).await.is_ok_and(|told| told.is_some()) {}
    }
}
