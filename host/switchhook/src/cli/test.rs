//! `switchhook test`: scenarios against a plugin, in virtual time.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use sandbox::{Plugin, Sandbox, SandboxConfig};
use serde_json::{Value, json};

use super::{Failure, print};
use crate::plugins;
use crate::scenario::{self, Played, Scenario};

/// Arguments of `test`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The component
    #[arg(value_name = "PLUGIN")]
    pub plugin: PathBuf,
    /// Scenario files, or folders of them
    #[arg(value_name = "SCENARIO", required = true)]
    pub scenarios: Vec<PathBuf>,
    /// The outcome as JSON
    #[arg(long)]
    pub json: bool,
    /// Where to write the outcome as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
}

/// Plays them all. Exit code 1 when something does not hold.
///
/// # Errors
/// The plugin cannot be loaded, a scenario is wrong, or a file cannot be written.
pub fn run(args: Args) -> Result<ExitCode, Failure> {
    let scenarios = load(&args.scenarios)?;
    let plugin = load_plugin(&args.plugin)?;
    let outcome =
        Outcome::of(&plugin, &scenarios, |done| if args.json { Ok(()) } else { print::text(&done.as_text()) })?;
    if let Some(path) = &args.junit {
        let written = std::fs::write(path, outcome.as_junit(plugin.name())?);
        written
            .map_err(|error| Failure::new(format!("{}: {error}", path.display()), "name a file that can be written"))?;
    }
    if args.json {
        print::json(&outcome.as_json())?
    } else {
        print::text(&outcome.summary())?
    }
    Ok(if outcome.failed() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Every scenario that is meant. All files are read before one is refused.
pub(super) fn load(named: &[PathBuf]) -> Result<Vec<Scenario>, Failure> {
    let (mut scenarios, mut wrong) = (Vec::new(), Vec::new());
    for file in scenario::files(named)? {
        match Scenario::load(&file) {
            Ok(scenario) => scenarios.push(scenario),
            Err(problems) => wrong.push(problems.to_string()),
        }
    }
    if wrong.is_empty() { Ok(scenarios) } else { Err(Failure::Scenarios(wrong.join("\n"))) }
}

/// A component for calls one after another.
pub(super) fn load_plugin(path: &Path) -> Result<Plugin, Failure> {
    let sandbox = Sandbox::new(&SandboxConfig { guests_max: 1 })
        .map_err(|error| Failure::new(error.to_string(), "free some memory"))?;
    plugins::load_plugin(&Arc::new(sandbox), path)
        .map_err(|error| Failure::new(error.to_string(), "name a component, such as plugins/echo.wasm"))
}

/// One call that was judged.
pub(super) struct Done {
    pub(super) name: String,
    pub(super) file: PathBuf,
    pub(super) played: Played,
}

/// All of them.
pub(super) struct Outcome {
    pub(super) calls: Vec<Done>,
    real_time: Duration,
}

impl Outcome {
    /// Plays all calls of all scenarios, and tells each when it is over.
    pub(super) fn of(
        plugin: &Plugin,
        scenarios: &[Scenario],
        mut tell: impl FnMut(&Done) -> Result<(), Failure>,
    ) -> Result<Outcome, Failure> {
        let began = Instant::now();
        let mut calls = Vec::new();
        for scenario in scenarios {
            for run in &scenario.runs {
                let played = scenario::play(plugin, scenario, run)
                    .map_err(|error| Failure::new(error.to_string(), "see above, and try again"))?;
                let name = format!("{} ({})", scenario.name(), run.name);
                let done = Done { name, file: scenario.file.clone(), played };
                tell(&done)?;
                calls.push(done);
            }
        }
        Ok(Outcome { calls, real_time: began.elapsed() })
    }

    pub(super) fn failed(&self) -> usize {
        self.calls.iter().filter(|done| !done.played.misses.is_empty()).count()
    }

    pub(super) fn summary(&self) -> String {
        let call_time: Duration = self.calls.iter().map(|done| done.played.call_time).sum();
        let times = call_time.as_secs_f64() / self.real_time.as_secs_f64().max(1e-6);
        let passed = self.calls.len() - self.failed();
        format!(
            "{passed} passed, {} failed: {:.0} s of calls in {:.2} s, {times:.0} times as fast as they are",
            self.failed(),
            call_time.as_secs_f64(),
            self.real_time.as_secs_f64(),
        )
    }

    fn as_json(&self) -> Value {
        let calls = self.calls.iter().map(Done::as_json).collect::<Vec<_>>();
        json!({
            "passed": self.calls.len() - self.failed(),
            "failed": self.failed(),
            "real_ms": milliseconds(self.real_time),
            "calls": calls,
        })
    }

    fn as_junit(&self, plugin: &str) -> Result<String, Failure> {
        let mut suite = TestSuite::new(plugin);
        for done in &self.calls {
            let mut status = TestCaseStatus::success();
            if !done.played.misses.is_empty() {
                status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_message(done.misses().join("; ")).set_description(done.as_text());
            }
            let mut case = TestCase::new(&done.name, status);
            case.set_classname(done.file.display().to_string()).set_time(done.played.real_time);
            suite.add_test_case(case);
        }
        let mut report = quick_junit::Report::new("switchhook test");
        report.add_test_suite(suite);
        report.to_string().map_err(|error| Failure::new(format!("the JUnit report: {error}"), "leave `--junit` out"))
    }
}

impl Done {
    fn misses(&self) -> Vec<String> {
        self.played.misses.iter().map(ToString::to_string).collect()
    }

    pub(super) fn as_text(&self) -> String {
        let (call, real) = (self.played.call_time.as_secs_f64(), milliseconds(self.played.real_time));
        if self.played.misses.is_empty() {
            return format!("  ok      {:<52} {call:>7.1} s in {real:>5.0} ms", self.name);
        }
        let mut lines = vec![format!("  FAILED  {:<52} {call:>7.1} s in {real:>5.0} ms", self.name)];
        lines.push(format!("    {}", self.file.display()));
        lines.extend(self.misses().into_iter().map(|miss| format!("    - {miss}")));
        lines.push("    what happened (0 is the answer):".to_owned());
        lines.extend(self.played.timeline.iter().map(|line| format!("      {line}")));
        lines.join("\n")
    }

    fn as_json(&self) -> Value {
        let misses = self.played.misses.iter().map(|miss| json!({ "line": miss.line, "what": miss.what }));
        json!({
            "name": self.name,
            "file": self.file,
            "passed": self.played.misses.is_empty(),
            "misses": misses.collect::<Vec<_>>(),
            "timeline": self.played.timeline,
            "call_ms": milliseconds(self.played.call_time),
            "real_ms": milliseconds(self.played.real_time),
        })
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
