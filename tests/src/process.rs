//! A process of ours that ends with the test.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use crate::wait::eventually;

/// A running program, writing to a log; it is killed when this is dropped. It stays in the test's own process
/// group, so that it also ends when the test is killed as a group.
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a program that knows nothing of this process's environment but the PATH and its collector.
    pub fn start(program: &Path, arguments: &[String], environment: &[(String, String)], log: &Path) -> Self {
        let file = File::options()
            .create(true)
            .append(true)
            .open(log)
            .expect("the log's folder is ours");
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs(std::env::vars().filter(|(name, _)| is_about_collector(name)));
        command.envs(environment.iter().cloned());
        command
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a second handle"))
            .stderr(file);
        let child = command
            .spawn()
            .unwrap_or_else(|error| panic!("cannot run {}: {error}", program.display()));
        Self {
            child,
            log: log.to_owned(),
        }
    }

    /// Kills it as a crash would.
    pub fn kill9(&mut self) {
        self.child.kill().expect("our own process can be killed");
        self.child.wait().expect("our own process can be waited for");
    }

    /// Sends a signal, such as `STOP`.
    pub fn signal(&self, name: &str) {
        let command = format!("kill -{name} {}", self.child.id());
        let sent = Command::new("sh")
            .args(["-c", &command])
            .status()
            .expect("there is a shell");
        assert!(sent.success(), "{command}: it has ended already: {}", self.last_words());
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("our own process can be asked")
    }

    /// Waits until it has ended.
    pub async fn end(&mut self) -> ExitStatus {
        eventually("the process ends", async || self.ended()).await
    }

    /// The last that it has written.
    pub fn last_words(&self) -> String {
        let log = self.log();
        let mut last: Vec<&str> = log.lines().rev().take(2).collect();
        last.reverse();
        last.join("\n")
    }

    /// What it has written so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already; there is nobody left to tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a variable says where and how telemetry is sent, so that whoever starts tests can watch them.
fn is_about_collector(variable: &str) -> bool {
    variable.starts_with("TANDEM_TELEMETRY__OTLP_") || variable.starts_with("OTEL_")
}
