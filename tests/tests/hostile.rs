//! Peers who break rules, on purpose or not: each gets a clear answer, and nobody else notices.

use std::fmt::Write;
use std::net::SocketAddr;

use futures::future::join_all;
use tandem_proto::v1;
use tandem_tests::agent::request_id;
use tandem_tests::desks::{ACME, GLOBEX, address};
use tandem_tests::embedded::Embedded;
use tandem_tests::lists;
use tandem_tests::mail::{Delivery, Mail, Reply, Session, deliver};
use tandem_tests::undisturbed::{UNDISTURBED, write_normally};
use tandem_tests::wait::eventually;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tonic::Code;

#[tokio::test(flavor = "multi_thread")]
async fn senders_who_never_finish_hold_nobody_up() {
    let tandem = Embedded::start().await;
    let server = tandem.site.smtp[0];
    // Fewer than one address may have, and each at another point.
    let points = [
        "",
        "EH",
        "EHLO slow\r\n",
        "EHLO slow\r\nMAIL FROM:<slow@peer.example>\r\nRCPT TO:",
    ];
    let slow = points.iter().cycle().take(44).map(|point| async move {
        let mut connection = TcpStream::connect(server).await.expect("room for one more");
        connection.write_all(point.as_bytes()).await.expect("it listens");
        connection
    });
    let held = join_all(slow).await;
    write_normally(&tandem.site, 5).await;
    assert_eq!(held.len(), 44);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_connections_of_one_peer_are_told_to_come_later() {
    let tandem = Embedded::start().await;
    let server = tandem.site.smtp[0];
    // A session of before may count for a moment longer.
    eventually("50 of 60 have a place", async || {
        let greetings = sixty_at_once(server).await;
        let count = |wanted: &[u8; 3]| greetings.iter().filter(|(code, _)| code == wanted).count();
        ((count(b"220"), count(b"421")) == (50, 10)).then_some(())
    })
    .await;
    write_normally(&tandem.site, 1).await;
}

/// How each of 60 connections that are held open together is greeted.
async fn sixty_at_once(server: SocketAddr) -> Vec<([u8; 3], TcpStream)> {
    let many = join_all((0..60).map(|_| TcpStream::connect(server))).await;
    let greetings = many.into_iter().flatten().map(|mut connection| async move {
        let mut code = [0; 3];
        timeout(UNDISTURBED, connection.read_exact(&mut code))
            .await
            .expect("a greeting")
            .expect("an open connection");
        (code, connection)
    });
    join_all(greetings).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_mail_cannot_be_smuggled_behind_a_bare_line_feed() {
    let tandem = Embedded::start().await;
    for end in ["\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r"] {
        let mut session = at_data(tandem.site.smtp[0]).await;
        let to = address(ACME);
        let smuggled = format!("MAIL FROM:<a@b.example>\r\nRCPT TO:<{to}>\r\nDATA\r\nSubject: smuggled\r\n\r\n.\r\n");
        session
            .send(format!("Subject: carrier\r\n\r\nx{end}{smuggled}").as_bytes())
            .await
            .expect("it listens");
        let reply = session.reply().await.expect("an answer");
        assert_eq!(reply.code, 521, "{end:?}: {}", reply.text);
    }
    write_normally(&tandem.site, 1).await;
    let stored = lists::messages(&tandem.site.messages(0), ACME).await.expect("a list");
    assert!(
        stored.iter().all(|message| message.subject.starts_with("normal")),
        "{stored:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_without_end_are_refused() {
    let tandem = Embedded::start().await;
    let server = tandem.site.smtp[0];
    let mut session = Session::open(server).await.expect("a session");
    // The server may close before it has read everything.
    let sent = session.send(&vec![b'A'; 1 << 20]).await;
    let reply = session.reply().await;
    assert!(
        matches!(&reply, Ok(Reply { code: 500 | 421, .. })) || sent.is_err() || reply.is_err(),
        "{reply:?}"
    );
    let mut session = at_data(server).await;
    let reply = session
        .body(&[b"Subject: x\r\n\r\n", vec![b'A'; 100_000].as_slice()].concat())
        .await
        .expect("an answer");
    assert_eq!(reply.code, 554, "{}", reply.text);
    write_normally(&tandem.site, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_talks_before_the_greeting_is_answered_or_refused_and_nothing_else() {
    let tandem = Embedded::start().await;
    let mut session = Session::connect(tandem.site.smtp[0]).await.expect("a connection");
    let mail = Mail::new(GLOBEX, "early");
    let all = format!(
        "EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<{}>\r\nDATA\r\n{}.\r\nQUIT\r\n",
        mail.to, mail.raw
    );
    session.send(all.as_bytes()).await.expect("it listens");
    let mut codes = Vec::new();
    while let Ok(reply) = session.reply().await {
        codes.push(reply.code);
    }
    let taken = codes == [220, 250, 250, 250, 354, 250, 221];
    // How much of it is there when the server looks is chance: refused at the greeting, behind EHLO, or not at all.
    let refused = codes.last().is_some_and(|last| [503, 521, 554].contains(last));
    assert!(taken || refused, "{codes:?}");
    let stored = lists::messages(&tandem.site.messages(0), GLOBEX).await.expect("a list");
    assert_eq!(stored.len(), usize::from(taken));
    write_normally(&tandem.site, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn noise_is_no_session() {
    let tandem = Embedded::start().await;
    let mut session = Session::open(tandem.site.smtp[0]).await.expect("a session");
    let noise: Vec<u8> = (0..=255_u8).cycle().take(64 << 10).chain(*b"\r\n").collect();
    // The server may close before it has read everything.
    let _ = session.send(&noise).await;
    while let Ok(reply) = session.reply().await {
        assert!(reply.code == 421 || (500..600).contains(&reply.code), "{}", reply.text);
    }
    write_normally(&tandem.site, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_of_strange_shapes_are_taken_while_others_write() {
    let tandem = Embedded::start().await;
    let site = &tandem.site;
    for (subject, raw) in [
        ("ten thousand parts", ten_thousand_parts()),
        ("deep", nested(100_000)),
        ("no body", "Subject: no body\r\n".to_owned()),
    ] {
        let mail = Mail {
            from: "strange@customer.example".to_owned(),
            to: address(ACME),
            raw,
        };
        let (delivery, ()) = tokio::join!(deliver(site.smtp[0], &mail, || ()), write_normally(site, 3));
        assert_eq!(delivery, Delivery::Taken, "{subject}");
        let ticket = site.ticket_of(ACME, subject).await;
        assert_ne!(ticket, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_without_anything_is_taken_with_its_gaps_marked() {
    let tandem = Embedded::start().await;
    let mail = Mail {
        from: "a@b.example".into(),
        to: address(ACME),
        raw: "\r\nonly a text\r\n".into(),
    };
    assert_eq!(deliver(tandem.site.smtp[0], &mail, || ()).await, Delivery::Taken);
    tandem.site.ticket_of(ACME, "").await;
    let stored = lists::messages(&tandem.site.messages(0), ACME).await.expect("a list");
    for gap in ["no_message_id", "no_date", "no_from"] {
        assert!(
            stored[0].gaps.iter().any(|found| found == gap),
            "{gap}: {:?}",
            stored[0].gaps
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_too_large_is_refused_before_and_after_it_came() {
    let tandem = Embedded::start().await;
    let server = tandem.site.smtp[0];
    let mut session = Session::open(server).await.expect("a session");
    session.command("EHLO a").await.expect("an answer");
    let announced = session
        .command("MAIL FROM:<a@b.example> SIZE=99999999")
        .await
        .expect("an answer");
    assert_eq!(announced.code, 552, "{}", announced.text);
    let mut session = at_data(server).await;
    let line = [b"x".repeat(98), b"\r\n".to_vec()].concat();
    let huge = [b"Subject: x\r\n\r\n".to_vec(), line.repeat(270_000)].concat();
    let (reply, ()) = tokio::join!(session.body(&huge), write_normally(&tandem.site, 3));
    assert_eq!(reply.expect("an answer").code, 552);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_grpc_disturbs_no_grpc() {
    let tandem = Embedded::start().await;
    let site = &tandem.site;
    let server: SocketAddr = site.routers[0]
        .trim_start_matches("http://")
        .parse()
        .expect("an address");
    let noise: [&[u8]; 5] = [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\0\x01\x02\x03",
        &[0xff; 9000],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n and then no frame, but words",
    ];
    let held = join_all(noise.iter().cycle().take(50).map(|noise| async move {
        let mut connection = TcpStream::connect(server).await.expect("room for one more");
        // The server may close before it has read everything.
        let _ = connection.write_all(noise).await;
        connection
    }))
    .await;
    write_normally(site, 5).await;
    assert_eq!(held.len(), 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_too_large_is_refused_and_the_connection_goes_on() {
    let tandem = Embedded::start().await;
    let clients = tandem.site.messages(0);
    let submit = |text: String| v1::SubmitRequest {
        desk: ACME.into(),
        request_id: request_id(),
        account: "support".into(),
        subject: "submitted".into(),
        text,
        ..v1::SubmitRequest::default()
    };
    let huge = clients
        .messages()
        .submit(submit("x".repeat(5 << 20)))
        .await
        .expect_err("more than 4 MiB");
    assert!(
        matches!(huge.code(), Code::OutOfRange | Code::ResourceExhausted),
        "{huge}"
    );
    let large = clients
        .messages()
        .submit(submit("x".repeat(300 << 10)))
        .await
        .expect_err("more than 256 kB");
    assert_eq!(large.code(), Code::InvalidArgument, "{large}");
    clients
        .messages()
        .submit(submit("short".into()))
        .await
        .expect("nothing is wrong with it");
    tandem.site.ticket_of(ACME, "submitted").await;
}

async fn at_data(server: SocketAddr) -> Session {
    let mut session = Session::open(server).await.expect("a session");
    for command in [
        "EHLO a",
        "MAIL FROM:<a@b.example>",
        &format!("RCPT TO:<{}>", address(ACME)),
        "DATA",
    ] {
        let reply = session.command(command).await.expect("an answer");
        assert!(reply.code < 400, "{}", reply.text);
    }
    session
}

fn ten_thousand_parts() -> String {
    let mut raw = "Subject: ten thousand parts\r\nMIME-Version: 1.0\r\n\
                   Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        .to_owned();
    for number in 0..10_000 {
        write!(raw, "--b\r\nContent-Type: text/plain\r\n\r\npart {number}\r\n").expect("text");
    }
    raw + "--b--\r\n"
}

fn nested(depth: usize) -> String {
    let mut raw = "Subject: deep\r\nMIME-Version: 1.0\r\n".to_owned();
    for level in 0..depth {
        write!(
            raw,
            "Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n"
        )
        .expect("text");
    }
    raw + "Content-Type: text/plain\r\n\r\nthe bottom\r\n"
}
