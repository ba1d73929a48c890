//! Under whose name the server runs: PostgreSQL refuses to run as root.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Who runs the server.
pub(super) enum Account {
    Own,
    Other { user: u32, group: u32 },
}

impl Account {
    /// Our own, or that of `postgres` where we are root. Says "skipped" where root finds no such user.
    pub(super) fn for_server() -> Option<Self> {
        if id(&["-u"]) != Some(0) {
            return Some(Self::Own);
        }
        let (user, group) = (id(&["-u", "postgres"]), id(&["-g", "postgres"]));
        if user.is_none() {
            eprintln!("skipped: there is no user `postgres` for the server to run as");
        }
        Some(Self::Other {
            user: user?,
            group: group?,
        })
    }

    /// Makes the directory the server's own.
    pub(super) fn give(&self, directory: &Path) {
        if let Self::Other { user, group } = self {
            chown(directory, Some(*user), Some(*group)).expect("root may give a directory away");
        }
    }

    pub(super) fn command(&self, program: PathBuf) -> Command {
        let mut command = Command::new(program);
        if let Self::Other { user, group } = self {
            command.uid(*user).gid(*group);
        }
        command
    }
}

fn id(question: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(question).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
