//! `tandem apply`

use std::fs;

use serde_json::json;

use crate::support::{Server, desk_file, run_with_input};

const FAULTY: &str = "\
desk: acme
languages: [de, en]
colour: red
teams: {inside: {}}
channels:
  email: {accounts: {help: {addresses: [help@acme.example], queue: genral}}}
agents:
  ana: {teams: [insde], languages: {en: C1}}
queues:
  general: {teams: [inside]}
";

#[test]
fn every_fault_is_told_with_its_place_and_nothing_changes() {
    let server = Server::with_a_desk();
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("faulty.yaml");
    fs::write(&file, FAULTY).expect("written");
    let file = file.to_str().expect("a path in UTF-8");
    for arguments in [&["apply", file][..], &["apply", file, "--dry-run"]] {
        let refused = server.ask(arguments);
        assert_eq!((refused.code, refused.out.as_str()), (1, ""), "{refused:?}");
        assert!(refused.err.contains("faulty.yaml: "), "{refused:?}");
        for place in [
            "3:1 colour",
            "6:68 channels.email.accounts.help.queue",
            "8:17 agents.ana.teams",
        ] {
            assert!(refused.err.contains(place), "{place}: {refused:?}");
        }
    }
    assert!(server.apply(&desk_file("acme")).well().contains("nothing changes"));
}

#[test]
fn a_file_that_does_not_say_whose_it_is_is_faulty() {
    let refused = Server::empty().apply("languages: [en]\n");
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.err.contains("desk"), "{refused:?}");
}

#[test]
fn a_dry_run_shows_the_difference_and_changes_nothing() {
    let server = Server::with_a_desk();
    let richer = desk_file("acme").replace("languages: {en: C2}}", "languages: {en: C2}, capacity: 5}");
    let arguments = server.with_data(&["apply", "-", "--dry-run"]);
    let shown = run_with_input(&arguments, &richer).well();
    assert!(shown.starts_with("desk acme: would change\n"), "{shown}");
    assert!(shown.contains("agent ben: capacity 2 → 5"), "{shown}");
    assert_eq!(capacity_of_ben(&server), 2);
    let applied = server.apply(&richer).well();
    assert!(applied.starts_with("desk acme: version 2 is in force\n"), "{applied}");
    assert_eq!(capacity_of_ben(&server), 5);
}

fn capacity_of_ben(server: &Server) -> u64 {
    let agents = server.json(&["agents"]);
    let mut agents = agents.as_array().expect("a list").iter();
    let ben = agents.find(|agent| agent["agent"] == "ben").expect("ben");
    ben["capacity_units"].as_u64().expect("a number")
}

#[test]
fn programs_are_told_in_json() {
    let server = Server::empty();
    let arguments = server.with_data(&["apply", "-", "--output", "json"]);
    let first = run_with_input(&arguments, &desk_file("acme")).json();
    let again = run_with_input(&arguments, &desk_file("acme")).json();
    let keys: Vec<_> = first.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["changes", "desk", "dry_run", "unchanged", "version", "warnings"]);
    assert_eq!((&first["version"], &first["unchanged"]), (&json!(1), &json!(false)));
    assert_eq!((&again["version"], &again["unchanged"]), (&json!(1), &json!(true)));
}

#[test]
fn a_file_that_cannot_be_read_is_a_wrong_argument() {
    Server::empty()
        .ask(&["apply", "/nowhere/desk.yaml"])
        .complains(2, "cannot read /nowhere/desk.yaml");
}
