//! Where the programs under test are.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A program of this workspace, of the same build as the running test.
pub fn program(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("a running program has a path");
    let folders = own.ancestors().skip(1).take(2);
    let found = folders.map(|folder| folder.join(name)).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("{name} is not built: run `cargo build --workspace --bins` first"))
}

/// Runs `tandem` to its end.
pub fn tandem(arguments: &[&str]) -> Output {
    let mut command = Command::new(program("tandem"));
    command
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.output().expect("it can be run")
}

/// A path as an argument.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("temporary paths are text")
}
