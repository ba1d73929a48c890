//! `tandem demo`

use serde_json::Value;

use crate::support::{Program, run};

#[test]
fn the_demo_comes_to_its_end_with_everybody_served_and_speaks_json() {
    let ended = run(&["demo", "--output", "json", "--speed", "200"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let lines = ended.out.lines().map(|line| {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        value
    });
    let mut lines: Vec<_> = lines.collect();
    let summary = lines.pop().expect("a summary");
    assert!(
        lines
            .iter()
            .all(|line| line["event"].is_string() && line["text"].is_string())
    );
    assert_eq!(summary["mails_accepted"], summary["mails_sent"]);
    assert_eq!(summary["audit_findings"], 0);
    assert!(summary["tickets"].as_u64() > Some(40), "{summary}");
    assert!(summary["chat_messages"].as_u64() > Some(8), "{summary}");
    assert!(summary["answers"].as_u64() > Some(40), "{summary}");
    assert_eq!(
        summary["answers"].as_u64(),
        Some(summary["delivered"].as_u64().unwrap_or(0) + summary["undelivered"].as_u64().unwrap_or(0))
    );
    assert_eq!(summary["webhooks"]["refused"], 0);
    let channels = summary["measures"].as_array().expect("measures");
    let received: u64 = channels.iter().filter_map(|row| row["received"].as_u64()).sum();
    assert_eq!(Some(received), summary["tickets"].as_u64());
    assert!(
        summary["tickets_by_language"].as_object().map(serde_json::Map::len) >= Some(6),
        "{summary}"
    );
}

#[test]
fn it_can_be_kept_to_look_around_and_then_leaves_nothing_behind() {
    let demo = Program::start(&["demo", "--keep", "--speed", "200"]);
    let line = demo.line_with("messages --unrouted");
    let data = line.split(' ').find(|word| word.starts_with('/')).expect("a path");
    demo.line_with("work ana");
    let unrouted = run(&["messages", "--unrouted", "--output", "json", "--data-dir", data]).json();
    assert_eq!(unrouted.as_array().map(Vec::len), Some(2));
    demo.signal("INT");
    assert_eq!(demo.end().code, 0);
    assert!(!std::path::Path::new(data).exists());
}
