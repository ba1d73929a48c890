//! Frames that no visitor's side should send.

use futures::SinkExt;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message;

use super::client::Visitor;
use crate::harness::{ACME, World};

#[tokio::test]
async fn what_is_no_frame_of_the_protocol_ends_the_socket() {
    let (_world, _router, service) = World::started().await;
    let odd = [
        "",
        "hello",
        "{}",
        "[1]",
        "null",
        r#"{"type":"hello"}"#,
        r#"{"type":"admin"}"#,
        r#"{"type":"ack"}"#,
    ];
    for text in odd {
        let (mut visitor, _) = Visitor::new(&service).await;
        visitor.socket.send(Message::text(text)).await.unwrap();
        visitor.is_sent_away("bad_frame", 1008).await;
    }
    let (mut visitor, _) = Visitor::new(&service).await;
    visitor.socket.send(Message::binary(vec![0; 9])).await.unwrap();
    visitor.is_sent_away("bad_frame", 1008).await;
    service.stop().await;
}

#[tokio::test]
async fn frames_that_break_the_rules_of_websocket_end_the_socket() {
    let (_world, _router, service) = World::started().await;
    // Unmasked text; a reserved opcode; text that is no UTF-8; a reserved bit; a control frame in pieces.
    let broken: [&[u8]; 5] = [
        b"\x81\x02hi",
        b"\x83\x80\x00\x00\x00\x00",
        b"\x81\x81\x00\x00\x00\x00\xff",
        b"\xc1\x80\x00\x00\x00\x00",
        b"\x09\x80\x00\x00\x00\x00",
    ];
    for bytes in broken {
        let (mut visitor, _) = Visitor::new(&service).await;
        visitor.socket.get_mut().write_all(bytes).await.unwrap();
        let (_, code) = visitor.rest().await;
        assert_eq!(code, Some(1008), "{bytes:?}");
    }
    service.stop().await;
}

#[tokio::test]
async fn hello_comes_first() {
    let (_world, _router, service) = World::started().await;
    let mut visitor = Visitor::at(&service).await;
    visitor
        .say(&json!({"type": "message", "id": "m-1", "text": "hello"}))
        .await;
    visitor.is_sent_away("hello_expected", 1008).await;
    service.stop().await;
}

#[tokio::test]
async fn a_message_that_cannot_be_taken_is_refused_and_the_talk_goes_on() {
    let (world, _router, service) = World::started().await;
    let (mut visitor, _) = Visitor::new(&service).await;
    for (id, text) in [("", "hello"), ("a b", "hello"), ("m-1", " \n ")] {
        visitor.say(&json!({"type": "message", "id": id, "text": text})).await;
        let refused = visitor.hears("refused").await;
        assert_eq!((&refused["id"], &refused["code"]), (&json!(id), &json!("invalid")));
    }
    visitor.writes("m-1", "<script>alert(1)</script> \u{0} \u{202e}").await;
    assert_eq!(world.settled(&service, ACME).await.len(), 1);
    service.stop().await;
}

#[tokio::test]
async fn a_message_is_refused_while_the_store_is_away_and_taken_when_it_is_back() {
    let (world, _router, service) = World::started().await;
    let (mut visitor, _) = Visitor::new(&service).await;
    visitor.writes("m-1", "hello").await;
    world.store.faults().set_unreachable(true);
    visitor
        .say(&json!({"type": "message", "id": "m-2", "text": "still there?"}))
        .await;
    // Either the message is refused, or the socket finds out first; then the visitor's side comes again.
    let heard = visitor.next_of(&["refused", "error"]).await;
    assert_eq!(heard["code"], "try_later");
    world.store.faults().set_unreachable(false);
    service.stop().await;
}

#[tokio::test]
async fn half_a_frame_and_then_silence_harms_nobody() {
    let (_world, _router, service) = World::started().await;
    let (mut half, _) = Visitor::new(&service).await;
    half.socket.get_mut().write_all(b"\x81\xfe\x10\x00\x00").await.unwrap();
    let (mut visitor, _) = Visitor::new(&service).await;
    visitor.writes("m-1", "hello").await;
    drop(half);
    service.stop().await;
}

#[tokio::test]
async fn bytes_that_are_no_http_are_sent_away() {
    let (_world, _router, service) = World::started().await;
    for bytes in [&b"\x16\x03\x01\x02\x00"[..], b"EHLO a\r\n\r\n", &b"A".repeat(40_000)] {
        let mut stream = tokio::net::TcpStream::connect(service.chat).await.unwrap();
        // The server may close before it has all.
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    service.stop().await;
}
