//! `tandem up`

use std::fs;
use std::io::{BufRead, BufReader, Write, pipe};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::{DEADLINE, FREE_PORTS, Program, Server, command, desk_file, one_line, run};

#[test]
fn it_says_where_it_serves_and_serves_there() {
    let server = Server::empty();
    let grpc = server.grpc.strip_prefix("http://").expect("as clients write it");
    assert!(
        grpc.parse::<std::net::SocketAddr>()
            .expect("an address")
            .ip()
            .is_loopback()
    );
    assert!(server.mailbox.0.ip().is_loopback());
    TcpStream::connect(grpc).expect("gRPC is served");
    let mut greeting = String::new();
    BufReader::new(smtp_session(&server))
        .read_line(&mut greeting)
        .expect("a greeting");
    assert!(greeting.starts_with("220 "), "{greeting}");
    let chat = server
        .chat
        .strip_prefix("http://")
        .and_then(|rest| rest.strip_suffix("/chat"));
    let mut page = TcpStream::connect(chat.expect("an address")).expect("chats are served");
    page.set_read_timeout(Some(DEADLINE)).expect("a deadline");
    page.write_all(b"GET /chat HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .expect("asked");
    let mut status = String::new();
    BufReader::new(page).read_line(&mut status).expect("an answer");
    assert!(status.starts_with("HTTP/1.1 "), "{status}");
}

#[test]
fn programs_are_told_where_it_serves_in_json() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let data = directory.path().display().to_string();
    let addresses = FREE_PORTS;
    let up = Program::start(&[&["up", "--output", "json", "--data-dir", &data][..], &addresses].concat());
    let bound: serde_json::Value = serde_json::from_str(&up.line_with("grpc")).expect("JSON");
    let keys: Vec<_> = bound.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["chat", "data", "grpc", "smtp", "token"]);
    let token = bound["token"].as_str().expect("a path");
    let server = bound["grpc"].as_str().expect("an address");
    let asked = run(&["tickets", "--server", server, "--token-file", token]);
    asked.complains(2, "there is no desk yet");
}

fn smtp_session(server: &Server) -> TcpStream {
    let session = TcpStream::connect(server.mailbox.0).expect("mail is taken");
    session.set_read_timeout(Some(DEADLINE)).expect("a deadline");
    session
}

#[test]
fn it_serves_its_own_machine_only() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let data = directory.path().display().to_string();
    for flag in ["--grpc", "--smtp", "--chat"] {
        let refused = run(&["up", "--data-dir", &data, flag, "0.0.0.0:0"]);
        refused.complains(64, &format!("{flag} 0.0.0.0:0: use a loopback address"));
    }
    let environment = [("TANDEM_SMTP__LISTEN", "0.0.0.0:0")];
    let refused = Program::start_with(&["up", "--data-dir", &data, "--grpc", "127.0.0.1:0"], &environment).end();
    assert_eq!(refused.code, 64, "{refused:?}");
    assert!(one_line(&refused.err).contains("TANDEM_SMTP__LISTEN"), "{refused:?}");
}

#[test]
fn a_second_one_on_the_same_data_is_refused_and_disturbs_nothing() {
    let server = Server::with_a_desk();
    let second = server.with_data(&[&["up"][..], &FREE_PORTS].concat());
    run(&second).complains(
        3,
        "is in use by another process; stop it first, or choose another data directory",
    );
    assert_eq!(server.ticket("still-there").len(), 1);
}

#[test]
fn an_address_that_is_taken_is_named() {
    let (server, directory) = (Server::empty(), tempfile::tempdir().expect("a temporary directory"));
    let data = directory.path().display().to_string();
    let smtp = server.mailbox.0.to_string();
    let given = ["--grpc", "127.0.0.1:0", "--chat", "127.0.0.1:0", "--smtp", &smtp];
    let taken = run(&[&["up", "--data-dir", &data][..], &given].concat());
    assert_eq!(taken.code, 3, "{taken:?}");
    let complaint = taken.err.lines().find(|line| line.starts_with("tandem: "));
    assert!(complaint.is_some_and(|line| line.contains(&smtp)), "{taken:?}");
}

#[test]
fn desk_files_are_applied_at_the_start() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let (data, good, bad) = (
        directory.path().join("data"),
        directory.path().join("good.yaml"),
        directory.path().join("bad.yaml"),
    );
    fs::write(&good, desk_file("acme")).expect("written");
    fs::write(&bad, "desk: acme\ncolour: red\n").expect("written");
    let up = |file: &Path| {
        let addresses = FREE_PORTS;
        let (data, file) = (data.display().to_string(), file.display().to_string());
        let arguments = ["up", "--data-dir", &data, "--desk", &file];
        Program::start(&[&arguments[..], &addresses].concat())
    };
    let program = up(&good);
    program.line_with("desk acme: version 1 is in force");
    program.signal("TERM");
    assert_eq!(program.end().code, 0);
    let refused = up(&bad).end();
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.err.contains("2:1 colour"), "{refused:?}");
}

#[test]
fn what_is_secret_is_for_its_owner_only() {
    let server = Server::empty();
    let mode = |path: &str| {
        let metadata = fs::metadata(server.data.join(path)).expect(path);
        metadata.permissions().mode() & 0o777
    };
    for file in ["auth/admin.token", "auth/tandem.key", "auth/ingest.secret"] {
        assert_eq!(mode(file), 0o600, "{file}");
    }
    assert_eq!((mode(""), mode("auth")), (0o700, 0o700));
}

#[test]
fn a_signal_ends_it_in_good_order() {
    for signal in ["TERM", "INT"] {
        let server = Server::with_a_desk();
        server.program.signal(signal);
        assert_eq!(server.program.end().code, 0, "{signal}");
    }
}

#[test]
fn a_second_signal_cuts_off_what_would_not_end() {
    let server = Server::with_a_desk();
    let mut session = smtp_session(&server);
    let mut answers = BufReader::new(session.try_clone().expect("a second handle")).lines();
    let mut say = |line: &str, code: &str| {
        session.write_all(line.as_bytes()).expect("sent");
        let answer = answers.find(|answer| answer.as_ref().is_ok_and(|answer| answer.starts_with(code)));
        assert!(answer.is_some(), "{line} was not answered with {code}");
    };
    say("", "220 ");
    say("EHLO x.example\r\n", "250 ");
    say("MAIL FROM:<a@x.example>\r\n", "250 ");
    say("RCPT TO:<help@acme.example>\r\n", "250 ");
    say("DATA\r\n", "354 ");
    server.program.signal("INT");
    server.program.error_with("running work may finish");
    server.program.signal("INT");
    assert_eq!(server.program.end().code, 130);
}

#[test]
fn a_reader_who_has_gone_away_ends_a_command_quietly() {
    let server = Server::with_a_desk();
    for arguments in [&["agents"][..], &["tickets", "--output", "json"]] {
        let (reader, writer) = pipe().expect("a pipe");
        drop(reader);
        let mut command = command(&server.with_data(arguments));
        let ended = command.stdout(writer).output().expect("run");
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
        assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
    }
}
