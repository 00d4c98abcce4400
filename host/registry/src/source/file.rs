//! Files that are watched: one thread for all of them, which tells what they contain once they have come to rest.
//!
//! The system's notifications only say when to look; what counts is how the file looks. So it does not matter whether a file
//! is written in place, replaced by another, reached through a link that is turned, removed, or not there yet. What the
//! system does not notify (the target of a link, a network's file system) is found by looking once in a while.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use parking_lot::Mutex;
use wasmparser::Parser;

use super::settle::{Look, Settle, Step};
use crate::digest::Digest;
use crate::limits::{COMPONENT_BYTES_MAX, FILE_LOOK_MS, FILE_QUIET_MS, FILE_SWARM_MS, FILES_MAX};

/// What a watched file came to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Seen {
    /// It is complete, and not what it was before.
    Whole(Vec<u8>),
    /// There is no file of that name. Also said at the start.
    Gone,
    /// It is not what it should be, or only the beginning of that: what was there before stays. In words for the operator.
    Refused(String),
}

/// Watches files. Dropped, it stops.
pub struct FileSource {
    files: Arc<Mutex<BTreeMap<PathBuf, Watched>>>,
    wake: SyncSender<Wake>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Watched {
    settle: Settle,
    /// What was told last, so that a file that is only touched is not told again.
    told: Option<Told>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Told {
    Whole(Digest),
    Gone,
    Refused(String),
}

enum Wake {
    Look,
    Stop,
}

/// Who is told: which file, and what it came to. It is called on the watcher's thread, one file after another.
type Sink = Box<dyn FnMut(&Path, Seen) + Send>;

/// Why contents are not taken, if they are not.
type Judge = fn(&[u8]) -> Option<String>;

impl FileSource {
    /// Starts the thread, for components.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn start(sink: impl FnMut(&Path, Seen) + Send + 'static) -> io::Result<Self> {
        Self::of("file-source", unfinished, Box::new(sink))
    }

    /// The same for files of whatever kind: whether what they contain is good is for the sink to say.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn plain(sink: impl FnMut(&Path, Seen) + Send + 'static) -> io::Result<Self> {
        Self::of("file-watch", |_| None, Box::new(sink))
    }

    fn of(thread: &str, judge: Judge, sink: Sink) -> io::Result<Self> {
        // One waiting message says all that there is to say.
        let (wake, woken) = sync_channel(1);
        let files = Arc::new(Mutex::new(BTreeMap::new()));
        let notified = wake.clone();
        let watcher = notify::recommended_watcher(move |_| drop(notified.try_send(Wake::Look)));
        let watcher = watcher.inspect_err(|error| {
            let look_ms = FILE_LOOK_MS;
            tracing::warn!(%error, look_ms, "the system does not tell when files change: they are looked at instead");
        });
        let run = Run { files: files.clone(), watcher: watcher.ok(), folders: BTreeSet::new(), judge, sink };
        let builder = std::thread::Builder::new().name(thread.to_owned());
        let thread = Some(builder.spawn(move || run.run(&woken))?);
        Ok(Self { files, wake, thread })
    }

    /// Watches a file as well. It is told about soon, whether it is there or not. False: there are as many as may be.
    pub fn watch(&self, path: &Path) -> bool {
        let mut files = self.files.lock();
        if files.len() >= FILES_MAX && !files.contains_key(path) {
            return false;
        }
        files.entry(path.to_owned()).or_default();
        drop(files);
        let _ = self.wake.try_send(Wake::Look);
        true
    }

    /// Watches it no longer.
    pub fn unwatch(&self, path: &Path) {
        self.files.lock().remove(path);
        let _ = self.wake.try_send(Wake::Look);
    }
}

impl Drop for FileSource {
    fn drop(&mut self) {
        let _ = self.wake.send(Wake::Stop);
        if let Some(thread) = self.thread.take() {
            // A sink that panicked has said so already.
            let _ = thread.join();
        }
    }
}

/// The thread.
struct Run {
    files: Arc<Mutex<BTreeMap<PathBuf, Watched>>>,
    watcher: Option<RecommendedWatcher>,
    /// The folders that are watched: of the files as they are named, since a rename happens there.
    folders: BTreeSet<PathBuf>,
    judge: Judge,
    sink: Sink,
}

impl Run {
    fn run(mut self, woken: &Receiver<Wake>) {
        loop {
            let now = Instant::now();
            let next = self.look(now);
            match woken.recv_timeout(next.saturating_duration_since(now)) {
                Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                // Changes come in swarms, and a folder may have other files that are written all the time.
                Ok(Wake::Look) => std::thread::sleep(Duration::from_millis(FILE_SWARM_MS)),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// Looks at every file; when to look again at the latest.
    fn look(&mut self, now: Instant) -> Instant {
        let mut next = now + Duration::from_millis(FILE_LOOK_MS);
        let paths: Vec<PathBuf> = self.files.lock().keys().cloned().collect();
        self.follow_folders(&paths);
        for path in paths {
            let look = look_at(&path);
            let mut files = self.files.lock();
            // It may not be watched any more.
            let Some(watched) = files.get_mut(&path) else { continue };
            let step = watched.settle.looked(now, look, Duration::from_millis(FILE_QUIET_MS));
            drop(files);
            match step {
                Step::Rest => {}
                Step::LookAt(at) => next = next.min(at),
                Step::Take(look) => {
                    if !self.take(&path, look) {
                        next = now;
                    }
                }
            }
        }
        next
    }

    /// Reads a file and tells. False: it changed meanwhile, so that nothing is known.
    fn take(&mut self, path: &Path, look: Option<Look>) -> bool {
        let seen = match look {
            None => Seen::Gone,
            Some(look) => read(path, &look, self.judge),
        };
        let told = match &seen {
            Seen::Whole(bytes) => Told::Whole(Digest::of(bytes)),
            Seen::Gone => Told::Gone,
            Seen::Refused(why) => Told::Refused(why.clone()),
        };
        let mut files = self.files.lock();
        let Some(watched) = files.get_mut(path) else { return true };
        if look_at(path) != look {
            watched.settle.put_back();
            return false;
        }
        let is_news = watched.told.replace(told.clone()) != Some(told);
        drop(files);
        if is_news {
            (self.sink)(path, seen);
        }
        true
    }

    /// Asks to be told of changes where the files are. A folder that is not there yet is asked for again later.
    fn follow_folders(&mut self, paths: &[PathBuf]) {
        let Some(watcher) = &mut self.watcher else { return };
        let parent = |path: &PathBuf| match path.parent() {
            Some(folder) if folder != Path::new("") => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        let wanted: BTreeSet<PathBuf> = paths.iter().map(parent).collect();
        for folder in self.folders.difference(&wanted) {
            let _ = watcher.unwatch(folder);
        }
        self.folders.retain(|folder| wanted.contains(folder) && folder.exists());
        for folder in wanted {
            if !self.folders.contains(&folder) && watcher.watch(&folder, RecursiveMode::NonRecursive).is_ok() {
                self.folders.insert(folder);
            }
        }
    }
}

/// A link is followed: what it leads to is what counts. What cannot be reached is not there.
fn look_at(path: &Path) -> Option<Look> {
    let about = std::fs::metadata(path).ok()?;
    Some(Look {
        device: about.dev(),
        inode: about.ino(),
        bytes: about.len(),
        modified: (about.mtime(), about.mtime_nsec()),
        changed: (about.ctime(), about.ctime_nsec()),
    })
}

fn read(path: &Path, look: &Look, judge: Judge) -> Seen {
    if look.bytes > COMPONENT_BYTES_MAX {
        return Seen::Refused(format!("it has {} bytes, {COMPONENT_BYTES_MAX} are allowed", look.bytes));
    }
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| {
        // What is no file may have no end.
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is not a file"));
        }
        file.take(COMPONENT_BYTES_MAX + 1).read_to_end(&mut bytes)
    });
    if let Err(error) = read {
        return Seen::Refused(format!("it cannot be read: {error}"));
    }
    match judge(&bytes) {
        None => Seen::Whole(bytes),
        Some(why) => Seen::Refused(why),
    }
}

/// Whether these bytes are not a whole component, by their outer form: whoever writes slowly has not come to the end.
fn unfinished(bytes: &[u8]) -> Option<String> {
    if !Parser::is_component(bytes) {
        return Some("it is not a component".to_owned());
    }
    let broken = Parser::new(0).parse_all(bytes).find_map(Result::err)?;
    Some(format!("it is not a complete component: {broken}"))
}
