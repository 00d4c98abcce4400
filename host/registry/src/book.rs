//! The registry's database: which plugin has which versions, and which of them is live.
//!
//! A new database is filled under another name and renamed when it is whole, so that one with the right name is always a
//! database. After an error of the disk it is closed and opened again by the next one who asks: what the disk has is then
//! the truth, whatever was believed before.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::{RwLock, RwLockReadGuard};
use redb::{Builder, Database, ReadOnlyTable, ReadableDatabase, ReadableTable, StorageBackend, Table, TableDefinition};

use crate::digest::Digest;
use crate::disk::Disk;
use crate::error::RegistryError;
use crate::limits::DATABASE_CACHE_BYTES;
use crate::version::{Live, Milestones, Origin, Provenance, Version};

/// What this host reads and writes.
pub(crate) const FORMAT: u64 = 1;
const FILE: &str = "registry.redb";
const UNFINISHED: &str = "registry.redb.new";

const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
/// Tenant and plugin; the last version's number, what is live, what was before. No version has the number 0.
const PLUGINS: TableDefinition<'_, (&str, &str), (u64, u64, u64)> = TableDefinition::new("plugins");
const VERSIONS: TableDefinition<'_, VersionKey, VersionRow> = TableDefinition::new("versions");

/// Milliseconds: of compiling, of being made live, of the first call. 0: not known. Databases of before have no such table.
const MILESTONES: TableDefinition<'_, VersionKey, (u64, u64, u64)> = TableDefinition::new("milestones");

type VersionKey = (&'static str, &'static str, u64);
/// Digest, size, time, kind of origin, its place, by whom.
type VersionRow = (&'static [u8; 32], u64, u64, u8, &'static str, &'static str);

/// The open database.
#[derive(Debug)]
pub(crate) struct Book {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    path: PathBuf,
    /// None after an error of the disk.
    database: RwLock<Option<Database>>,
}

/// The tables within a change.
pub(crate) struct Changing<'t> {
    plugins: Table<'t, (&'static str, &'static str), (u64, u64, u64)>,
    versions: Table<'t, VersionKey, VersionRow>,
    milestones: Table<'t, VersionKey, (u64, u64, u64)>,
}

/// The tables as they were at one moment.
pub(crate) struct Reading {
    plugins: ReadOnlyTable<(&'static str, &'static str), (u64, u64, u64)>,
    versions: ReadOnlyTable<VersionKey, VersionRow>,
    milestones: ReadOnlyTable<VersionKey, (u64, u64, u64)>,
}

/// A plugin's row.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct PluginRow {
    /// The number of the last version that was added.
    pub(crate) last: u64,
    pub(crate) live: Live,
}

/// Why a transaction did not succeed.
pub(crate) enum Fault {
    Refused(RegistryError),
    Database(redb::Error),
}

impl From<RegistryError> for Fault {
    fn from(error: RegistryError) -> Self {
        Self::Refused(error)
    }
}

macro_rules! database_faults {
    ($($error:ident),*) => {$(
        impl From<redb::$error> for Fault {
            fn from(error: redb::$error) -> Self {
                Self::Database(error.into())
            }
        }
    )*};
}

database_faults!(CommitError, DatabaseError, StorageError, TableError, TransactionError);

impl Book {
    /// Opens the database of a folder, or makes it. The folder is this process's alone.
    pub(crate) fn open(disk: Arc<dyn Disk>, folder: &Path) -> Result<Self, RegistryError> {
        let book = Self { disk, folder: folder.to_owned(), path: folder.join(FILE), database: RwLock::default() };
        drop(book.database("open the registry")?);
        Ok(book)
    }

    /// Reads at one moment. Changes that are made meanwhile are not seen.
    pub(crate) fn read<T>(
        &self,
        what: &'static str,
        read: impl FnOnce(&Reading) -> Result<T, Fault>,
    ) -> Result<T, RegistryError> {
        let database = self.database(what)?;
        let done = unpanicked(|| {
            let transaction = opened(&database).begin_read()?;
            read(&Reading {
                plugins: transaction.open_table(PLUGINS)?,
                versions: transaction.open_table(VERSIONS)?,
                milestones: transaction.open_table(MILESTONES)?,
            })
        });
        drop(database);
        done.map_err(|fault| self.failed(what, fault))
    }

    /// Changes all of something, or nothing. Once it is answered it stays.
    pub(crate) fn change<T>(
        &self,
        what: &'static str,
        change: impl FnOnce(&mut Changing<'_>) -> Result<T, Fault>,
    ) -> Result<T, RegistryError> {
        let database = self.database(what)?;
        let done = unpanicked(|| {
            let transaction = opened(&database).begin_write()?;
            let mut tables = Changing {
                plugins: transaction.open_table(PLUGINS)?,
                versions: transaction.open_table(VERSIONS)?,
                milestones: transaction.open_table(MILESTONES)?,
            };
            let changed = change(&mut tables)?;
            drop(tables);
            transaction.commit()?;
            Ok(changed)
        });
        drop(database);
        done.map_err(|fault| self.failed(what, fault))
    }

    fn database(&self, what: &'static str) -> Result<RwLockReadGuard<'_, Option<Database>>, RegistryError> {
        loop {
            let database = self.database.read();
            if database.is_some() {
                return Ok(database);
            }
            drop(database);
            let mut database = self.database.write();
            if database.is_none() {
                *database = Some(unpanicked(|| self.reopen()).map_err(|fault| self.told(what, fault))?);
            }
        }
    }

    fn reopen(&self) -> Result<Database, Fault> {
        let io = |error| Fault::Database(redb::Error::Io(error));
        let names = self.disk.list(&self.folder).map_err(io)?;
        let is_there = |name: &str| names.iter().any(|(found, _)| found == name);
        if !is_there(FILE) {
            let unfinished = self.folder.join(UNFINISHED);
            if is_there(UNFINISHED) {
                self.disk.remove(&unfinished).map_err(io)?;
            }
            let database = builder().create_with_backend(Backend(self.disk.database(&unfinished).map_err(io)?))?;
            let transaction = database.begin_write()?;
            transaction.open_table(META)?.insert("format", FORMAT)?;
            transaction.open_table(PLUGINS)?;
            transaction.open_table(VERSIONS)?;
            transaction.open_table(MILESTONES)?;
            transaction.commit()?;
            drop(database);
            self.disk.rename(&unfinished, &self.path).map_err(io)?;
            self.disk.sync_folder(&self.folder).map_err(io)?;
        }
        let mut database = builder().create_with_backend(Backend(self.disk.database(&self.path).map_err(io)?))?;
        // It is small, and what has rotted is better found at the start than in the middle.
        database.check_integrity()?;
        let corrupted = |why: String| Fault::Database(redb::Error::Corrupted(why));
        let transaction = database.begin_read()?;
        let meta = transaction.open_table(META).map_err(|error| corrupted(error.to_string()))?;
        let format = meta.get("format")?.map(|found| found.value());
        match format {
            Some(FORMAT) => {
                with_milestones(&database)?;
                Ok(database)
            }
            Some(found) => {
                let path = self.path.clone();
                Err(RegistryError::OtherFormat { path, found, known: FORMAT }.into())
            }
            None => Err(corrupted("it does not say which format it has".to_owned())),
        }
    }

    fn failed(&self, what: &'static str, fault: Fault) -> RegistryError {
        if matches!(fault, Fault::Database(_)) {
            self.database.write().take();
        }
        self.told(what, fault)
    }

    fn told(&self, what: &'static str, fault: Fault) -> RegistryError {
        let path = self.path.clone();
        match fault {
            Fault::Refused(error) => error,
            Fault::Database(redb::Error::DatabaseAlreadyOpen) => RegistryError::InUse { path },
            Fault::Database(redb::Error::UpgradeRequired(found)) => {
                RegistryError::OtherFormat { path, found: found.into(), known: FORMAT }
            }
            Fault::Database(redb::Error::Io(error)) if is_of_contents(&error) => {
                RegistryError::Corrupted { path, why: error.to_string() }
            }
            Fault::Database(redb::Error::Io(error)) => RegistryError::disk(what, &path, &error),
            Fault::Database(redb::Error::PreviousIo) => {
                let message = "it has failed before".to_owned();
                RegistryError::Disk { what, path, message }
            }
            Fault::Database(error) => RegistryError::Corrupted { path, why: error.to_string() },
        }
    }
}

/// Adds what a database of before does not have.
fn with_milestones(database: &Database) -> Result<(), Fault> {
    match database.begin_read()?.open_table(MILESTONES) {
        Ok(_) => return Ok(()),
        Err(redb::TableError::TableDoesNotExist(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let transaction = database.begin_write()?;
    transaction.open_table(MILESTONES)?;
    Ok(transaction.commit()?)
}

/// The database asserts what it reads: a file that rotted, or that a stranger wrote to, must not take the host along.
fn unpanicked<T>(ask: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    // What is left of it is dropped: after this fault the database is opened anew.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(ask)).unwrap_or_else(|_| {
        let why = "a page of it makes no sense".to_owned();
        Err(Fault::Database(redb::Error::Corrupted(why)))
    })
}

/// An error that tells of what was read, not of reading.
fn is_of_contents(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof)
}

fn opened<'a>(database: &'a RwLockReadGuard<'_, Option<Database>>) -> &'a Database {
    database.as_ref().expect("the guard is handed out only while the database is open")
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(DATABASE_CACHE_BYTES);
    builder
}

impl Reading {
    pub(crate) fn plugin(&self, tenant: &str, plugin: &str) -> Result<Option<PluginRow>, Fault> {
        plugin_row(&self.plugins, tenant, plugin)
    }

    pub(crate) fn version(&self, tenant: &str, plugin: &str, number: u64) -> Result<Option<Version>, Fault> {
        Ok(self.versions.get((tenant, plugin, number))?.map(|row| version_of(number, row.value())))
    }

    pub(crate) fn versions(&self, tenant: &str, plugin: &str) -> Result<Vec<Version>, Fault> {
        versions_of(&self.versions, tenant, plugin)
    }

    /// What became of a plugin's versions.
    pub(crate) fn milestones(&self, tenant: &str, plugin: &str) -> Result<BTreeMap<u64, Milestones>, Fault> {
        let mut found = BTreeMap::new();
        for row in self.milestones.range((tenant, plugin, 0)..=(tenant, plugin, u64::MAX))? {
            let (key, row) = row?;
            found.insert(key.value().2, milestones_of(row.value()));
        }
        Ok(found)
    }

    /// Every plugin, by tenant and name.
    pub(crate) fn plugins(&self) -> Result<Vec<(String, String, PluginRow)>, Fault> {
        let mut found = Vec::new();
        for row in self.plugins.iter()? {
            let (key, row) = row?;
            let (tenant, plugin) = key.value();
            found.push((tenant.to_owned(), plugin.to_owned(), row_of(row.value())));
        }
        Ok(found)
    }

    /// The component of every version of every plugin, with its size.
    pub(crate) fn components(&self) -> Result<Vec<(Digest, u64)>, Fault> {
        let mut found = Vec::new();
        for row in self.versions.iter()? {
            let (_, row) = row?;
            let (digest, size_bytes, ..) = row.value();
            found.push((Digest::from(*digest), size_bytes));
        }
        Ok(found)
    }
}

impl Changing<'_> {
    pub(crate) fn plugin(&self, tenant: &str, plugin: &str) -> Result<Option<PluginRow>, Fault> {
        plugin_row(&self.plugins, tenant, plugin)
    }

    pub(crate) fn plugins_len(&self) -> Result<u64, Fault> {
        Ok(redb::ReadableTableMetadata::len(&self.plugins)?)
    }

    pub(crate) fn versions(&self, tenant: &str, plugin: &str) -> Result<Vec<Version>, Fault> {
        versions_of(&self.versions, tenant, plugin)
    }

    pub(crate) fn has_version(&self, tenant: &str, plugin: &str, number: u64) -> Result<bool, Fault> {
        Ok(self.versions.get((tenant, plugin, number))?.is_some())
    }

    pub(crate) fn set_plugin(&mut self, tenant: &str, plugin: &str, row: PluginRow) -> Result<(), Fault> {
        let PluginRow { last, live: Live { live, previous } } = row;
        self.plugins.insert((tenant, plugin), (last, live.unwrap_or(0), previous.unwrap_or(0)))?;
        Ok(())
    }

    pub(crate) fn remove_plugin(&mut self, tenant: &str, plugin: &str) -> Result<(), Fault> {
        self.plugins.remove((tenant, plugin))?;
        Ok(())
    }

    pub(crate) fn add_version(&mut self, tenant: &str, plugin: &str, version: &Version) -> Result<(), Fault> {
        let Version { number, digest, size_bytes, provenance } = version;
        let Provenance { origin, by, at_unix_s } = provenance;
        let row = (digest.as_bytes(), *size_bytes, *at_unix_s, origin_code(origin), origin.place(), by.as_str());
        self.versions.insert((tenant, plugin, *number), row)?;
        Ok(())
    }

    /// Adds to what is known of a version. Its first call was its first.
    pub(crate) fn note(&mut self, tenant: &str, plugin: &str, number: u64, new: Milestones) -> Result<(), Fault> {
        let key = (tenant, plugin, number);
        let before = self.milestones.get(key)?.map(|row| milestones_of(row.value())).unwrap_or_default();
        let number = |number: Option<u64>| number.unwrap_or(0);
        let row = (
            number(new.compile_ms.map(|ms| ms.max(1)).or(before.compile_ms)),
            number(new.live_unix_ms.or(before.live_unix_ms)),
            number(before.first_call_unix_ms.or(new.first_call_unix_ms)),
        );
        self.milestones.insert(key, row)?;
        Ok(())
    }

    pub(crate) fn remove_version(&mut self, tenant: &str, plugin: &str, number: u64) -> Result<(), Fault> {
        self.milestones.remove((tenant, plugin, number))?;
        self.versions.remove((tenant, plugin, number))?;
        Ok(())
    }
}

fn plugin_row(
    plugins: &impl ReadableTable<(&'static str, &'static str), (u64, u64, u64)>,
    tenant: &str,
    plugin: &str,
) -> Result<Option<PluginRow>, Fault> {
    Ok(plugins.get((tenant, plugin))?.map(|row| row_of(row.value())))
}

fn row_of((last, live, previous): (u64, u64, u64)) -> PluginRow {
    let version = |number| (number != 0).then_some(number);
    PluginRow { last, live: Live { live: version(live), previous: version(previous) } }
}

fn milestones_of((compile_ms, live_unix_ms, first_call_unix_ms): (u64, u64, u64)) -> Milestones {
    let known = |number| (number != 0).then_some(number);
    Milestones {
        compile_ms: known(compile_ms),
        live_unix_ms: known(live_unix_ms),
        first_call_unix_ms: known(first_call_unix_ms),
    }
}

fn versions_of(
    versions: &impl ReadableTable<VersionKey, VersionRow>,
    tenant: &str,
    plugin: &str,
) -> Result<Vec<Version>, Fault> {
    let mut found = Vec::new();
    for row in versions.range((tenant, plugin, 0)..=(tenant, plugin, u64::MAX))? {
        let (key, row) = row?;
        found.push(version_of(key.value().2, row.value()));
    }
    Ok(found)
}

fn version_of(number: u64, row: (&[u8; 32], u64, u64, u8, &str, &str)) -> Version {
    let (digest, size_bytes, at_unix_s, origin, place, by) = row;
    let origin = match origin {
        0 => Origin::File(place.to_owned()),
        1 => Origin::Upload,
        _ => Origin::Oci(place.to_owned()),
    };
    let provenance = Provenance { origin, by: by.to_owned(), at_unix_s };
    Version { number, digest: Digest::from(*digest), size_bytes, provenance }
}

fn origin_code(origin: &Origin) -> u8 {
    match origin {
        Origin::File(_) => 0,
        Origin::Upload => 1,
        Origin::Oci(_) => 2,
    }
}

/// A backend behind a pointer, as `redb` wants it by value.
#[derive(Debug)]
struct Backend(Box<dyn StorageBackend>);

impl StorageBackend for Backend {
    fn len(&self) -> std::io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> std::io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> std::io::Result<()> {
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> std::io::Result<()> {
        self.0.write(offset, data)
    }

    fn close(&self) -> std::io::Result<()> {
        self.0.close()
    }
}
