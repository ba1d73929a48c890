//! What a visitor may cost: every limit, reached.

use std::time::Duration;

use futures::SinkExt;
use serde_json::json;
use tandem_domain::routing::AfterAnswer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

use super::client::{Ana, Visitor, open, upgrade, world_with};
use crate::harness::{ACME, DEADLINE, Service, World, eventually};

#[tokio::test]
async fn a_frame_of_more_than_16_kilobytes_is_refused() {
    let (_world, _router, service) = World::started().await;
    let frame = |bytes: usize| {
        let around = json!({"type": "message", "id": "m", "text": ""}).to_string().len();
        json!({"type": "message", "id": "m", "text": "x".repeat(bytes - around)})
    };
    let (mut visitor, _) = Visitor::new(&service).await;
    visitor.say(&frame(16 << 10)).await;
    visitor.hears("accepted").await;
    visitor.say(&frame((16 << 10) + 1)).await;
    visitor.is_sent_away("too_large", 1009).await;
    service.stop().await;
}

#[tokio::test]
async fn a_message_in_many_pieces_has_the_same_limit() {
    let (_world, _router, service) = World::started().await;
    let (mut visitor, _) = Visitor::new(&service).await;
    // Text that does not end, and is continued.
    let piece = |first: bool| {
        let mut bytes = vec![u8::from(first), 0xfe, 0x1f, 0x40, 0, 0, 0, 0];
        bytes.extend(std::iter::repeat_n(b'x', 8000));
        bytes
    };
    for index in 0..3 {
        visitor.socket.get_mut().write_all(&piece(index == 0)).await.unwrap();
    }
    visitor.is_sent_away("too_large", 1009).await;
    service.stop().await;
}

#[tokio::test]
async fn twenty_frames_at_once_are_taken_and_a_flood_is_not() {
    let (_world, _router, service) = World::started().await;
    let (mut visitor, _) = Visitor::new(&service).await;
    // Hello was the first of twenty.
    for index in 0..19 {
        let frame = json!({"type": "message", "id": format!("m-{index}"), "text": "hello"});
        visitor.say(&frame).await;
    }
    for _ in 0..19 {
        visitor.hears("accepted").await;
    }
    for _ in 0..40 {
        // The server may have closed already.
        let _ = visitor.socket.send(Message::Ping(bytes::Bytes::new())).await;
    }
    visitor.is_sent_away("too_fast", 1008).await;
    service.stop().await;
}

#[tokio::test]
async fn ten_sockets_from_one_address_and_no_more() {
    let (_world, _router, service) = World::started().await;
    let mut sockets = Vec::new();
    for _ in 0..10 {
        sockets.push(Visitor::at(&service).await);
    }
    let refused = open(service.chat, upgrade(service.chat, ACME)).await;
    assert_eq!(refused.err(), Some(429));
    sockets.pop().unwrap().goes().await;
    eventually(async || open(service.chat, upgrade(service.chat, ACME)).await.is_ok()).await;
    service.stop().await;
}

#[tokio::test]
async fn a_proxys_visitors_are_told_apart() {
    let (_world, _router, service) = world_with(&[
        ("TANDEM_CHAT__FORWARDED_BY", "127.0.0.1"),
        ("TANDEM_CHAT__MAX_SOCKETS_PER_PEER", "1"),
    ])
    .await;
    let from = |visitor: &str| {
        let mut request = upgrade(service.chat, ACME);
        request
            .headers_mut()
            .insert("x-forwarded-for", format!("10.9.9.9, {visitor}").parse().unwrap());
        open(service.chat, request)
    };
    let _first = from("203.0.113.1").await.unwrap();
    assert_eq!(from("203.0.113.1").await.err(), Some(429));
    let _second = from("203.0.113.2").await.unwrap();
    service.stop().await;
}

#[tokio::test]
async fn three_sockets_of_one_visitor_and_no_more() {
    let (_world, _router, service) = World::started().await;
    let (first, token) = Visitor::new(&service).await;
    let mut sockets = vec![first];
    for _ in 0..2 {
        sockets.push(Visitor::welcome(&service, json!({"resume": token})).await.0);
    }
    let mut fourth = Visitor::at(&service).await;
    fourth.say(&json!({"type": "hello", "resume": token})).await;
    fourth.is_sent_away("too_many_sockets", 1008).await;
    service.stop().await;
}

#[tokio::test]
async fn a_request_that_does_not_come_in_time_is_cut_off() {
    let (_world, _router, service) = world_with(&[("TANDEM_CHAT__HANDSHAKE_TIMEOUT", "200ms")]).await;
    for beginning in ["", "GET /chat HTTP/1.1\r\nHost: localhost\r\nX-Slow: "] {
        let mut stream = TcpStream::connect(service.chat).await.unwrap();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let closed = timeout(DEADLINE, stream.read_to_end(&mut answer)).await;
        assert!(closed.is_ok(), "still open after {beginning:?}");
    }
    service.stop().await;
}

#[tokio::test]
async fn who_does_not_say_hello_in_time_is_sent_away() {
    let (_world, _router, service) = world_with(&[("TANDEM_CHAT__HELLO_TIMEOUT", "200ms")]).await;
    Visitor::at(&service).await.is_sent_away("hello_expected", 1008).await;
    service.stop().await;
}

#[tokio::test]
async fn who_is_not_heard_of_is_sent_away_and_who_answers_pings_is_not() {
    let (_world, _router, service) = world_with(&[("TANDEM_CHAT__IDLE_TIMEOUT", "600ms")]).await;
    let (mut alive, _) = Visitor::new(&service).await;
    let (mut silent, _) = Visitor::new(&service).await;
    let since = Instant::now();
    // Reading answers pings; who reads nothing answers none.
    let long_enough = timeout(Duration::from_millis(1500), async {
        loop {
            alive.next().await.unwrap();
        }
    });
    assert!(long_enough.await.is_err(), "it is quiet");
    assert!(since.elapsed() >= Duration::from_millis(1500));
    alive.writes("m-1", "still here").await;
    let (frames, code) = silent.rest().await;
    assert_eq!(frames.last().unwrap()["code"], "idle");
    assert_eq!(code, Some(1001));
    service.stop().await;
}

#[tokio::test]
async fn who_reads_too_slowly_is_cut_off_and_disturbs_nobody() {
    let (world, router, service) = world_with(&[
        ("TANDEM_CHAT__WRITE_TIMEOUT", "300ms"),
        ("TANDEM_CHAT__MAX_SOCKETS_PER_PEER", "2"),
    ])
    .await;
    let ana = Ana {
        world: &world,
        router: &router,
        service: &service,
    };
    ana.comes().await;
    let mut slow = reads_slowly(&service).await;
    slow.writes("m-1", "tell me everything").await;
    let ticket = ana.accepts().await;
    let long = "x".repeat(200 << 10);
    for _ in 0..60 {
        ana.answers(&ticket, &long, AfterAnswer::Keep).await;
    }
    let (mut other, _) = Visitor::new(&service).await;
    other.writes("m-1", "hello").await;
    // There is room for a third only when the slow one was cut off.
    eventually(async || open(service.chat, upgrade(service.chat, ACME)).await.is_ok()).await;
    let (frames, code) = slow.rest().await;
    let answers = frames.iter().filter(|frame| frame["type"] == "message").count();
    assert!(
        answers < 60 && code.is_none_or(|code| code == 1013),
        "{answers} {code:?}"
    );
    service.stop().await;
}

/// A visitor whose system keeps little of what was not read yet.
async fn reads_slowly(service: &Service) -> Visitor {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let stream = socket.connect(service.chat).await.unwrap();
    let (socket, _) = client_async(upgrade(service.chat, ACME), stream).await.unwrap();
    let mut slow = Visitor { socket };
    slow.say(&json!({"type": "hello"})).await;
    slow.hears("welcome").await;
    slow
}

#[tokio::test]
async fn connections_are_bounded_in_all() {
    let (_world, _router, service) = world_with(&[("TANDEM_CHAT__MAX_CONNECTIONS", "2")]).await;
    let (_first, _second) = (Visitor::at(&service).await, Visitor::at(&service).await);
    let mut third = TcpStream::connect(service.chat).await.unwrap();
    let mut answer = Vec::new();
    let closed = timeout(DEADLINE, third.read_to_end(&mut answer)).await;
    assert!(
        closed.is_ok_and(|read| read.is_err() || answer.is_empty()),
        "closed without a word"
    );
    service.stop().await;
}
