//! `tandem token`, and who may do what with one.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use tandem_domain::{Clock, Role};
use tandem_service_kit::auth::{DeskScope, Grant, Signer};
use tandem_service_kit::ids::SystemClock;

use crate::support::{Server, desk_file, run, run_with_input};

/// Makes a token and writes it to a file beside the data.
fn token(server: &Server, role: &str, subject: &str, desks: &str) -> String {
    let made = server.ask(&["token", "--role", role, "--subject", subject, "--desks", desks]);
    keep(server, &made.well())
}

fn keep(server: &Server, token: &str) -> String {
    let path: PathBuf = server.data.with_file_name("token");
    fs::write(&path, token).expect("written");
    path.display().to_string()
}

#[test]
fn a_token_opens_its_desks_to_its_role_and_nothing_else() {
    let server = Server::with_three_desks();
    let reader = token(&server, "reader", "auditor", "acme,globex");
    let ask = |arguments: &[&str]| server.ask(&[arguments, &["--token-file", &reader]].concat());
    assert_eq!(ask(&["tickets", "--desk", "acme"]).well(), "no tickets\n");
    ask(&["tickets", "--desk", "initech"]).complains(4, "the token does not name this desk");
    ask(&["tickets"]).complains(2, "acme, globex");
    let arguments = server.with_data(&["apply", "-", "--token-file", &reader]);
    run_with_input(&arguments, &desk_file("acme")).complains(4, "the role reader may not do this");
}

#[test]
fn an_agent_works_as_nobody_else() {
    let server = Server::with_a_desk();
    let ana = token(&server, "agent", "ana", "acme");
    let ask = |arguments: &[&str]| server.ask(&[arguments, &["--token-file", &ana]].concat());
    assert!(ask(&["work", "ana"]).well().contains("ana goes offline: done"));
    ask(&["work", "ben"]).complains(4, "an agent acts only as itself");
}

#[test]
fn a_token_says_until_when_it_is_good() {
    let server = Server::with_a_desk();
    let made = server.json(&[
        "token",
        "--role",
        "admin",
        "--subject",
        "me",
        "--desks",
        "*",
        "--ttl",
        "30d",
    ]);
    let keys: Vec<_> = made.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["expires_at", "token"]);
    let everything = keep(&server, made["token"].as_str().expect("text"));
    server
        .ask(&["tickets", "--desk", "acme", "--token-file", &everything])
        .well();
}

#[test]
fn tokens_that_are_none_too_old_or_a_strangers_open_nothing() {
    let server = Server::with_a_desk();
    let tickets = |token: &str| server.ask(&["tickets", "--token-file", token]);
    tickets("/nowhere/token").complains(4, "no token in /nowhere/token");
    tickets(&keep(&server, "")).complains(4, "the file is empty");
    tickets(&keep(&server, "open sesame")).complains(4, "what it holds is none");
    tickets(&keep(&server, "sesame")).complains(4, "the token is not valid");
    tickets(&keep(&server, &minted_long_ago(&server))).complains(4, "expired");
    let stranger = Server::empty();
    let foreign = stranger.ask(&["token", "--role", "admin", "--subject", "me", "--desks", "*"]);
    tickets(&keep(&server, &foreign.well())).complains(4, "the token is not valid");
}

fn minted_long_ago(server: &Server) -> String {
    let signer = Signer::open(&server.data.join("auth")).expect("the server's key");
    let grant = Grant {
        role: Role::Admin,
        subject: "me".to_owned(),
        desks: DeskScope::Named(BTreeSet::from(["acme".parse().expect("a key")])),
    };
    let long_ago = SystemClock.now().minus(Duration::from_hours(2));
    signer.mint(&grant, Duration::from_hours(1), long_ago).expect("a token")
}

#[test]
fn wrong_words_are_told_what_is_allowed() {
    let server = Server::with_a_desk();
    let make = |role: &str, subject: &str, desks: &str, ttl: &str| {
        let arguments = [
            "token",
            "--role",
            role,
            "--subject",
            subject,
            "--desks",
            desks,
            "--ttl",
            ttl,
        ];
        server.ask(&arguments)
    };
    let role = make("boss", "me", "*", "1h");
    assert_eq!(role.code, 2);
    assert!(role.err.contains("[possible values: admin, supervisor,"), "{role:?}");
    let ttl = make("admin", "me", "*", "soon");
    assert_eq!(ttl.code, 2);
    assert!(ttl.err.contains("use a time such as 90s, 12h or 30d"), "{ttl:?}");
    make("admin", "me", "Not A Desk", "1h").complains(2, "Not A Desk");
    make("agent", "Not An Agent", "acme", "1h").complains(2, "the agent's key");
    let nowhere = run(&[
        "token",
        "--role",
        "admin",
        "--subject",
        "me",
        "--desks",
        "*",
        "--data-dir",
        "/nowhere",
    ]);
    nowhere.complains(2, "run `tandem up` once");
}
