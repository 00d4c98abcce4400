//! What is needed of a disk to write a recording. A trait, so that a test can have one that is slow or full.

use std::fmt;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::Path;

/// Makes folders and files that only the host's user may enter and read.
pub trait Disk: Send + Sync + fmt::Debug {
    /// Makes a folder and those above it. One that exists is left as it is.
    ///
    /// # Errors
    /// The system's.
    fn create_folder(&self, path: &Path) -> io::Result<()>;

    /// Makes a file that did not exist.
    ///
    /// # Errors
    /// The system's; `AlreadyExists` among them.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
}

/// A file that is being written. What lies between two places that were written reads as zeros.
pub trait DiskFile: Send {
    /// Writes all bytes at a place, counted from the start of the file.
    ///
    /// # Errors
    /// The system's. Some of the bytes may have been written.
    fn write_all_at(&mut self, bytes: &[u8], at: u64) -> io::Result<()>;
}

/// The machine's file system: folders with mode 0700, files with mode 0600.
#[derive(Clone, Copy, Debug, Default)]
pub struct LocalDisk;

impl Disk for LocalDisk {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        Ok(Box::new(file))
    }
}

impl DiskFile for File {
    fn write_all_at(&mut self, bytes: &[u8], at: u64) -> io::Result<()> {
        FileExt::write_all_at(self, bytes, at)
    }
}
