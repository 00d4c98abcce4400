//! Where versions come from by themselves: the file that the configuration names, or an OCI registry.
//!
//! What a source has is news when it is not what it had when it was taken last, and the registry remembers that. So a
//! restart serves what was made live last, and a file that changed while the host was down is taken then.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use registry::source::{FileSource, OciAuth, OciReference, Seen};
use registry::{Digest, Origin, PluginEntry, Version};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::task::{AbortHandle, JoinSet};

use crate::capabilities::listed;
use crate::error::LoadRefused;
use crate::limits::{FILES_WAITING_MAX, OCI_RETRY_MS};
use crate::loader::{Desk, Hosted, Loader, PushPlace, Pushed};

/// Where a plugin's versions come from by themselves.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Source {
    /// A file, which is watched.
    File(PathBuf),
    /// A component in an OCI registry, which is asked for once, and who asks.
    Oci(OciReference, OciAuth),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Oci(reference, _) => reference.fmt(f),
        }
    }
}

/// What a source had when it was asked.
#[derive(Debug)]
pub struct Checked {
    pub(crate) wasm: Arc<[u8]>,
    pub(crate) origin: Origin,
    pub(crate) by: &'static str,
}

impl Source {
    /// What it has.
    pub(crate) async fn read(&self) -> Result<Checked, LoadRefused> {
        match self {
            Self::File(path) => {
                let shown = path.display().to_string();
                let read = tokio::fs::read(path).await;
                let wasm = read.map_err(|error| LoadRefused::Unreadable { path: shown.clone(), error })?.into();
                Ok(Checked { wasm, origin: Origin::File(shown), by: "file" })
            }
            Self::Oci(reference, auth) => {
                let (asked, pulled) = (reference.to_string(), reference.pull(auth).await?);
                let pinned = pulled.pinned.rsplit_once('@').map_or("", |(_, digest)| digest);
                let origin = Origin::Oci(if asked.contains('@') { asked } else { format!("{asked}@{pinned}") });
                Ok(Checked { wasm: pulled.bytes.into(), origin, by: "oci" })
            }
        }
    }
}

/// What watches the sources. Dropped, it stops.
pub struct Sources {
    // In this order: the watcher's thread waits for nobody who is gone.
    _closing: Closing,
    files: FileSource,
    tasks: JoinSet<()>,
    followed: Vec<Followed>,
}

/// A plugin whose source is watched.
struct Followed {
    desk: Arc<Desk>,
    /// What pulls its component.
    pull: Option<AbortHandle>,
}

/// Tells the watcher's thread that nobody takes what it saw any more.
struct Closing(Arc<AtomicBool>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// How often the watcher's thread looks whether there is room for what it saw.
const ROOM_LOOK: Duration = Duration::from_millis(20);

type File = (PathBuf, Seen);

impl Loader {
    /// Watches the files, and pulls what OCI registries have.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn watch(&self) -> io::Result<Sources> {
        let (tell, seen) = mpsc::channel::<File>(FILES_WAITING_MAX);
        let closing = Closing(Arc::default());
        let closed = closing.0.clone();
        let files = FileSource::start(move |path, seen| hand_over(&tell, (path.to_owned(), seen), &closed))?;
        let mut tasks = JoinSet::new();
        tasks.spawn(self.clone().bring_files(seen));
        let mut sources = Sources { _closing: closing, files, tasks, followed: Vec::new() };
        self.follow(&mut sources);
        Ok(sources)
    }

    /// Has these sources be those of the plugins that are hosted now.
    pub fn follow(&self, sources: &mut Sources) {
        let desks = self.desks();
        let Sources { files, tasks, followed, .. } = sources;
        while tasks.try_join_next().is_some() {}
        let is_kept = |one: &Followed| desks.iter().any(|desk| Arc::ptr_eq(desk, &one.desk));
        let (kept, gone): (Vec<_>, Vec<_>) = std::mem::take(followed).into_iter().partition(is_kept);
        for one in gone {
            match (&one.desk.hosted.source, one.pull) {
                (Source::File(path), _) if !desks.iter().any(|desk| desk.is_of_file(path)) => files.unwatch(path),
                (_, Some(pull)) => pull.abort(),
                _ => {}
            }
        }
        let new: Vec<_> =
            desks.into_iter().filter(|desk| !kept.iter().any(|one| Arc::ptr_eq(desk, &one.desk))).collect();
        *followed = kept;
        for desk in new {
            let pull = match &desk.hosted.source {
                Source::File(path) => {
                    // One that is watched for another plugin is told once more.
                    files.unwatch(path);
                    if !files.watch(path) {
                        let path = path.display();
                        tracing::warn!(%path, "too many files are watched: this one is not, so push new versions");
                    }
                    None
                }
                Source::Oci(reference, _) => {
                    Some(tasks.spawn(self.clone().pull_until_there(desk.clone(), reference.clone())))
                }
            };
            followed.push(Followed { desk, pull });
        }
    }

    /// Brings in what is seen, each file on a task of its own, so that none waits for another's compilation.
    async fn bring_files(self, mut seen: mpsc::Receiver<File>) {
        let mut bringing = JoinSet::new();
        while let Some((path, seen)) = seen.recv().await {
            while bringing.try_join_next().is_some() {}
            let Ok(_permit) = self.0.pushes.clone().acquire_owned().await else { return };
            let desks = self.desks().into_iter().filter(|desk| desk.is_of_file(&path)).collect();
            bringing.spawn(self.clone().bring_file(desks, path, seen, PushPlace { _permit }));
        }
    }

    async fn bring_file(self, desks: Vec<Arc<Desk>>, path: PathBuf, seen: Seen, _place: PushPlace) {
        let shown = path.display().to_string();
        let wasm: Arc<[u8]> = match seen {
            Seen::Whole(bytes) => bytes.into(),
            Seen::Gone => return tracing::warn!(path = shown, "the plugin's file is gone: what is live stays"),
            Seen::Refused(why) => {
                return tracing::warn!(path = shown, why, "the plugin's file is not taken: what is live stays");
            }
        };
        let digest = Digest::of(&wasm);
        for desk in desks {
            let _order = desk.turns.bringing.lock().await;
            let is_new = |newest: Option<&Version>| !newest.is_some_and(|newest| is_of_file(newest, &digest));
            let origin = Origin::File(shown.clone());
            let brought = self.bring_news(&desk, is_new, wasm.clone(), origin, "file").await;
            told(&desk, &shown, brought);
        }
    }

    /// Pulls a component until it is there.
    async fn pull_until_there(self, desk: Arc<Desk>, reference: OciReference) {
        let shown = reference.to_string();
        let mut loud = true;
        loop {
            let pulled = self.pull_once(&desk, &reference).await;
            let Err(LoadRefused::Oci(why)) = pulled else { return told(&desk, &shown, pulled) };
            let (tenant, plugin, retry_ms) = (&desk.hosted.tenant, desk.hosted.slot.name(), OCI_RETRY_MS);
            if std::mem::take(&mut loud) {
                tracing::warn!(tenant, plugin, %why, retry_ms, "the plugin's source does not give it: asking again");
            } else {
                tracing::debug!(tenant, plugin, %why, retry_ms, "the plugin's source does not give it: asking again");
            }
            tokio::time::sleep(Duration::from_millis(OCI_RETRY_MS)).await;
        }
    }

    async fn pull_once(&self, desk: &Arc<Desk>, reference: &OciReference) -> Result<Option<Pushed>, LoadRefused> {
        let asked = reference.to_string();
        let is_new = |newest: Option<&Version>| !newest.is_some_and(|newest| is_of_reference(newest, &asked));
        let Hosted { tenant, slot, .. } = &desk.hosted;
        if !is_new(newest(self.0.stock.entry(tenant, slot.name()).await?.as_ref())) {
            return Ok(None);
        }
        let place = self.0.pushes.clone().acquire_owned().await;
        let _place = place.map_err(|error| LoadRefused::Host(error.to_string()))?;
        let Checked { wasm, origin, by } = desk.hosted.source.read().await?;
        let _order = desk.turns.bringing.lock().await;
        self.bring_news(desk, is_new, wasm, origin, by).await
    }

    /// Brings in and makes live what a source has, if it is not what it had before. The configuration names the source, so
    /// its operator's word is the approval.
    async fn bring_news(
        &self,
        desk: &Arc<Desk>,
        is_new: impl Fn(Option<&Version>) -> bool,
        wasm: Arc<[u8]>,
        origin: Origin,
        by: &str,
    ) -> Result<Option<Pushed>, LoadRefused> {
        let Hosted { tenant, slot, .. } = &desk.hosted;
        if !is_new(newest(self.0.stock.entry(tenant, slot.name()).await?.as_ref())) {
            return Ok(None);
        }
        let pushed = self.bring(desk.clone(), wasm, origin, by, false).await?;
        self.promote_approved(desk.clone(), pushed.receipt.number).await?;
        Ok(Some(pushed))
    }
}

/// Waits until there is room, or nobody is there.
fn hand_over(tell: &mpsc::Sender<File>, mut file: File, closed: &AtomicBool) {
    while !closed.load(Ordering::Acquire) {
        match tell.try_send(file) {
            Err(TrySendError::Full(again)) => file = again,
            Ok(()) | Err(TrySendError::Closed(_)) => return,
        }
        std::thread::sleep(ROOM_LOOK);
    }
}

/// The newest version that came by itself. The registry keeps it.
fn newest(entry: Option<&PluginEntry>) -> Option<&Version> {
    entry?.versions.iter().rev().find(|version| version.provenance.origin != Origin::Upload)
}

fn is_of_file(version: &Version, digest: &Digest) -> bool {
    matches!(version.provenance.origin, Origin::File(_)) && version.digest == *digest
}

fn is_of_reference(version: &Version, asked: &str) -> bool {
    let Origin::Oci(pinned) = &version.provenance.origin else { return false };
    pinned == asked || pinned.split('@').next() == Some(asked)
}

fn told(desk: &Desk, source: &str, brought: Result<Option<Pushed>, LoadRefused>) {
    let (tenant, plugin) = (&desk.hosted.tenant, desk.hosted.slot.name());
    match brought {
        Ok(Some(pushed)) if !pushed.also_wants.is_empty() => {
            let wants = listed(&pushed.also_wants);
            tracing::warn!(
                tenant,
                plugin,
                source,
                wants,
                "the new version of the source wants more than the one before"
            );
        }
        Ok(_) => {}
        Err(why) => tracing::warn!(tenant, plugin, source, %why, "the source's version is refused: what is live stays"),
    }
}

#[cfg(test)]
mod tests {
    use registry::Provenance;

    use super::*;

    fn version(origin: Origin, content: &[u8]) -> Version {
        let provenance = Provenance { origin, by: "test".to_owned(), at_unix_s: 0 };
        Version { number: 1, digest: Digest::of(content), size_bytes: 1, provenance }
    }

    #[test]
    fn a_file_is_known_by_its_contents_whatever_its_name() {
        let digest = Digest::of(b"a");
        assert!(is_of_file(&version(Origin::File("x".to_owned()), b"a"), &digest));
        assert!(!is_of_file(&version(Origin::File("x".to_owned()), b"b"), &digest));
        assert!(!is_of_file(&version(Origin::Upload, b"a"), &digest));
    }

    #[test]
    fn a_reference_is_known_by_what_was_asked_for() {
        let of = |pinned: &str| version(Origin::Oci(pinned.to_owned()), b"a");
        assert!(is_of_reference(&of("oci://h:1/e:1@sha256:aa"), "oci://h:1/e:1"), "a tag that moves is no news");
        assert!(is_of_reference(&of("oci://h:1/e@sha256:aa"), "oci://h:1/e@sha256:aa"));
        assert!(!is_of_reference(&of("oci://h:1/e:1@sha256:aa"), "oci://h:1/e:2"));
        assert!(!is_of_reference(&of("oci://h:1/e@sha256:aa"), "oci://h:1/e@sha256:bb"));
        assert!(!is_of_reference(&version(Origin::File("oci://h:1/e:1".to_owned()), b"a"), "oci://h:1/e:1"));
    }

    #[test]
    fn the_newest_that_came_by_itself_is_not_what_was_uploaded_since() {
        let mut versions = vec![version(Origin::File("x".to_owned()), b"a"), version(Origin::Upload, b"b")];
        versions[1].number = 2;
        let entry = PluginEntry {
            tenant: "t".into(),
            plugin: "p".into(),
            live: Default::default(),
            versions,
            milestones: Default::default(),
        };
        assert_eq!(newest(Some(&entry)).map(|version| version.number), Some(1));
        assert!(newest(None).is_none());
    }
}
