//! The registry as others use it.
//!
//! Changes are made one after another, behind one lock that also guards which files may be removed; reading and holding a
//! version never wait for it.

use std::any::Any;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};

use crate::book::{Book, Changing, Fault, PluginRow};
use crate::components::Components;
use crate::digest::Digest;
use crate::disk::{Disk, LocalDisk};
use crate::error::RegistryError;
use crate::limits::{
    COMPONENT_BYTES_MAX, NAME_BYTES_MAX, PLUGINS_MAX, PROVENANCE_BYTES_MAX, TOTAL_BYTES_MAX, VERSIONS_KEPT_MAX,
    VERSIONS_MAX,
};
use crate::state::{Holds, Key, Shelf};
use crate::version::{Live, Milestones, Origin, PluginEntry, Provenance, Version};

/// What the registry may take. Each field's default stands in [`crate::limits`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RegistryLimits {
    /// One component, in bytes.
    pub component_bytes_max: u64,
    /// All components, in bytes.
    pub total_bytes_max: u64,
    /// Plugins of all tenants.
    pub plugins_max: u64,
    /// Versions of one plugin that are kept. At least 4 are: the live one, the previous, the newest, and the newest that did
    /// not come by an upload.
    pub versions_kept_max: u64,
    /// Versions of one plugin, those that calls hold included.
    pub versions_max: u64,
}

impl Default for RegistryLimits {
    fn default() -> Self {
        Self {
            component_bytes_max: COMPONENT_BYTES_MAX,
            total_bytes_max: TOTAL_BYTES_MAX,
            plugins_max: PLUGINS_MAX,
            versions_kept_max: VERSIONS_KEPT_MAX,
            versions_max: VERSIONS_MAX,
        }
    }
}

/// All plugins of a host. Cheap to clone; the last clone lets other processes in.
#[derive(Clone)]
pub struct Registry(Arc<Inner>);

struct Inner {
    book: Book,
    components: Components,
    limits: RegistryLimits,
    shelf: Mutex<Shelf>,
    holds: Mutex<Holds>,
    // Dropped last: until here no other process may enter.
    _lock: Box<dyn Any + Send + Sync>,
}

/// A component that is in the registry. As long as this lives its bytes stay, whether a version names them or not.
pub struct Component {
    inner: Arc<Inner>,
    digest: Digest,
    size_bytes: u64,
}

/// A version that is in use. As long as this lives it is not dropped.
pub struct Hold {
    inner: Arc<Inner>,
    key: Key,
    version: Version,
}

impl Registry {
    /// Opens the registry of a data directory, or makes one. What a process that was ended left unfinished is removed.
    ///
    /// # Errors
    /// [`RegistryError::InUse`], [`RegistryError::Corrupted`], [`RegistryError::OtherFormat`], or the disk's.
    pub fn open(data_dir: &Path, limits: RegistryLimits) -> Result<Self, RegistryError> {
        Self::open_on(Arc::new(LocalDisk), data_dir, limits)
    }

    /// The same on a disk of the caller's.
    ///
    /// # Errors
    /// As for [`Self::open`].
    pub fn open_on(disk: Arc<dyn Disk>, data_dir: &Path, limits: RegistryLimits) -> Result<Self, RegistryError> {
        let folder = data_dir.join("registry");
        let failed = |error| RegistryError::disk("make the registry's folder", &folder, &error);
        disk.create_folder(&folder).map_err(failed)?;
        disk.sync_folder(data_dir).map_err(failed)?;
        let lock = disk.lock(&folder.join("lock")).map_err(failed)?;
        let lock = lock.ok_or_else(|| RegistryError::InUse { path: folder.clone() })?;
        let components = Components::open(disk.clone(), &folder)?;
        let book = Book::open(disk, &folder)?;
        let mut shelf = Shelf::default();
        shelf.reload(&book.read("read the registry", |tables| tables.components())?);
        components.sweep(|digest| shelf.is_named(digest))?;
        let (shelf, holds) = (Mutex::new(shelf), Mutex::default());
        Ok(Self(Arc::new(Inner { book, components, limits, shelf, holds, _lock: lock })))
    }

    /// Stores a component. Answered: its bytes are on the disk. The same bytes are stored once, and damaged ones are
    /// replaced.
    ///
    /// # Errors
    /// It is empty or too large, there is no room, or the disk's.
    pub fn put(&self, bytes: &[u8]) -> Result<Component, RegistryError> {
        let size_bytes = bytes.len() as u64;
        let RegistryLimits { component_bytes_max: bytes_max, total_bytes_max, .. } = self.0.limits;
        if bytes.is_empty() {
            return Err(RegistryError::Empty);
        }
        if size_bytes > bytes_max {
            return Err(RegistryError::TooLarge { bytes: size_bytes, bytes_max });
        }
        let digest = Digest::of(bytes);
        self.0.shelf()?.pin(digest, size_bytes, total_bytes_max)?;
        let component = Component { inner: self.0.clone(), digest, size_bytes };
        match self.0.components.read(&digest, size_bytes) {
            // Another thread may have given it its name a moment ago, and that name may not be on the disk yet.
            Ok(_) => self.0.components.sync()?,
            Err(RegistryError::NoSuchComponent { .. } | RegistryError::Damaged { .. }) => {
                self.0.components.write(&digest, bytes)?
            }
            Err(error) => return Err(error),
        }
        Ok(component)
    }

    /// Adds the next version of a plugin. It is not live before it is promoted. Old versions beyond the limit are dropped:
    /// the oldest first, never the live one, the previous one, the newest that came from a source, or one that is held.
    ///
    /// # Errors
    /// A name or the provenance is too long, a limit is reached, or the disk's. Then nothing was added, unless the disk
    /// failed: a version that was not acknowledged may be there.
    pub fn add(
        &self,
        tenant: &str,
        plugin: &str,
        component: &Component,
        provenance: Provenance,
    ) -> Result<Version, RegistryError> {
        check_length("the tenant's name", tenant, NAME_BYTES_MAX)?;
        check_length("the plugin's name", plugin, NAME_BYTES_MAX)?;
        check_length("who brings the version", &provenance.by, PROVENANCE_BYTES_MAX)?;
        if !provenance.origin.place().is_empty() {
            check_length("the version's origin", provenance.origin.place(), PROVENANCE_BYTES_MAX)?;
        }
        let Component { digest, size_bytes, .. } = *component;
        if !Arc::ptr_eq(&self.0, &component.inner) {
            return Err(RegistryError::NoSuchComponent { digest });
        }
        self.0.change(
            "add a version",
            |tables| {
                let row = tables.plugin(tenant, plugin)?;
                let plugins_max = self.0.limits.plugins_max;
                if row.is_none() && tables.plugins_len()? >= plugins_max {
                    return Err(RegistryError::TooManyPlugins { plugins_max }.into());
                }
                let mut row = row.unwrap_or_default();
                row.last += 1;
                let dropped = self.0.make_room(tables, tenant, plugin, row)?;
                let version = Version { number: row.last, digest, size_bytes, provenance };
                tables.add_version(tenant, plugin, &version)?;
                tables.set_plugin(tenant, plugin, row)?;
                Ok((version, dropped))
            },
            Some(digest),
        )
    }

    /// Makes a version live for calls that begin from here on. What was live becomes the previous one.
    ///
    /// # Errors
    /// There is no such plugin or version, or the disk's.
    pub fn promote(&self, tenant: &str, plugin: &str, number: u64) -> Result<Live, RegistryError> {
        self.set_live(tenant, plugin, |tables, Live { live, previous }| {
            if !tables.has_version(tenant, plugin, number)? {
                return Err(RegistryError::NoSuchVersion { number }.into());
            }
            let previous = if live == Some(number) { previous } else { live };
            Ok(Live { live: Some(number), previous })
        })
    }

    /// Makes the previous version live, and the live one the previous.
    ///
    /// # Errors
    /// There is no such plugin, nothing was live before, or the disk's.
    pub fn rollback(&self, tenant: &str, plugin: &str) -> Result<Live, RegistryError> {
        self.set_live(tenant, plugin, |_, Live { live, previous }| match previous {
            Some(previous) => Ok(Live { live: Some(previous), previous: live }),
            None => Err(RegistryError::NothingBefore.into()),
        })
    }

    /// Takes a version off new calls for good: what was live before it is live, and nothing is before that. Nothing changes
    /// when the version is not live, or when none was before it.
    ///
    /// # Errors
    /// There is no such plugin, or the disk's.
    pub fn withdraw(&self, tenant: &str, plugin: &str, number: u64) -> Result<Live, RegistryError> {
        self.set_live(tenant, plugin, |_, live| {
            let is_bad = live.live == Some(number) && live.previous.is_some();
            Ok(if is_bad { Live { live: live.previous, previous: None } } else { live })
        })
    }

    /// Adds to what is known of a version; of one that is not there nothing is.
    ///
    /// # Errors
    /// The disk's.
    pub fn note(&self, tenant: &str, plugin: &str, number: u64, new: Milestones) -> Result<(), RegistryError> {
        self.0.change(
            "note what became of a version",
            |tables| {
                if tables.has_version(tenant, plugin, number)? {
                    tables.note(tenant, plugin, number, new)?;
                }
                Ok(((), Vec::new()))
            },
            None,
        )
    }

    /// Forgets a plugin with all its versions; one that is added under its name starts with version 1.
    ///
    /// # Errors
    /// There is no such plugin, a version is held, or the disk's.
    pub fn remove(&self, tenant: &str, plugin: &str) -> Result<(), RegistryError> {
        self.0.change(
            "remove a plugin",
            |tables| {
                if tables.plugin(tenant, plugin)?.is_none() {
                    return Err(no_such_plugin(tenant, plugin).into());
                }
                let versions = tables.versions(tenant, plugin)?;
                for Version { number, .. } in &versions {
                    if !self.0.holds.lock().doom(key(tenant, plugin, *number)) {
                        return Err(RegistryError::Held { number: *number }.into());
                    }
                    tables.remove_version(tenant, plugin, *number)?;
                }
                tables.remove_plugin(tenant, plugin)?;
                Ok(((), versions))
            },
            None,
        )
    }

    /// Every plugin with its versions, by tenant and name, as they are at one moment.
    ///
    /// # Errors
    /// The disk's.
    pub fn plugins(&self) -> Result<Vec<PluginEntry>, RegistryError> {
        self.0.book.read("list the plugins", |tables| {
            let rows = tables.plugins()?.into_iter().map(|(tenant, plugin, row)| {
                let versions = tables.versions(&tenant, &plugin)?;
                let milestones = tables.milestones(&tenant, &plugin)?;
                Ok(PluginEntry { tenant, plugin, live: row.live, versions, milestones })
            });
            rows.collect()
        })
    }

    /// One plugin with its versions. None: it was never pushed.
    ///
    /// # Errors
    /// The disk's.
    pub fn plugin(&self, tenant: &str, plugin: &str) -> Result<Option<PluginEntry>, RegistryError> {
        self.0.book.read("look a plugin up", |tables| {
            let Some(row) = tables.plugin(tenant, plugin)? else { return Ok(None) };
            let versions = tables.versions(tenant, plugin)?;
            let milestones = tables.milestones(tenant, plugin)?;
            let (tenant, plugin) = (tenant.to_owned(), plugin.to_owned());
            Ok(Some(PluginEntry { tenant, plugin, live: row.live, versions, milestones }))
        })
    }

    /// Keeps a version for as long as a call uses it.
    ///
    /// # Errors
    /// There is no such version, or the disk's.
    pub fn hold(&self, tenant: &str, plugin: &str, number: u64) -> Result<Hold, RegistryError> {
        let key = key(tenant, plugin, number);
        if !self.0.holds.lock().hold(&key) {
            return Err(RegistryError::NoSuchVersion { number });
        }
        match self.0.book.read("look a version up", |tables| tables.version(tenant, plugin, number)) {
            Ok(Some(version)) => Ok(Hold { inner: self.0.clone(), key, version }),
            other => {
                self.0.holds.lock().release(&key);
                Err(other.err().unwrap_or(RegistryError::NoSuchVersion { number }))
            }
        }
    }

    /// The bytes of a component, checked against its digest.
    ///
    /// # Errors
    /// It is not there, it is damaged, or the disk's.
    pub fn bytes(&self, digest: &Digest) -> Result<Vec<u8>, RegistryError> {
        self.0.components.read(digest, self.0.limits.component_bytes_max)
    }

    fn set_live(
        &self,
        tenant: &str,
        plugin: &str,
        next: impl FnOnce(&Changing<'_>, Live) -> Result<Live, Fault>,
    ) -> Result<Live, RegistryError> {
        self.0.change(
            "make a version live",
            |tables| {
                let row = tables.plugin(tenant, plugin)?;
                let row = row.ok_or_else(|| no_such_plugin(tenant, plugin))?;
                let live = next(tables, row.live)?;
                if live != row.live {
                    tables.set_plugin(tenant, plugin, PluginRow { live, ..row })?;
                }
                Ok((live, Vec::new()))
            },
            None,
        )
    }
}

impl Inner {
    /// What is in use, as the database knows it.
    fn shelf(&self) -> Result<MutexGuard<'_, Shelf>, RegistryError> {
        let mut shelf = self.shelf.lock();
        if shelf.is_stale {
            shelf.reload(&self.book.read("read the registry", |tables| tables.components())?);
        }
        Ok(shelf)
    }

    /// Makes a change that drops versions, and perhaps adds one; then removes what nobody needs.
    fn change<T>(
        &self,
        what: &'static str,
        change: impl FnOnce(&mut Changing<'_>) -> Result<(T, Vec<Version>), Fault>,
        added: Option<Digest>,
    ) -> Result<T, RegistryError> {
        let mut shelf = self.shelf()?;
        let changed = self.book.change(what, change);
        self.holds.lock().absolve();
        let (answer, dropped) = changed.inspect_err(|error| shelf.is_stale |= error.leaves_doubt())?;
        if let Some(digest) = &added {
            shelf.named(digest);
        }
        for Version { digest, .. } in &dropped {
            if shelf.unnamed(digest) {
                self.components.remove(digest);
            }
        }
        Ok(answer)
    }

    /// Drops versions until there is room for one more.
    fn make_room(
        &self,
        tables: &mut Changing<'_>,
        tenant: &str,
        plugin: &str,
        row: PluginRow,
    ) -> Result<Vec<Version>, Fault> {
        let versions = tables.versions(tenant, plugin)?;
        let mut left = versions.len() as u64 + 1;
        let Live { live, previous } = row.live;
        // By this one it is known whether what a source has is news.
        let sourced = versions.iter().rev().find(|version| version.provenance.origin != Origin::Upload);
        let sourced = sourced.map(|version| version.number);
        let mut dropped = Vec::new();
        for version in versions {
            if left <= self.limits.versions_kept_max.max(4) {
                break;
            }
            let number = Some(version.number);
            let is_needed = [live, previous, sourced].contains(&number);
            if !is_needed && self.holds.lock().doom(key(tenant, plugin, version.number)) {
                tables.remove_version(tenant, plugin, version.number)?;
                dropped.push(version);
                left -= 1;
            }
        }
        let versions_max = self.limits.versions_max;
        if left > versions_max {
            return Err(RegistryError::TooManyVersions { versions_max }.into());
        }
        Ok(dropped)
    }
}

impl Component {
    /// The SHA-256 of its bytes.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Its size.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }
}

impl Drop for Component {
    fn drop(&mut self) {
        // The file is removed under the lock: nobody can find it and count on it meanwhile.
        let mut shelf = self.inner.shelf.lock();
        if shelf.unpin(&self.digest) && !shelf.is_stale {
            self.inner.components.remove(&self.digest);
        }
    }
}

impl Hold {
    /// What is held.
    pub fn version(&self) -> &Version {
        &self.version
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.inner.holds.lock().release(&self.key);
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("book", &self.0.book).finish_non_exhaustive()
    }
}

impl fmt::Debug for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Component").field(&self.digest).finish()
    }
}

impl fmt::Debug for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hold").field(&self.key).finish()
    }
}

fn key(tenant: &str, plugin: &str, number: u64) -> Key {
    (tenant.to_owned(), plugin.to_owned(), number)
}

fn no_such_plugin(tenant: &str, plugin: &str) -> RegistryError {
    RegistryError::NoSuchPlugin { tenant: tenant.to_owned(), plugin: plugin.to_owned() }
}

fn check_length(what: &'static str, text: &str, bytes_max: usize) -> Result<(), RegistryError> {
    let bytes = text.len();
    if (1..=bytes_max).contains(&bytes) { Ok(()) } else { Err(RegistryError::Length { what, bytes, bytes_max }) }
}
