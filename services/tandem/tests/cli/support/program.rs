//! Processes that end in time.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use super::DEADLINE;

/// How the program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    /// The output, read as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Expects it to have gone well, and returns what it has said.
    #[track_caller]
    pub(crate) fn well(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.out
    }

    /// Expects this exit code and one line of complaint.
    #[track_caller]
    pub(crate) fn complains(self, code: i32, words: &str) {
        assert_eq!(self.code, code, "{self:?}");
        assert!(one_line(&self.err).contains(words), "{self:?}");
    }
}

/// The line that the text consists of.
#[track_caller]
pub(crate) fn one_line(text: &str) -> &str {
    let line = text.trim_end_matches('\n');
    assert!(!line.contains('\n') && line.starts_with("tandem: "), "{text:?}");
    line
}

/// Runs the program to its end.
pub(crate) fn run<S: AsRef<OsStr>>(arguments: &[S]) -> Ended {
    run_with_input(arguments, "")
}

/// Runs the program to its end, with something to read.
pub(crate) fn run_with_input<S: AsRef<OsStr>>(arguments: &[S], input: &str) -> Ended {
    let mut program = Program::start(arguments);
    program.type_in(input);
    program.close_input();
    program.end()
}

/// The program, running. It is killed when this is dropped.
pub(crate) struct Program {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    errors: Receiver<String>,
}

impl Program {
    /// Starts it; it knows nothing of this process's environment but the PATH.
    pub(crate) fn start<S: AsRef<OsStr>>(arguments: &[S]) -> Self {
        Self::start_with(arguments, &[])
    }

    /// Starts it with more in its environment.
    pub(crate) fn start_with<S: AsRef<OsStr>>(arguments: &[S], environment: &[(&str, &str)]) -> Self {
        let mut child = command(arguments)
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program can be run");
        let lines = lines_of(child.stdout.take().expect("piped"));
        let errors = lines_of(child.stderr.take().expect("piped"));
        let input = child.stdin.take();
        Self {
            child,
            input,
            lines,
            errors,
        }
    }

    /// Types something.
    pub(crate) fn type_in(&mut self, text: &str) {
        let input = self.input.as_mut().expect("not closed yet");
        // A program that has ended reads no more; how it ended is looked at later.
        let _ = input.write_all(text.as_bytes());
    }

    /// Says that nothing more is typed.
    pub(crate) fn close_input(&mut self) {
        self.input = None;
    }

    /// The next line that contains these words.
    #[track_caller]
    pub(crate) fn line_with(&self, words: &str) -> String {
        self.lines_until(words).pop().expect("the line with the words")
    }

    /// The lines up to the next one that contains these words.
    #[track_caller]
    pub(crate) fn lines_until(&self, words: &str) -> Vec<String> {
        let mut seen = Vec::new();
        loop {
            match self.lines.recv_timeout(DEADLINE) {
                Ok(line) => seen.push(line),
                Err(error) => panic!(
                    "no line with `{words}` ({error}): {seen:?} {:?}",
                    self.errors.try_iter().collect::<Vec<_>>()
                ),
            }
            if seen.last().is_some_and(|line| line.contains(words)) {
                return seen;
            }
        }
    }

    /// The next line of the log that contains these words.
    #[track_caller]
    pub(crate) fn error_with(&self, words: &str) -> String {
        let mut lines = std::iter::from_fn(|| self.errors.recv_timeout(DEADLINE).ok());
        lines
            .find(|line| line.contains(words))
            .unwrap_or_else(|| panic!("`{words}` was not logged"))
    }

    /// Sends a signal, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let command = format!("kill -{name} {}", self.child.id());
        let sent = Command::new("sh").args(["-c", &command]).status();
        assert!(sent.expect("there is a shell").success(), "{command}");
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn end(mut self) -> Ended {
        self.close_input();
        // Its pipes are closed when it ends, and then it can be waited for at once.
        let out = rest_of(&self.lines);
        let err = rest_of(&self.errors);
        let status = self.child.wait().expect("our own process can be waited for");
        Ended {
            code: code(status),
            out,
            err,
        }
    }

    /// Kills it as a crash would.
    pub(crate) fn crash(mut self) {
        self.child.kill().expect("our own process can be killed");
        self.child.wait().expect("our own process can be waited for");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already; there is nobody left to tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program with these arguments.
pub(crate) fn command<S: AsRef<OsStr>>(arguments: &[S]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tandem"));
    command
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

/// As shells count signals.
fn code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    let signalled = || status.signal().map(|signal| 128 + signal);
    status.code().or_else(signalled).expect("it has ended")
}

fn lines_of(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = channel();
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

#[track_caller]
fn rest_of(lines: &Receiver<String>) -> String {
    use std::sync::mpsc::RecvTimeoutError::{Disconnected, Timeout};
    let mut text = String::new();
    loop {
        match lines.recv_timeout(DEADLINE) {
            Ok(line) => text.extend([line.as_str(), "\n"]),
            Err(Disconnected) => return text,
            Err(Timeout) => panic!("it does not end: {text}"),
        }
    }
}
