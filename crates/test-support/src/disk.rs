//! A disk so small that a test can fill it.

use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A file system in memory; unmounted when it is dropped.
pub struct SmallDisk {
    directory: TempDir,
}

impl SmallDisk {
    /// One of `megabytes`. Says "skipped" and returns nothing where we may not mount one.
    ///
    /// # Panics
    /// If there is no temporary directory to mount it on.
    #[must_use]
    pub fn mount(megabytes: u32) -> Option<Self> {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let size = format!("size={megabytes}m,mode=777");
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(directory.path())
            .stderr(Stdio::null());
        if !mount.status().is_ok_and(|status| status.success()) {
            eprintln!("skipped: a small file system cannot be mounted here");
            return None;
        }
        Some(Self { directory })
    }

    /// Where it is mounted.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.directory.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // A lazy unmount succeeds even while a file is still open; what fails is left to the machine's end.
        let _ = Command::new("umount").arg("--lazy").arg(self.directory.path()).status();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_full_after_its_megabytes() {
        let Some(disk) = SmallDisk::mount(1) else { return };
        let file = disk.path().join("file");
        std::fs::write(&file, vec![0; 500 << 10]).expect("half a megabyte fits");
        assert!(std::fs::write(&file, vec![0; 2 << 20]).is_err());
    }
}
