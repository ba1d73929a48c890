//! `tandem work`

use serde_json::Value;

use crate::support::{Program, Server, eventually};

#[test]
fn an_agent_works_from_the_terminal() {
    let server = Server::with_a_desk();
    server.ticket("parcel");
    let mut ana = Program::start(&server.with_data(&["work", "ana"]));
    ana.line_with("OFFER O1: T1");
    ana.type_in("a O1\n");
    ana.line_with("accept O1: done");
    ana.type_in("h T1\nu T1\nr T1\nf T1\nx\n");
    for said in [
        "hold T1: done",
        "resume T1: done",
        "resolve T1: done",
        "finish T1: done",
        "ana goes offline: done",
    ] {
        ana.line_with(said);
    }
    assert_eq!(ana.end().code, 0);
    assert_eq!(server.tickets()[0]["state"], "done");
    assert_eq!(server.json(&["agents"])[0]["presence"], "offline");
}

#[test]
fn an_agent_reads_and_answers_in_the_terminal() {
    let server = Server::with_a_desk();
    server.ticket("parcel");
    let mut ana = Program::start(&server.with_data(&["work", "ana"]));
    ana.line_with("Good morning, where is the parcel");
    ana.type_in("a 1\nnote 1 He has written before.\nsay 1\nGood morning,\nit is on its way.\n.\n");
    for said in [
        "accept O1: done",
        "note T1: done",
        "write; a single dot",
        "say T1: done",
    ] {
        ana.line_with(said);
    }
    let read = eventually("what was written is listed", || {
        Some(server.json(&["read", "T1"])).filter(|read| read.as_array().map(Vec::len) == Some(3))
    });
    ana.type_in("t 1\n");
    for said in ["ana notes for colleagues", "ana answers", "  it is on its way."] {
        ana.line_with(said);
    }
    ana.type_in("say 1\nThis has no end\n");
    ana.close_input();
    let ended = ana.end();
    assert!(ended.out.contains("say T1: not sent"), "{ended:?}");
    let authors: Vec<_> = read
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| row["author"].clone())
        .collect();
    assert_eq!(authors, ["", "ana", "ana"]);
}

#[test]
fn what_is_piped_in_is_done_in_order() {
    let server = Server::with_a_desk();
    server.ticket("parcel");
    let mut ana = Program::start(&server.with_data(&["work", "ana"]));
    ana.line_with("OFFER O1");
    ana.type_in("a 1\nr 1\nf 1\n");
    ana.close_input();
    let ended = ana.end();
    assert_eq!(ended.code, 0, "{ended:?}");
    let said = [
        "accept O1: done",
        "resolve T1: done",
        "finish T1: done",
        "ana goes offline: done",
    ];
    let places: Vec<_> = said.iter().map(|line| ended.out.find(line)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{ended:?}");
}

#[test]
fn a_refusal_and_a_slip_of_the_finger_are_told_and_work_goes_on() {
    let server = Server::with_a_desk();
    let mut ana = Program::start(&server.with_data(&["work", "ana"]));
    ana.line_with("nothing to do");
    ana.type_in("a O9\nd O9 bored\nr T9\njump\naway\nx\n");
    for said in [
        "accept O9: offer O9 is over",
        "d O9 bored: `bored` is not a reason",
        "resolve T9: ",
        "jump: not understood",
        "presence: done",
        "ana goes offline: done",
    ] {
        ana.line_with(said);
    }
    assert_eq!(ana.end().code, 0);
}

#[test]
fn offers_can_be_taken_as_they_come() {
    let server = Server::with_a_desk();
    let mut ana = Program::start(&server.with_data(&["work", "ana", "--auto-accept"]));
    server.ticket("parcel");
    ana.line_with("accept O1: done");
    ana.type_in("r T1\n");
    ana.close_input();
    assert_eq!(ana.end().code, 0);
}

#[test]
fn programs_read_a_line_of_json_for_everything() {
    let server = Server::with_a_desk();
    server.ticket("parcel");
    let mut ana = Program::start(&server.with_data(&["work", "ana", "--output", "json"]));
    let offered = ana.lines_until("\"offer\":1,\"ticket\"");
    ana.type_in("a 1\njump\nx\n");
    let rest = ana.end();
    for line in offered.iter().map(String::as_str).chain(rest.out.lines()) {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(value.is_object(), "{line}");
    }
    assert!(
        rest.out.contains(r#"{"action":"accept O1","failure":null}"#),
        "{rest:?}"
    );
}

#[test]
fn nobody_works_who_is_not_on_the_desk() {
    Server::with_a_desk().ask(&["work", "eve"]).complains(2, "eve");
}

#[test]
fn the_end_of_the_server_is_the_end_of_work() {
    let server = Server::with_a_desk();
    let ana = Program::start(&server.with_data(&["work", "ana"]));
    ana.line_with("ana · online");
    server.stop();
    let ended = ana.end();
    assert_eq!(ended.code, 3, "{ended:?}");
}
