//! Peers who break the rules at the chat's door: each gets a clear answer, and nobody else notices.

use std::net::SocketAddr;

use futures::future::join_all;
use tandem_tests::desks::{ACME, origin};
use tandem_tests::door::{Answered, announced, ask, frame, hear, upgrade};
use tandem_tests::embedded::Embedded;
use tandem_tests::lists;
use tandem_tests::undisturbed::{UNDISTURBED, write_normally};
use tandem_tests::visitor::{Lost, Visitor};
use tandem_tests::wait::eventually;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

const SOCKET: &str = "/chat/v1/acme/site";
const PAGE: &str = "/chat/acme/site";

/// The first byte of a frame that is a whole text.
const TEXT: u8 = 0x81;

/// Sockets that one address may have, and connections.
const SOCKETS: usize = 10;
const CONNECTIONS: usize = 40;

#[tokio::test(flavor = "multi_thread")]
async fn frames_that_break_rules_close_their_own_socket_with_the_reason_and_no_other() {
    let tandem = Embedded::start().await;
    let server = tandem.site.chat[0];
    let mut maria = Visitor::open(server, ACME, None).await.expect("a chat");
    let nested = "[".repeat(16_000);
    let long = format!(r#"{{"type": "hello", "language": "{}"}}"#, "x".repeat(16 << 10));
    let bad: [(Vec<u8>, &str); 10] = [
        (announced(TEXT, 1 << 40), "too_large"),
        (frame(TEXT, long.as_bytes()), "too_large"),
        (b"\x81\x02{}".to_vec(), "bad_frame"),
        (frame(0x83, b"{}"), "bad_frame"),
        (frame(0xf1, b"{}"), "bad_frame"),
        (frame(0x82, b"{}"), "bad_frame"),
        (b"\x09\x80\0\0\0\0".to_vec(), "bad_frame"),
        (frame(TEXT, b"\xff\xfe"), "bad_frame"),
        (frame(TEXT, nested.as_bytes()), "bad_frame"),
        (frame(TEXT, br#"{"type": "end"}"#), "hello_expected"),
    ];
    for (bytes, reason) in bad {
        let mut socket = knock(server).await.connection;
        socket.write_all(&bytes).await.expect("it listens");
        let code = format!("\"code\":\"{reason}\"");
        let heard = hear(&mut socket, |heard| heard.contains(&code)).await;
        let beginning = &bytes[..bytes.len().min(20)];
        assert!(heard.contains(&code), "{beginning:?} was answered {heard:?}");
    }
    // Who may speak gets no further.
    let mut paul = Visitor::open(server, ACME, None).await.expect("a chat");
    paul.say("p-1", &"x".repeat(16 << 10)).await.expect("an open socket");
    let lost = paul.until(|frame| frame["type"] == "accepted").await;
    assert!(
        matches!(&lost, Err(Lost::Closed(code)) if code.contains("too_large")),
        "{lost:?}"
    );
    maria.is_heard("m-1", "Still here?").await;
    write_normally(&tandem.site, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_never_ends_a_handshake_holds_nobody_up_and_is_sent_away() {
    let soon = [
        ("TANDEM_CHAT__HANDSHAKE_TIMEOUT", "1s"),
        ("TANDEM_CHAT__HELLO_TIMEOUT", "1s"),
    ];
    let mut tandem = Embedded::start_with(&soon).await;
    let server = tandem.site.chat[0];
    let begun = format!("GET {SOCKET} HTTP/1.1\r\nHost: {server}\r\n");
    let points = ["", "GE", "GET /chat HTTP/1.1\r\n", begun.as_str()];
    let slow = points
        .iter()
        .cycle()
        .take(CONNECTIONS - SOCKETS)
        .map(|point| async move {
            let mut connection = TcpStream::connect(server).await.expect("room for one more");
            connection.write_all(point.as_bytes()).await.expect("it listens");
            connection
        });
    let mut held = join_all(slow).await;
    // And these, who never say hello.
    let silent = join_all((0..3).map(|_| knock(server))).await;
    held.extend(silent.into_iter().map(|answered| answered.connection));

    let mut maria = Visitor::open(server, ACME, None).await.expect("there is room");
    maria.is_heard("m-1", "Where is my parcel?").await;
    write_normally(&tandem.site, 3).await;
    let ends = join_all(held.iter_mut().map(|connection| hear(connection, |_| false)));
    timeout(UNDISTURBED, ends).await.expect("all of them are sent away");
    maria.is_heard("m-2", "Hello?").await;
    drop(maria);
    assert_eq!(tandem.stop_and_audit().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn strange_pages_open_no_socket_and_can_change_nothing() {
    let tandem = Embedded::start().await;
    let server = tandem.site.chat[0];
    let strange = ["https://evil.example", "https://acme.example.evil.example", "null", ""];
    for origin in strange {
        let field = format!("Origin: {origin}\r\n");
        let refused = ask(server, &upgrade(server, SOCKET, &field)).await;
        assert_eq!(refused.status, 403, "{origin}: {}", refused.head);
    }
    assert_eq!(
        ask(server, &upgrade(server, SOCKET, "")).await.status,
        403,
        "without an origin"
    );
    let pointed_here = upgrade(server, SOCKET, "Origin: http://evil.example\r\n")
        .replace(&format!("Host: {server}"), "Host: evil.example");
    assert_eq!(ask(server, &pointed_here).await.status, 421);

    for path in ["/chat", PAGE, SOCKET, "/chat/_/chat.js"] {
        for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
            let body = "text=I+was+never+here";
            let request = format!(
                "{method} {path} HTTP/1.1\r\nHost: {server}\r\nOrigin: https://evil.example\r\n\
                 Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            let refused = ask(server, &request).await;
            assert_eq!(refused.status, 405, "{method} {path}: {}", refused.head);
            assert!(!refused.head.contains("access-control-allow"), "{}", refused.head);
        }
    }
    let page = ask(server, &format!("GET {PAGE} HTTP/1.1\r\nHost: {server}\r\n\r\n")).await;
    assert_eq!(page.status, 200);
    assert!(!page.head.contains("set-cookie"), "{}", page.head);
    let ancestors = format!("frame-ancestors {}\r\n", origin(ACME));
    assert!(page.head.contains(&ancestors), "{}", page.head);
    assert_eq!(
        lists::messages(&tandem.site.messages(0), ACME).await.expect("a list"),
        []
    );
    write_normally(&tandem.site, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_sockets_of_one_address_ten_open_and_mail_flows_on() {
    let tandem = Embedded::start().await;
    let server = tandem.site.chat[0];
    let (all, ()) = tokio::join!(
        join_all((0..50).map(|_| knock(server))),
        write_normally(&tandem.site, 3)
    );
    let count = |status: u16| all.iter().filter(|answered| answered.status == status).count();
    // Some may not even be let in.
    assert_eq!(
        (count(101), count(429) + count(0)),
        (SOCKETS, 50 - SOCKETS),
        "sockets and refusals"
    );
    drop(all);
    let mut maria = eventually("there is room again", async || {
        Visitor::open(server, ACME, None).await.ok()
    })
    .await;
    maria.is_heard("m-1", "Where is my parcel?").await;
    write_normally(&tandem.site, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_http_disturbs_no_chat() {
    let tandem = Embedded::start().await;
    let server = tandem.site.chat[0];
    let mut maria = Visitor::open(server, ACME, None).await.expect("a chat");
    let endless = format!("GET /chat HTTP/1.1\r\nHost: {server}\r\nX: {}", "x".repeat(1 << 20));
    let many = format!(
        "GET /chat HTTP/1.1\r\nHost: {server}\r\n{}\r\n",
        "X: y\r\n".repeat(10_000)
    );
    let two_ends = format!(
        "POST /chat HTTP/1.1\r\nHost: {server}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    );
    let noise = [
        "\0\x01\x02\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET\r\n\r\n",
        &endless,
        &many,
        &two_ends,
    ];
    for noise in noise {
        let answered = ask(server, noise).await;
        let beginning: String = noise.chars().take(40).collect();
        let refused = answered.status == 0 || (400..500).contains(&answered.status);
        assert!(refused, "{beginning:?} was answered {}", answered.head);
    }
    maria.is_heard("m-1", "Still here?").await;
    write_normally(&tandem.site, 2).await;
}

/// Asks for a socket as the desk's own site would.
async fn knock(server: SocketAddr) -> Answered {
    let field = format!("Origin: {}\r\n", origin(ACME));
    ask(server, &upgrade(server, SOCKET, &field)).await
}
