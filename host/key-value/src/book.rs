//! The database: made whole or not at all, and opened again after an error of the disk, since what the disk has is then
//! the truth.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use call::Failure;
use redb::{Builder, Database, ReadableDatabase, TableDefinition};

use crate::change::{Change, ENDS, ENTRIES, Owner, Tables, USED, is_over};
use crate::limits::DATABASE_CACHE_BYTES;

/// What this host reads and writes.
const FORMAT: u64 = 1;
const FILE: &str = "key-value.redb";
const UNFINISHED: &str = "key-value.redb.new";
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");

/// The open database. Only one process can have it open.
#[derive(Debug)]
pub(crate) struct Book {
    folder: PathBuf,
    /// None after an error.
    database: Option<Database>,
}

/// The database, or its disk, failed.
pub(crate) struct Fault(pub(crate) String);

macro_rules! faults {
    ($($error:ty),*) => {$(
        impl From<$error> for Fault {
            fn from(error: $error) -> Self {
                Self(error.to_string())
            }
        }
    )*};
}

faults!(
    redb::CommitError,
    redb::DatabaseError,
    redb::StorageError,
    redb::TableError,
    redb::TransactionError,
    std::io::Error
);

impl Book {
    pub(crate) fn open(folder: &Path) -> Result<Self, Fault> {
        let database = Some(unpanicked(|| open(folder))?);
        Ok(Self { folder: folder.to_owned(), database })
    }

    /// The present values, in the order of the keys asked for, as of one moment.
    pub(crate) fn read(&mut self, keys: &[(Owner, String)], now_ms: u64) -> Result<Vec<Option<Vec<u8>>>, Fault> {
        self.with(|database| {
            let entries = database.begin_read()?.open_table(ENTRIES)?;
            let read = keys.iter().map(|(Owner { tenant, plugin, .. }, key)| -> Result<_, Fault> {
                let row = entries.get((tenant.as_str(), plugin.as_str(), key.as_str()))?;
                Ok(row.and_then(|row| {
                    let (until_ms, value) = row.value();
                    (!is_over(until_ms, now_ms)).then(|| value.to_vec())
                }))
            });
            read.collect()
        })
    }

    /// Makes these changes, one after the other. With the answer they are on the disk; after a fault none of them is.
    pub(crate) fn change(
        &mut self,
        changes: &[(Owner, Change)],
        now_ms: u64,
    ) -> Result<Vec<Result<bool, Failure>>, Fault> {
        self.with(|database| {
            let transaction = database.begin_write()?;
            let mut tables = Tables {
                entries: transaction.open_table(ENTRIES)?,
                ends: transaction.open_table(ENDS)?,
                used: transaction.open_table(USED)?,
            };
            let applied: Result<Vec<_>, Fault> =
                changes.iter().map(|(owner, change)| tables.apply(owner, change, now_ms)).collect();
            drop(tables);
            let applied = applied?;
            transaction.commit()?;
            Ok(applied)
        })
    }

    fn with<T>(&mut self, ask: impl FnOnce(&Database) -> Result<T, Fault>) -> Result<T, Fault> {
        let database = match self.database.take() {
            Some(database) => database,
            None => unpanicked(|| open(&self.folder))?,
        };
        let answer = unpanicked(|| ask(&database))?;
        self.database = Some(database);
        Ok(answer)
    }
}

/// The database asserts what it reads: a file that rotted must not take the host along.
fn unpanicked<T>(ask: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    // What is left of it is dropped, and opened anew.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(ask))
        .unwrap_or_else(|_| Err(Fault("a page of the database makes no sense".to_owned())))
}

fn open(folder: &Path) -> Result<Database, Fault> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let path = folder.join(FILE);
    if !path.exists() {
        let unfinished = folder.join(UNFINISHED);
        if unfinished.exists() {
            fs::remove_file(&unfinished)?;
        }
        let database = builder().create(&unfinished)?;
        fs::set_permissions(&unfinished, fs::Permissions::from_mode(0o600))?;
        let transaction = database.begin_write()?;
        transaction.open_table(META)?.insert("format", FORMAT)?;
        transaction.open_table(ENTRIES)?;
        transaction.open_table(ENDS)?;
        transaction.open_table(USED)?;
        transaction.commit()?;
        drop(database);
        fs::rename(&unfinished, &path)?;
        fs::File::open(folder)?.sync_all()?;
    }
    let database = builder().open(&path)?;
    let format = database.begin_read()?.open_table(META)?.get("format")?.map(|found| found.value());
    match format {
        Some(FORMAT) => Ok(database),
        found => Err(Fault(format!("its format is {found:?}, and this host knows {FORMAT}"))),
    }
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(DATABASE_CACHE_BYTES);
    builder
}
