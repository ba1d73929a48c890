//! `tandem clocks`, `escalations`, `ack`, `preview`, `notifications`

use serde_json::Value;

use crate::support::{Server, desk_file, eventually};

/// Nobody accepts in time, and whoever is to be told has a secret that is not there.
const PROMISES: &str = "\
contacts: {lead: {webhook: \"https://hooks.acme.example/x\", secret: lead}}
ladders:
  unanswered:
    - {at: breach, raise_priority: high, tell: lead}
    - {at: breach + 5h, tell: lead}
sla:
  - name: all
    targets: {accept: 1s, resolution: 8h}
    ladders: {accept: unanswered}
";

fn server() -> Server {
    let server = Server::empty();
    server.apply(&format!("{}{PROMISES}", desk_file("acme"))).well();
    server
}

fn first(server: &Server, arguments: &[&str]) -> Value {
    eventually("it is listed", || {
        let listed = server.json(arguments);
        listed.as_array().and_then(|rows| rows.first().cloned())
    })
}

#[test]
fn a_clock_breaches_climbs_and_is_taken_care_of() {
    let server = server();
    server.ticket("parcel");
    let breached = first(&server, &["clocks", "--state", "breached"]);
    assert_eq!(
        (&breached["ticket"], &breached["clock"]),
        (&"T1".into(), &"accept".into())
    );
    assert!(
        breached["left_seconds"].as_i64().is_some_and(|left| left <= 0),
        "{breached}"
    );
    let escalation = first(&server, &["escalations", "--open"]);
    assert_eq!(
        (&escalation["escalation"], &escalation["rungs"][0]["rung"]),
        (&"E1".into(), &1.into())
    );
    let told = first(&server, &["notifications"]);
    assert_eq!((&told["contact"], &told["escalation"]), (&"lead".into(), &"E1".into()));
    let id = told["notification"].as_str().expect("an id");
    let retry = ["notifications", "--retry", id];
    eventually("nobody else has it in hand", || {
        Some(server.ask(&retry)).filter(|retried| retried.code == 0)
    });
    let taken = server.ask(&["ack", "E1"]).well();
    assert_eq!(taken, "E1 of T1 is acknowledged by admin\n");
    assert_eq!(server.json(&["escalations", "--open"]), Value::Array(Vec::new()));
    eventually("the effect has come to the router", || {
        Some(server.tickets()).filter(|tickets| tickets[0]["priority"] == "high")
    });
    for (arguments, words) in [
        (&["clocks"][..], "accept      breached"),
        (&["escalations"], "E1          T1      accept"),
        (&["notifications"], "lead"),
    ] {
        let text = server.ask(arguments).well();
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn lists_can_be_narrowed_and_empty_ones_say_so() {
    let server = server();
    server.ticket("parcel");
    first(&server, &["clocks"]);
    let count = |arguments: &[&str]| server.json(arguments).as_array().map(Vec::len);
    assert_eq!(count(&["clocks", "--ticket", "T1"]), Some(2));
    assert_eq!(count(&["clocks", "--state", "met"]), Some(0));
    assert_eq!(count(&["clocks", "--queue", "general", "--limit", "1"]), Some(1));
    assert_eq!(server.ask(&["clocks", "--state", "met"]).well(), "no clocks\n");
    assert_eq!(server.ask(&["escalations", "--ticket", "7"]).well(), "no escalations\n");
    assert_eq!(
        server.ask(&["notifications", "--failed"]).well(),
        "nobody is still to be told\n"
    );
    assert_eq!(server.ask(&["clocks", "--state", "late"]).code, 2);
    server
        .ask(&["ack", "five"])
        .complains(2, "`five` is not an escalation: use E3 or 3");
    server.ask(&["ack", "E99"]).complains(2, "E99");
}

#[test]
fn it_can_be_asked_what_would_happen() {
    let server = server();
    server.ticket("parcel");
    first(&server, &["clocks"]);
    let at = ["--opened-at", "2026-03-02T09:00:00Z"];
    let described = server.json(&[&["preview", "--queue", "general"][..], &at].concat());
    assert_eq!(described["policy"], "all");
    assert_eq!(described["clocks"][0]["deadline"], "2026-03-02T09:00:01Z");
    assert_eq!(described["clocks"][0]["rungs"][1]["due_at"], "2026-03-02T14:00:01Z");
    let text = server
        .ask(&[&["preview", "--queue", "general"][..], &at].concat())
        .well();
    assert!(text.starts_with("policy all\n"), "{text}");
    assert!(
        text.contains("2026-03-02T14:00:01Z  accept: rung 2 of unanswered"),
        "{text}"
    );
    assert_eq!(server.json(&["preview", "T1"])["policy"], "all");
    assert_eq!(server.ask(&["preview"]).code, 2);
}
