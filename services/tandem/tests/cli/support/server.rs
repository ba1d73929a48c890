//! A `tandem up` with three desks, two of which the tests' own callers may touch.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use lettre::address::Envelope;
use lettre::transport::smtp::response::Severity;
use lettre::{SmtpTransport, Transport};
use serde_json::Value;
use tempfile::TempDir;

use super::{Ended, Program, eventually, run, run_with_input};

/// A running `tandem up`.
pub(crate) struct Server {
    pub(crate) program: Program,
    pub(crate) grpc: String,
    pub(crate) chat: String,
    pub(crate) mailbox: Mailbox,
    pub(crate) data: PathBuf,
    /// Is removed with this.
    directory: Option<TempDir>,
}

impl Server {
    /// On a new data directory, with the desk `acme`.
    pub(crate) fn with_a_desk() -> Self {
        let server = Self::empty();
        server.apply(&desk_file("acme")).well();
        server
    }

    /// With the desks `acme`, `globex` and `initech`.
    pub(crate) fn with_three_desks() -> Self {
        let server = Self::with_a_desk();
        server.apply(&desk_file("globex")).well();
        server.apply(&desk_file("initech")).well();
        server
    }

    /// On a new data directory.
    pub(crate) fn empty() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut server = Self::on(&directory.path().join("data"));
        server.directory = Some(directory);
        server
    }

    /// On a data directory of the caller's.
    pub(crate) fn on(data: &Path) -> Self {
        let data = data.to_owned();
        let program = Program::start(&up(&data));
        let said = program.lines_until("token");
        let after = |name: &str| {
            let line = said.iter().find_map(|line| line.strip_prefix(name));
            line.expect("all is announced").trim().to_owned()
        };
        Self {
            grpc: after("gRPC"),
            chat: after("chat"),
            mailbox: Mailbox(after("SMTP").parse().expect("an address")),
            program,
            data,
            directory: None,
        }
    }

    /// Asks it something, as the admin.
    pub(crate) fn ask(&self, arguments: &[&str]) -> Ended {
        run(&self.with_data(arguments))
    }

    /// Asks it something, and expects JSON.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let ended = self.ask(&[&["--output", "json"], arguments].concat());
        assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{ended:?}");
        ended.json()
    }

    /// Applies a desk file.
    pub(crate) fn apply(&self, text: &str) -> Ended {
        run_with_input(&self.with_data(&["apply", "-"]), text)
    }

    /// The arguments, and where the server's data is.
    pub(crate) fn with_data<'a>(&'a self, arguments: &[&'a str]) -> Vec<&'a str> {
        let data = self.data.to_str().expect("a path in UTF-8");
        [arguments, &["--data-dir", data]].concat()
    }

    /// The mailbox, and the program.
    pub(crate) fn apart(self) -> (Mailbox, Program) {
        (self.mailbox, self.program)
    }

    /// Sends a mail, and waits until it is a ticket; returns all tickets.
    pub(crate) fn ticket(&self, subject: &str) -> Vec<Value> {
        let before = self.tickets().len();
        assert!(self.mailbox.mail("help@acme.example", subject));
        eventually("the mail is a ticket", || {
            Some(self.tickets()).filter(|tickets| tickets.len() > before)
        })
    }

    /// All tickets of `acme`.
    #[track_caller]
    pub(crate) fn tickets(&self) -> Vec<Value> {
        let tickets = self.json(&["tickets", "--desk", "acme"]);
        tickets.as_array().expect("a list").clone()
    }

    /// Ends it as a signal does; its data stays.
    pub(crate) fn stop(self) -> Stopped {
        self.program.signal("TERM");
        let ended = self.program.end();
        assert_eq!(ended.code, 0, "{ended:?}");
        Stopped {
            data: self.data,
            directory: self.directory,
        }
    }
}

/// Where mail is taken.
pub(crate) struct Mailbox(pub(crate) SocketAddr);

impl Mailbox {
    /// Sends a mail; whether it was answered with 250. "Not now" is asked again, as any mail server does.
    pub(crate) fn mail(&self, to: &str, subject: &str) -> bool {
        let from = "customer@customers.example".parse().expect("an address");
        let envelope = Envelope::new(Some(from), vec![to.parse().expect("an address")]).expect("an envelope");
        let text = format!(
            "From: customer@customers.example\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{subject}@x.example>\r\n\
             Date: Mon, 5 Jan 2026 10:00:00 +0000\r\n\r\nGood morning, where is the parcel that I ordered last week?\r\n"
        );
        let smtp = SmtpTransport::builder_dangerous("127.0.0.1").port(self.0.port());
        let smtp = smtp.build();
        eventually("the mail is taken or refused", || {
            match smtp.send_raw(&envelope, text.as_bytes()) {
                Ok(response) => Some(response.code().severity == Severity::PositiveCompletion),
                Err(error) if error.is_transient() => None,
                Err(_) => Some(false),
            }
        })
    }
}

/// The data of a `tandem up` that has ended.
pub(crate) struct Stopped {
    pub(crate) data: PathBuf,
    #[expect(dead_code, reason = "the directory is removed with this")]
    directory: Option<TempDir>,
}

/// Addresses that nobody else has.
pub(crate) const FREE_PORTS: [&str; 6] = [
    "--grpc",
    "127.0.0.1:0",
    "--smtp",
    "127.0.0.1:0",
    "--chat",
    "127.0.0.1:0",
];

fn up(data: &Path) -> Vec<String> {
    let data = data.display().to_string();
    let arguments = [&["up", "--data-dir", &data][..], &FREE_PORTS].concat();
    arguments.into_iter().map(ToOwned::to_owned).collect()
}

/// Ana and Ben speak English; Ana alone speaks German.
pub(crate) fn desk_file(desk: &str) -> String {
    format!(
        "\
desk: {desk}
languages: [de, en]
default_language: en
teams: {{inside: {{}}}}
channels:
  email:
    offer_ttl: 10m
    wrap_up: 10m
    accounts:
      help: {{addresses: [help@{desk}.example], queue: general}}
agents:
  ana: {{teams: [inside], languages: {{de: C2, en: C1}}}}
  ben: {{teams: [inside], languages: {{en: C2}}}}
queues:
  general: {{teams: [inside]}}
"
    )
}
