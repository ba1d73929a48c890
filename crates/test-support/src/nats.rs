//! A private nats-server with `JetStream` for a test.

use std::fs::File;
use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;

use crate::port::free_port;

const START_LIMIT: Duration = Duration::from_secs(20);

/// A running nats-server on loopback; ends, with its files, when it is dropped.
pub struct Nats {
    process: Child,
    program: PathBuf,
    port: u16,
    monitor_port: u16,
    directory: TempDir,
}

impl Nats {
    /// Starts the server that `TANDEM_TEST_NATS_SERVER` names or that is on the `PATH`. Says "skipped" and returns
    /// nothing where there is none.
    ///
    /// # Panics
    /// If the server does not start.
    pub async fn start() -> Option<Self> {
        Self::start_with("").await
    }

    /// The same, with `settings` (in the server's own syntax) added to its configuration.
    ///
    /// # Panics
    /// If the server does not start.
    pub async fn start_with(settings: &str) -> Option<Self> {
        let program = program()?;
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let (port, monitor_port) = (free_port(), free_port());
        let configuration = configuration(directory.path(), port, monitor_port, settings);
        std::fs::write(directory.path().join("nats.conf"), configuration).expect("the directory is writable");
        let process = spawn(&program, directory.path()).expect("the server's program can be run");
        let mut nats = Self {
            process,
            program,
            port,
            monitor_port,
            directory,
        };
        nats.wait_until_ready().await;
        Some(nats)
    }

    /// Where clients connect.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// The port on which clients connect.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `host:port` of the server's monitoring over HTTP.
    #[must_use]
    pub fn monitor(&self) -> String {
        format!("127.0.0.1:{}", self.monitor_port)
    }

    /// The server's process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Kills the server as a crash would.
    ///
    /// # Panics
    /// If the process cannot be killed.
    pub fn kill9(&mut self) {
        self.process.kill().expect("our own process can be killed");
        self.process.wait().expect("our own process can be waited for");
    }

    /// Starts the server again, on the same port and files, after killing it if it still runs.
    ///
    /// # Panics
    /// If the server does not start.
    pub async fn restart(&mut self) {
        self.kill9();
        self.process = spawn(&self.program, self.directory.path()).expect("it could be run before");
        self.wait_until_ready().await;
    }

    async fn wait_until_ready(&mut self) {
        let ready = async {
            while greeting(self.port).await.is_err() {
                let ended = self.process.try_wait().expect("our own process can be asked");
                assert!(ended.is_none(), "nats-server ended: {}", self.log());
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let in_time = tokio::time::timeout(START_LIMIT, ready).await;
        assert!(in_time.is_ok(), "nats-server is not ready: {}", self.log());
    }

    fn log(&self) -> String {
        let read = |name| std::fs::read_to_string(self.directory.path().join(name)).unwrap_or_default();
        // A panic of the server itself goes to its standard error only.
        format!("{}{}", read("log"), read("stderr"))
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(Some(_))) {
            eprintln!("nats-server had ended by itself: {}", self.log());
        }
        // It may have ended already; there is nobody left to tell.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn program() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("TANDEM_TEST_NATS_SERVER") {
        return Some(named.into());
    }
    // Debian puts it where only the administrator's PATH looks.
    let search = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&search)
        .chain(["/usr/sbin".into()])
        .map(|directory| directory.join("nats-server"))
        .find(|program| program.is_file());
    if found.is_none() {
        eprintln!("skipped: no nats-server on the PATH, and TANDEM_TEST_NATS_SERVER names none");
    }
    found
}

fn configuration(directory: &Path, port: u16, monitor_port: u16, settings: &str) -> String {
    let directory = directory.display();
    format!(
        "listen: 127.0.0.1:{port}\n\
         http: 127.0.0.1:{monitor_port}\n\
         log_file: \"{directory}/log\"\n\
         jetstream {{ store_dir: \"{directory}/jetstream\" }}\n\
         {settings}\n"
    )
}

fn spawn(program: &Path, directory: &Path) -> io::Result<Child> {
    let stderr = File::options()
        .create(true)
        .append(true)
        .open(directory.join("stderr"))?;
    Command::new(program)
        .arg("--config")
        .arg(directory.join("nats.conf"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(stderr)
        .spawn()
}

/// The server greets with a line of information as soon as it serves.
async fn greeting(port: u16) -> io::Result<()> {
    let connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    let mut line = String::new();
    BufReader::new(connection).read_line(&mut line).await?;
    if line.starts_with("INFO ") {
        Ok(())
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_serves_again_on_the_same_port_after_it_was_killed() {
        let Some(mut nats) = Nats::start().await else { return };
        nats.kill9();
        assert!(greeting(nats.port()).await.is_err());
        nats.restart().await;
        assert!(greeting(nats.port()).await.is_ok());
    }

    #[tokio::test]
    async fn it_ends_with_the_test() {
        let Some(nats) = Nats::start().await else { return };
        let port = nats.port();
        drop(nats);
        assert!(greeting(port).await.is_err());
    }
}
