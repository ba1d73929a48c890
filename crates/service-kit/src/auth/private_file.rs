//! Files for their owner's eyes only.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::AuthError;

const OWNER_ONLY: u32 = 0o600;
const OTHERS: u32 = 0o077;

/// Creates a directory that only its owner may enter; fine if there is one.
pub(super) fn create_dir(path: &Path) -> Result<(), AuthError> {
    let created = DirBuilder::new().recursive(true).mode(0o700).create(path);
    created.map_err(|source| AuthError::File {
        path: path.to_owned(),
        source,
    })
}

/// Reads a file; none if there is no such file.
///
/// # Errors
/// If others than the owner may read it, or nobody can.
pub(super) fn read(path: &Path) -> Result<Option<String>, AuthError> {
    let unusable = |source| AuthError::File {
        path: path.to_owned(),
        source,
    };
    let mode = match fs::metadata(path) {
        Ok(metadata) => metadata.permissions().mode() & 0o777,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unusable(error)),
    };
    if mode & OTHERS != 0 {
        return Err(AuthError::TooOpen {
            path: path.to_owned(),
            mode,
        });
    }
    fs::read_to_string(path).map(Some).map_err(unusable)
}

/// Writes a file whole or not at all, with mode 600 from its first byte on.
pub(super) fn write(path: &Path, text: &str) -> Result<(), AuthError> {
    let draft = path.with_extension("new");
    let written = write_new(&draft, text).and_then(|()| fs::rename(&draft, path));
    written.map_err(|source| AuthError::File {
        path: path.to_owned(),
        source,
    })
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(OWNER_ONLY)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
