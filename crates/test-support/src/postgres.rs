//! A private PostgreSQL server for a test, or a database of its own on one that is there.

mod account;
mod programs;

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tempfile::TempDir;

use self::account::Account;
use self::programs::Programs;
use crate::port::free_port;

const START_LIMIT: Duration = Duration::from_secs(30);

/// A PostgreSQL server on loopback. It ends, with its files, when it is dropped; on a server that was there
/// before, only the databases made here are dropped.
pub struct Postgres {
    programs: Programs,
    server: Server,
    databases: Mutex<Vec<String>>,
}

enum Server {
    Private(Private),
    /// The URL of a server that somebody else runs.
    External(String),
}

struct Private {
    process: Option<Child>,
    account: Account,
    port: u16,
    directory: TempDir,
}

impl Postgres {
    /// The server that `TANDEM_TEST_POSTGRES` (a superuser's URL) names, or a private one. Says "skipped" and
    /// returns nothing where PostgreSQL is not installed.
    ///
    /// # Panics
    /// If the server does not start.
    pub async fn start() -> Option<Self> {
        let Ok(url) = std::env::var("TANDEM_TEST_POSTGRES") else {
            return Self::start_private().await;
        };
        let programs = Programs::find()?;
        Some(Self {
            programs,
            server: Server::External(url),
            databases: Mutex::default(),
        })
    }

    /// A private server, for tests that stop it.
    ///
    /// # Panics
    /// If the server does not start.
    pub async fn start_private() -> Option<Self> {
        let programs = Programs::find()?;
        let account = Account::for_server()?;
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        account.give(directory.path());
        initialise(&programs, &account, directory.path());
        let private = Private {
            process: None,
            account,
            port: free_port(),
            directory,
        };
        let mut postgres = Self {
            programs,
            server: Server::Private(private),
            databases: Mutex::default(),
        };
        postgres.start_again().await;
        Some(postgres)
    }

    /// Makes an empty database and returns its URL.
    ///
    /// # Panics
    /// If the server does not make it.
    #[must_use]
    pub fn database(&self) -> String {
        self.database_in("pg_default")
    }

    /// Makes an empty database in a tablespace and returns its URL.
    ///
    /// # Panics
    /// If the server does not make it.
    #[must_use]
    pub fn database_in(&self, tablespace: &str) -> String {
        let name = format!("tandem_test_{:016x}", random());
        self.sql(&format!("CREATE DATABASE {name} TABLESPACE {tablespace}"));
        self.databases
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(name.clone());
        self.url(&name)
    }

    /// Makes a directory the private server's own, for a tablespace.
    ///
    /// # Panics
    /// If the server is not ours.
    pub fn own(&self, directory: &Path) {
        let Server::Private(private) = &self.server else {
            panic!("the server is not ours")
        };
        private.account.give(directory);
    }

    /// Runs SQL as the superuser, in the server's own database, and returns what it says: one line per row,
    /// columns separated by `|`.
    ///
    /// # Panics
    /// If the server refuses it.
    pub fn sql(&self, sql: &str) -> String {
        let mut psql = Command::new(self.programs.psql());
        psql.args([
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--set=ON_ERROR_STOP=1",
            "--command",
        ]);
        let output = psql
            .arg(sql)
            .arg(self.url("postgres"))
            .output()
            .expect("psql can be run");
        assert!(
            output.status.success(),
            "psql: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// The process id of the private server.
    ///
    /// # Panics
    /// If it does not run, or is not ours.
    #[must_use]
    pub fn pid(&self) -> u32 {
        let Server::Private(private) = &self.server else {
            panic!("the server is not ours")
        };
        private.process.as_ref().expect("the server runs").id()
    }

    /// The port of the private server.
    ///
    /// # Panics
    /// If it is not ours.
    #[must_use]
    pub fn port(&self) -> u16 {
        let Server::Private(private) = &self.server else {
            panic!("the server is not ours")
        };
        private.port
    }

    /// Kills the private server as a crash would.
    ///
    /// # Panics
    /// If it is not ours to kill.
    pub fn kill9(&mut self) {
        if let Some(mut process) = self.private().process.take() {
            process.kill().expect("our own process can be killed");
            process.wait().expect("our own process can be waited for");
        }
    }

    /// Stops the private server in good order, without waiting for its clients.
    ///
    /// # Panics
    /// If it is not ours, or does not stop.
    pub fn stop(&mut self) {
        self.private().signal("-INT");
    }

    /// Starts the private server again on the same port and files; it runs when this returns.
    ///
    /// # Panics
    /// If it is not ours, or does not start.
    pub async fn start_again(&mut self) {
        let programs = self.programs.clone();
        let started = tokio::time::timeout(START_LIMIT, self.private().run(&programs)).await;
        assert!(started.is_ok(), "postgres is not ready: {}", self.private().log());
    }

    fn private(&mut self) -> &mut Private {
        match &mut self.server {
            Server::Private(private) => private,
            Server::External(_) => panic!("the server is not ours; use start_private"),
        }
    }

    fn url(&self, database: &str) -> String {
        match &self.server {
            Server::Private(private) => format!("postgres://postgres@127.0.0.1:{}/{database}", private.port),
            Server::External(url) => with_database(url, database),
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        match &mut self.server {
            Server::Private(private) => private.signal("-QUIT"),
            Server::External(_) => {
                for name in std::mem::take(self.databases.get_mut().unwrap_or_else(PoisonError::into_inner)) {
                    self.sql(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
                }
            }
        }
    }
}

impl Private {
    /// Runs the server and waits until it answers. After a kill its children may hold the files for a moment,
    /// and the server ends at once; it is run again then.
    async fn run(&mut self, programs: &Programs) {
        loop {
            let process = self
                .process
                .get_or_insert_with(|| spawn(programs, &self.account, self.port, self.directory.path()));
            if programs.accepts(self.port) {
                return;
            }
            if process.try_wait().expect("our own process can be asked").is_some() {
                self.process = None;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn signal(&mut self, signal: &str) {
        let Some(mut process) = self.process.take() else { return };
        let pid = process.id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status();
        if !sent.is_ok_and(|status| status.success()) {
            // It may have ended already; there is nobody left to tell.
            let _ = process.kill();
        }
        let _ = process.wait();
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }
}

fn initialise(programs: &Programs, account: &Account, directory: &Path) {
    let mut initdb = account.command(programs.initdb());
    initdb.args([
        "--auth=trust",
        "--username=postgres",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
        "--pgdata",
    ]);
    let output = initdb
        .arg(directory.join("data"))
        .current_dir(directory)
        .output()
        .expect("initdb can be run");
    assert!(
        output.status.success(),
        "initdb: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// With the server's own durability: tests kill it and look for what it acknowledged.
fn spawn(programs: &Programs, account: &Account, port: u16, directory: &Path) -> Child {
    let log = File::options()
        .create(true)
        .append(true)
        .open(directory.join("log"))
        .expect("the directory is ours");
    let mut postgres = account.command(programs.postgres());
    postgres.arg("-D").arg(directory.join("data")).current_dir(directory);
    for setting in [
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "shared_buffers=32MB",
    ] {
        postgres.args(["-c", setting]);
    }
    postgres
        .args(["-p", &port.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log);
    postgres.spawn().expect("the server's program can be run")
}

fn with_database(url: &str, database: &str) -> String {
    let (address, parameters) = url.split_once('?').map_or((url, ""), |(address, rest)| (address, rest));
    let host = address.find("://").map_or(0, |at| at + 3);
    let end = address[host..].find('/').map_or(address.len(), |at| host + at);
    let question = if parameters.is_empty() { "" } else { "?" };
    format!("{}/{database}{question}{parameters}", &address[..end])
}

#[expect(
    clippy::disallowed_methods,
    reason = "databases on a shared server need names that nobody else has"
)]
fn random() -> u64 {
    rand::random()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_keeps_its_data_when_killed_and_started_again() {
        let Some(mut postgres) = Postgres::start_private().await else {
            return;
        };
        postgres.sql("CREATE TABLE kept (word text); INSERT INTO kept VALUES ('kept')");
        postgres.kill9();
        postgres.start_again().await;
        assert_eq!(postgres.sql("SELECT word FROM kept"), "kept");
        postgres.stop();
        postgres.start_again().await;
        assert_eq!(postgres.sql("SELECT word FROM kept"), "kept");
    }

    #[tokio::test]
    async fn it_ends_with_the_test() {
        let Some(postgres) = Postgres::start_private().await else {
            return;
        };
        let (programs, port) = (postgres.programs.clone(), postgres.port());
        assert!(programs.accepts(port));
        drop(postgres);
        assert!(!programs.accepts(port));
    }

    #[tokio::test]
    async fn each_database_is_another_one() {
        let Some(postgres) = Postgres::start().await else {
            return;
        };
        assert_ne!(postgres.database(), postgres.database());
    }

    #[test]
    fn an_external_url_keeps_its_parameters_under_another_database() {
        assert_eq!(
            with_database("postgres://me@host:1/mine?sslmode=require", "x"),
            "postgres://me@host:1/x?sslmode=require"
        );
        assert_eq!(with_database("postgres://host", "x"), "postgres://host/x");
    }
}
