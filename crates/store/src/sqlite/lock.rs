//! The lock on the data directory.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

use crate::StoreError;

/// Locks `directory` for this process; dropping the file frees it, and so does the process's end.
pub(super) fn lock(directory: &Path) -> Result<File, StoreError> {
    let unavailable = |error: &io::Error| StoreError::Unavailable(format!("{}: {error}", directory.display()));
    fs::create_dir_all(directory).map_err(|error| unavailable(&error))?;
    let mut open = File::options();
    open.create(true).truncate(false).write(true);
    let file = open
        .open(directory.join("tandem.lock"))
        .map_err(|error| unavailable(&error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(directory.display().to_string())),
        Err(TryLockError::Error(error)) => Err(unavailable(&error)),
    }
}
