//! `tandem timeline`, `explain --at`, `simulate`, and what they tell of tickets that were merged and split.

use serde_json::Value;

use crate::support::{Program, Server, desk_file, eventually, run_with_input};

/// Ana took and resolved a ticket.
fn with_a_served_ticket() -> Server {
    let server = Server::with_a_desk();
    server.ticket("parcel");
    let mut ana = Program::start(&server.with_data(&["work", "ana"]));
    ana.line_with("OFFER O1: T1");
    ana.type_in("a O1\n");
    ana.line_with("accept O1: done");
    ana.type_in("r T1\nf T1\nx\n");
    ana.line_with("ana goes offline: done");
    assert_eq!(ana.end().code, 0);
    server
}

/// The entry of a kind.
fn entry<'a>(told: &'a Value, kind: &str) -> &'a Value {
    let entries = told["entries"].as_array().expect("a list");
    let found = entries.iter().find(|entry| entry["kind"] == kind);
    found.unwrap_or_else(|| panic!("{kind} in {told}"))
}

#[test]
fn what_happened_to_a_ticket_is_told_and_explained_as_it_was() {
    let server = with_a_served_ticket();
    let told = server.json(&["timeline", "T1"]);
    assert_eq!(told["left_out"], 0);
    assert_eq!(entry(&told, "OfferIssued")["offer"], "O1");
    let accepted = entry(&told, "OfferAccepted");
    assert_eq!(accepted["actor"], "ana");
    let text = server.ask(&["timeline", "1"]).well();
    assert!(text.contains("ana accepted it"), "{text}");
    let short = server.json(&["timeline", "1", "--limit", "1"]);
    assert_eq!(short["entries"].as_array().map(Vec::len), Some(1));
    assert!(short["left_out"].as_u64() > Some(2), "{short}");

    let seq = accepted["seq"].to_string();
    let then = server.json(&["explain", "T1", "--at", &seq]);
    assert_eq!(then["ticket"]["state"], "assigned");
    let offered = server.json(&["explain", "T1", "--at", "O1"]);
    assert_eq!(offered["ticket"]["state"], "offered");
    assert_eq!(offered["candidates"][0]["agent"], "ana");
}

#[test]
fn moments_that_never_were_are_refused() {
    let server = with_a_served_ticket();
    for (moment, words) in [
        ("yesterday", "no moment"),
        ("O7", "O7"),
        ("1", "T1"),
        ("9999", "the last record"),
    ] {
        server.ask(&["explain", "T1", "--at", moment]).complains(2, words);
    }
    server.ask(&["timeline", "T9"]).complains(2, "T9");
}

#[test]
fn history_comes_out_the_same_and_other_files_are_tried() {
    let server = with_a_served_ticket();
    let same = server.json(&["simulate"]);
    assert_eq!((&same["exact"], &same["simulated"]), (&true.into(), &Value::Null));
    assert_eq!(same["recorded"]["whole"]["accepted"], 1);
    let text = server.ask(&["simulate"]).well();
    assert!(text.contains("comes out exactly as it was"), "{text}");

    let before = server.json(&["timeline", "T1"]);
    let without_ana = desk_file("acme").replace("de: C2, en: C1", "de: C2");
    let arguments = server.with_data(&["--output", "json", "simulate", "--file", "-"]);
    let tried = run_with_input(&arguments, &without_ana).json();
    assert_eq!(tried["exact"], false);
    assert!(tried["simulated"]["whole"]["tickets"].is_u64(), "{tried}");
    assert!(!tried["assumptions"].as_array().expect("a list").is_empty());
    assert_eq!(server.json(&["timeline", "T1"]), before, "nobody notices");

    let arguments = server.with_data(&["simulate", "--file", "-"]);
    let other_desk = run_with_input(&arguments, &desk_file("globex"));
    assert_eq!(other_desk.code, 2, "{other_desk:?}");
    assert!(other_desk.err.contains("globex"), "{other_desk:?}");
    server.ask(&["simulate", "--version", "9"]).complains(2, "9");
}

#[test]
fn tickets_are_merged_and_split_and_both_stories_tell_it() {
    let server = Server::with_a_desk();
    server.ticket("parcel");
    server.ticket("invoice");
    server.ask(&["merge", "T1", "T2"]).well();
    let told = server.json(&["timeline", "T2"]);
    assert!(entry(&told, "TicketMerged")["what"].is_string());
    server.ask(&["ticket", "cancel", "T1"]).complains(1, "T2");
    let messages = eventually("the messages follow", || {
        let messages = server.json(&["messages", "--ticket", "T2"]);
        Some(messages).filter(|messages| messages.as_array().map(Vec::len) == Some(2))
    });
    let moved = messages[0]["message"].as_str().expect("an id").to_owned();
    let split = server.json(&["split", "T2", &moved]);
    assert_eq!(split["ticket"], "T3", "{split}");
    eventually("it is listed there", || {
        let messages = server.json(&["messages", "--ticket", "T3"]);
        Some(messages).filter(|messages| messages[0]["message"] == moved.as_str())
    });
    let told = server.json(&["timeline", "T3"]);
    assert!(entry(&told, "TicketSplit")["what"].is_string());
    assert!(server.json(&["explain", "T3"])["summary"].is_string());
}
