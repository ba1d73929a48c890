//! `tandem metrics`, `tandem watch`

use serde_json::Value;

use crate::support::{Program, Server, eventually};

fn measured(server: &Server, arguments: &[&str]) -> Vec<Value> {
    eventually("it is measured", || {
        let rows = server.json(arguments);
        rows.as_array().cloned().filter(|rows| !rows.is_empty())
    })
}

#[test]
fn what_happened_is_measured_and_told_apart() {
    let server = Server::with_a_desk();
    server.ticket("parcel");
    let rows = measured(&server, &["metrics"]);
    assert_eq!((&rows[0]["received"], &rows[0]["waiting"]), (&1.into(), &1.into()));
    let rows = measured(
        &server,
        &[
            "metrics",
            "--by",
            "queue,channel",
            "--interval",
            "minute",
            "--last",
            "1h",
        ],
    );
    assert_eq!(
        (&rows[0]["queue"], &rows[0]["channel"]),
        (&"general".into(), &"email".into())
    );
    let text = server.ask(&["metrics", "--by", "queue"]).well();
    assert!(
        text.starts_with("OF       IN  ACCEPTED") && text.contains("\ngeneral  1   0"),
        "{text}"
    );
    let none = server.ask(&["metrics", "--channel", "chat"]).well();
    assert_eq!(none, "nothing was measured in that time\n");
    assert_eq!(server.ask(&["metrics", "--from", "yesterday"]).code, 2);
}

#[test]
fn a_desk_is_watched_once_for_scripts() {
    let server = Server::with_a_desk();
    server.ticket("parcel");
    let board = eventually("it is on the board", || {
        let board = server.json(&["watch", "--once"]);
        Some(board).filter(|board| board["queues"][0]["waiting"] == 1)
    });
    let keys: Vec<_> = board.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["agents", "at", "clocks", "desk", "events", "queues", "today"]);
    assert_eq!(
        (&board["desk"], &board["today"]["received"]),
        (&"acme".into(), &1.into())
    );
    assert_eq!(board["agents"][0]["presence"], "offline");
    let opened = board["events"]
        .as_array()
        .expect("events")
        .iter()
        .any(|event| event["what"] == "opened");
    assert!(opened, "{board}");
    let text = server.ask(&["watch", "--once"]).well();
    assert!(text.contains("\ngeneral  1        "), "{text}");
    assert!(
        text.ends_with("today: 1 received, 0 accepted, 0 resolved, 0 abandoned\n"),
        "{text}"
    );
}

#[test]
fn a_program_is_told_of_every_change() {
    let server = Server::with_a_desk();
    let watch = Program::start(&server.with_data(&["watch", "--output", "json"]));
    watch.line_with(r#""received":0"#);
    server.ticket("parcel");
    watch.line_with(r#""received":1"#);
    watch.signal("INT");
    assert_eq!(watch.end().code, 0);
}

#[test]
fn without_a_terminal_it_says_what_there_is() {
    let server = Server::with_a_desk();
    server.ask(&["watch"]).complains(2, "show the desk once with --once");
}
