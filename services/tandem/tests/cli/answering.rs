//! `tandem reply`, `note`, `read`, `deliveries`

use serde_json::{Value, json};

use crate::support::{Server, eventually, run_with_input};

#[test]
fn a_ticket_is_answered_and_noted_on_and_all_of_it_can_be_read() {
    let server = Server::with_a_desk();
    server.ticket("parcel");
    let answered = server
        .ask(&["reply", "T1", "It is on its way.", "--then", "resolve"])
        .well();
    assert_eq!(answered, "answered; T1 is done (resolved)\n");
    let noted = run_with_input(&server.with_data(&["note", "1", "-"]), "Ask the carrier,\ntomorrow.\n");
    assert_eq!(noted.well(), "noted on T1\n");
    let read = eventually("both are listed", || {
        Some(server.json(&["read", "T1"])).filter(|read| read.as_array().map(Vec::len) == Some(3))
    });
    let directions: Vec<_> = (0..3).map(|place| read[place]["direction"].clone()).collect();
    assert_eq!(directions, ["inbound", "answer", "note"]);
    assert_eq!(read[2]["text"], "Ask the carrier,\ntomorrow.\n");
    let text = server.ask(&["read", "1"]).well();
    assert!(
        text.contains("customer@customers.example · parcel\n  Good morning"),
        "{text}"
    );
    assert!(
        text.contains("a supervisor notes for colleagues\n  Ask the carrier,\n  tomorrow."),
        "{text}"
    );
}

#[test]
fn an_answer_that_does_not_arrive_is_told_on_the_ticket() {
    let server = Server::with_a_desk();
    server.ticket("parcel");
    server.ask(&["reply", "T1", "It is on its way."]).well();
    let ticket = eventually("nobody sends mail here", || {
        let tickets = server.tickets();
        tickets.into_iter().find(|ticket| ticket["undelivered"] != json!([]))
    });
    assert_eq!(ticket["undelivered"], json!(["no_address"]));
    assert_ne!(ticket["waiting_since"], "");
    assert_eq!(server.json(&["deliveries"]), Value::Array(Vec::new()));
    assert_eq!(server.ask(&["deliveries"]).well(), "no answer is on its way\n");
    let over = server.ask(&["deliveries", "--retry", "01890a5d-ac96-774b-bcce-b302099a8057"]);
    over.complains(1, "is not on its way (any more)");
}

#[test]
fn what_cannot_be_written_is_refused() {
    let server = Server::with_a_desk();
    server.ticket("parcel");
    server.ask(&["reply", "T9", "Hello"]).complains(2, "T9");
    server.ask(&["read", "T9"]).complains(2, "T9");
    server.ask(&["reply", "T1", " "]).complains(2, "text");
    server
        .ask(&["note", "T1", "--file", "/nowhere"])
        .complains(2, "cannot be read");
    assert_eq!(server.ask(&["reply", "T1"]).code, 2);
}
