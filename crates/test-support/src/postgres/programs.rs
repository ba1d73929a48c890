//! Where PostgreSQL's programs are.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// PostgreSQL's programs, all of one version.
#[derive(Clone)]
pub(super) struct Programs {
    directory: PathBuf,
}

impl Programs {
    /// From the PATH, or where Debian keeps the newest version. Says "skipped" where there are none.
    pub(super) fn find() -> Option<Self> {
        let search = std::env::var_os("PATH").unwrap_or_default();
        let complete = |directory: &PathBuf| {
            ["initdb", "postgres", "psql"]
                .iter()
                .all(|name| directory.join(name).is_file())
        };
        let directory = std::env::split_paths(&search).chain(versions()).find(complete);
        if directory.is_none() {
            eprintln!("skipped: PostgreSQL is not installed");
        }
        Some(Self { directory: directory? })
    }

    pub(super) fn initdb(&self) -> PathBuf {
        self.directory.join("initdb")
    }

    pub(super) fn postgres(&self) -> PathBuf {
        self.directory.join("postgres")
    }

    pub(super) fn psql(&self) -> PathBuf {
        self.directory.join("psql")
    }

    /// Whether the server on `port` takes connections.
    pub(super) fn accepts(&self, port: u16) -> bool {
        let mut pg_isready = Command::new(self.directory.join("pg_isready"));
        pg_isready
            .args(["--host=127.0.0.1", "--port", &port.to_string()])
            .stdout(Stdio::null());
        pg_isready.status().is_ok_and(|status| status.success())
    }
}

/// Debian's directories, the newest version first.
fn versions() -> Vec<PathBuf> {
    let root = Path::new("/usr/lib/postgresql");
    let entries = root.read_dir().into_iter().flatten().flatten();
    let mut versions: Vec<u32> = entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    versions.sort_unstable();
    versions
        .iter()
        .rev()
        .map(|version| root.join(version.to_string()).join("bin"))
        .collect()
}
