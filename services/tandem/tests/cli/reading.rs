//! `tandem tickets`, `explain`, `ticket`, `agents`, `messages`, `parked`

use serde_json::Value;

use crate::support::{Server, desk_file, run};

fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect()
}

const TICKET: [&str; 19] = [
    "answered_at",
    "changed_at",
    "channel",
    "language",
    "messages",
    "offer",
    "offered_to",
    "opened_at",
    "owner",
    "priority",
    "queue",
    "skills",
    "state",
    "status",
    "tags",
    "ticket",
    "undelivered",
    "unservable",
    "waiting_since",
];

#[test]
fn programs_can_rely_on_the_keys() {
    let server = Server::with_a_desk();
    let tickets = server.ticket("parcel");
    assert_eq!(keys(&tickets[0]), TICKET);
    assert_eq!(
        (&tickets[0]["ticket"], &tickets[0]["state"]),
        (&"T1".into(), &"queued".into())
    );
    let explained = server.json(&["explain", "T1"]);
    let expected = [
        "agents",
        "candidates",
        "changes",
        "chosen",
        "estimated_wait_seconds",
        "fit",
        "next_change_at",
        "position",
        "queue_position",
        "steps",
        "summary",
        "ticket",
        "wishes",
    ];
    assert_eq!(keys(&explained), expected);
    assert_eq!(keys(&explained["candidates"][0]), ["agent", "lacks", "rank"]);
    let agents = server.json(&["agents"]);
    let expected = [
        "agent",
        "capacity_units",
        "missed_offers",
        "presence",
        "tickets",
        "used_units",
    ];
    assert_eq!(keys(&agents[0]), expected);
    let messages = server.json(&["messages", "--ticket", "T1"]);
    let expected = [
        "author",
        "direction",
        "from",
        "gaps",
        "language",
        "message",
        "received_at",
        "subject",
        "ticket",
        "unrouted_reason",
    ];
    assert_eq!(keys(&messages[0]), expected);
    assert_eq!(
        (&messages[0]["subject"], &messages[0]["ticket"]),
        (&"parcel".into(), &"T1".into())
    );
    assert_eq!(server.json(&["messages", "--unrouted"]), Value::Array(Vec::new()));
    assert_eq!(server.json(&["parked"]), Value::Array(Vec::new()));
}

#[test]
fn people_get_tables_and_sentences() {
    let server = Server::with_a_desk();
    assert_eq!(server.ask(&["tickets"]).well(), "no tickets\n");
    assert_eq!(server.ask(&["messages"]).well(), "no messages\n");
    assert_eq!(server.ask(&["parked"]).well(), "nothing is parked\n");
    server.ticket("parcel");
    let tickets = server.ask(&["tickets"]).well();
    let lines: Vec<_> = tickets.lines().collect();
    assert!(lines[0].starts_with("TICKET  STATE   STATUS"), "{tickets}");
    assert!(lines[1].starts_with("T1      queued  open"), "{tickets}");
    let agents = server.ask(&["agents"]).well();
    assert!(agents.contains("\nana    offline   0/2    0\n"), "{agents}");
    let explained = server.ask(&["explain", "1"]).well();
    assert!(
        explained.starts_with("T1 is queued (open), normal priority\n"),
        "{explained}"
    );
    assert!(explained.contains("\nwaits: 2 agents fit, none is free"), "{explained}");
    assert!(explained.contains("ana    is offline\n"), "{explained}");
    let messages = server.ask(&["messages"]).well();
    assert!(messages.contains("customer@customers.example  parcel"), "{messages}");
}

#[test]
fn lists_can_be_narrowed() {
    let server = Server::with_a_desk();
    server.ticket("one");
    server.ticket("two");
    let count = |arguments: &[&str]| server.json(arguments).as_array().map(Vec::len);
    assert_eq!(count(&["tickets", "--state", "queued,on_hold"]), Some(2));
    assert_eq!(count(&["tickets", "--state", "done"]), Some(0));
    assert_eq!(count(&["tickets", "--queue", "general"]), Some(2));
    assert_eq!(count(&["tickets", "--agent", "ana"]), Some(0));
    assert_eq!(count(&["tickets", "--limit", "1"]), Some(1));
    assert_eq!(count(&["messages", "--ticket", "2"]), Some(1));
}

#[test]
fn a_ticket_is_moved_on_and_a_refusal_says_why() {
    let server = Server::with_a_desk();
    server.ticket("parcel");
    assert_eq!(
        server.ask(&["ticket", "resolve", "T1"]).well(),
        "T1 is done (resolved)\n"
    );
    assert_eq!(server.ask(&["ticket", "reopen", "1"]).well(), "T1 is queued (open)\n");
    server
        .ask(&["ticket", "hold", "T1"])
        .complains(1, "ticket T1 is queued");
    server
        .ask(&["ticket", "transfer", "T1"])
        .complains(2, "--to-queue QUEUE or --to-agent AGENT");
    let unknown = server.ask(&["ticket", "transfer", "T1", "--to-queue", "genral"]);
    unknown.complains(2, "did you mean `general`?");
    server
        .ask(&["ticket", "prioritize", "T1"])
        .complains(2, "say how urgent it is with --priority");
    let urgent = server.json(&["ticket", "prioritize", "T1", "--priority", "urgent"]);
    assert_eq!(urgent["priority"], "urgent");
    let offline = server.ask(&["ticket", "transfer", "T1", "--to-agent", "ana"]);
    offline.complains(1, "is offline");
    let json = server.json(&["ticket", "cancel", "T1"]);
    assert_eq!(keys(&json), TICKET);
}

#[test]
fn one_of_several_desks_must_be_named() {
    let server = Server::with_three_desks();
    server
        .ask(&["tickets"])
        .complains(2, "name one of the desks with --desk: acme, globex, initech");
    assert_eq!(server.ask(&["tickets", "--desk", "globex"]).well(), "no tickets\n");
    server.ask(&["tickets", "--desk", "umbrella"]).complains(2, "umbrella");
}

#[test]
fn before_the_first_desk_it_says_how_to_make_one() {
    Server::empty()
        .ask(&["tickets"])
        .complains(2, "apply a desk file with `tandem apply FILE`");
}

#[test]
fn wrong_words_are_told_what_is_allowed() {
    let server = Server::with_a_desk();
    server
        .ask(&["explain", "seven"])
        .complains(2, "`seven` is not a ticket: use T17 or 17");
    server.ask(&["explain", "T7"]).complains(2, "T7");
    let state = server.ask(&["tickets", "--state", "waiting"]);
    assert_eq!(state.code, 2);
    assert!(state.err.contains("[possible values: queued, offered,"), "{state:?}");
    server
        .ask(&["parked", "--retry", "x"])
        .complains(1, "`x` is not parked (any more)");
}

#[test]
fn where_nobody_answers_it_says_what_to_do() {
    let stopped = Server::with_a_desk().stop();
    let data = stopped.data.display().to_string();
    for command in [
        &["tickets"][..],
        &["agents"],
        &["messages"],
        &["explain", "1"],
        &["work", "ana"],
    ] {
        let nobody = run(&[command, &["--data-dir", &data]].concat());
        nobody.complains(3, "start it with `tandem up`");
    }
    let never = run(&["tickets", "--data-dir", "/nowhere"]);
    never.complains(3, "start one with `tandem up`");
    let token = format!("{data}/auth/admin.token");
    run(&["tickets", "--server", "nonsense", "--token-file", &token]).complains(2, "`nonsense` is not an address");
}

#[test]
fn a_file_is_told_apart_from_a_desk_that_is_not_the_callers() {
    let server = Server::with_a_desk();
    let foreign = desk_file("acme").replace("desk: acme", "desk: globex");
    assert!(server.apply(&foreign).well().contains("desk globex: version 1"));
}
