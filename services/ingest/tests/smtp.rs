//! The SMTP server as its peers see it: real sockets, one test for each rule.

#![expect(clippy::unwrap_used, reason = "helpers of tests: a failure shows where it is")]

#[path = "smtp/bench.rs"]
mod bench;
#[path = "smtp/foreign.rs"]
mod foreign;

use std::time::Duration;

use bench::{Bench, Client, Outcome, limits};
use tandem_ingest::smtp::Limits;

const ANNOUNCE: &[u8] = b"MAIL FROM:<ann@customer.example>\r\nRCPT TO:<support@acme.example>\r\nDATA\r\n";

/// A client that may send its message now.
async fn announced(bench: &Bench) -> Client {
    let mut client = bench.hello().await;
    client.send(ANNOUNCE).await;
    assert_eq!(client.codes(3).await, [250, 250, 354]);
    client
}

#[tokio::test]
async fn a_message_is_delivered_as_it_was_sent() {
    let bench = Bench::start(limits()).await;
    let mut client = announced(&bench).await;
    client.send(b"Subject: a\r\n\r\n..dot\r\n\xff\x00\r\n.\r\n").await;
    assert_eq!(client.code().await, 250);
    let delivered = bench.sink.delivered();
    let (envelope, raw) = &delivered[0];
    assert_eq!(&raw[..], b"Subject: a\r\n\r\n.dot\r\n\xff\x00\r\n");
    assert_eq!(envelope.helo, "client.example");
    assert_eq!(envelope.mail_from.as_deref(), Some("ann@customer.example"));
    assert_eq!(envelope.rcpts, ["support@acme.example"]);
    assert_eq!(&*envelope.trace.0, "00-trace");
    assert!(envelope.peer.is_some_and(|peer| peer.is_loopback()));
    assert!(!envelope.tls);
}

#[tokio::test]
async fn the_250_waits_for_the_commit() {
    let bench = Bench::start(limits()).await;
    bench.sink.answer(Outcome::Hold);
    let mut client = announced(&bench).await;
    client.send(b"a\r\n.\r\n").await;
    bench.sink.begun.notified().await;
    assert!(client.says_nothing().await);
    bench.sink.release.notify_one();
    assert_eq!(client.code().await, 250);
}

#[tokio::test]
async fn a_message_that_is_not_stored_in_time_is_to_come_again() {
    let bench = Bench::start(Limits {
        commit_timeout: Duration::from_millis(20),
        ..limits()
    })
    .await;
    bench.sink.answer(Outcome::Hold);
    let mut client = announced(&bench).await;
    client.send(b"a\r\n.\r\n").await;
    assert_eq!(client.code().await, 451);
    bench.sink.answer(Outcome::Store);
    client.send(ANNOUNCE).await;
    assert_eq!(client.codes(3).await, [250, 250, 354]);
}

#[tokio::test]
async fn what_the_sink_answers_is_passed_on() {
    let bench = Bench::start(limits()).await;
    for (outcome, code) in [(Outcome::TryLater, 451), (Outcome::Refuse, 554), (Outcome::Store, 250)] {
        bench.sink.answer(outcome);
        let mut client = announced(&bench).await;
        client.send(b"a\r\n.\r\n").await;
        assert_eq!(client.code().await, code);
    }
}

#[tokio::test]
async fn only_configured_addresses_are_taken() {
    let bench = Bench::start(limits()).await;
    let mut client = bench.hello().await;
    client.send(b"MAIL FROM:<>\r\n").await;
    assert_eq!(client.code().await, 250);
    for (recipient, code) in [
        ("support@acme.example", 250),
        ("SUPPORT@Acme.Example", 250),
        ("nobody@acme.example", 550),
        ("support@other.example", 550),
        ("support%other.example@acme.example", 550),
        ("other.example!support@acme.example", 550),
        ("@acme.example:support@acme.example", 550),
        ("later@acme.example", 451),
    ] {
        client.send(format!("RCPT TO:<{recipient}>\r\n").as_bytes()).await;
        assert_eq!(client.code().await, code, "{recipient}");
    }
}

#[tokio::test]
async fn smuggled_line_ends_in_a_message_close_the_connection() {
    let bench = Bench::start(limits()).await;
    let smuggled = "MAIL FROM:<ceo@acme.example>\r\nRCPT TO:<support@acme.example>\r\nDATA\r\nSubject: forged\r\n";
    for end in [
        "\n.\n",
        "\n.\r\n",
        "\r\n.\n",
        "\r.\r",
        "\r.\r\n",
        "\r\n.\r\r\n",
        "\r\n.\r.\r\n",
        "\r\n\0\n.\r\n",
        "\n\n.\r\n",
    ] {
        let mut client = announced(&bench).await;
        client
            .send(format!("Subject: a\r\n\r\nb{end}{smuggled}\r\n.\r\n").as_bytes())
            .await;
        assert_eq!(client.code().await, 521, "{end:?}");
        assert!(client.is_closed().await, "{end:?}");
    }
    assert!(bench.sink.delivered().is_empty());
}

#[tokio::test]
async fn bare_line_ends_in_commands_close_the_connection() {
    let bench = Bench::start(limits()).await;
    for line in [
        "NOOP\n",
        "NOOP\r",
        "NOOP\rNOOP\r\n",
        "MAIL FROM:<a@b>\nRCPT TO:<c@d>\r\n",
        "NOOP\r\r\n",
    ] {
        let mut client = bench.hello().await;
        client.send(line.as_bytes()).await;
        if line == "NOOP\r" {
            client.send(b"x").await;
        }
        assert_eq!(client.code().await, 521, "{line:?}");
        assert!(client.is_closed().await);
    }
}

#[tokio::test]
async fn who_talks_before_the_greeting_is_sent_away() {
    let bench = Bench::start(Limits {
        greeting_pause: Duration::from_secs(20),
        ..limits()
    })
    .await;
    let mut client = bench.connect().await;
    client.send(b"EHLO spam.example\r\n").await;
    assert_eq!(client.code().await, 521);
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn nothing_may_come_behind_a_command_that_ends_a_group() {
    let bench = Bench::start_with_tls(limits()).await;
    for group in [
        "EHLO a\r\nMAIL FROM:<a@b>\r\n",
        "HELO a\r\nNOOP\r\n",
        "STARTTLS\r\nMAIL FROM:<a@b>\r\n",
        "MAIL FROM:<a@b>\r\nRCPT TO:<support@acme.example>\r\nDATA\r\nSubject: early\r\n\r\n.\r\n",
    ] {
        let mut client = bench.hello().await;
        client.send(group.as_bytes()).await;
        assert_eq!(client.last_code().await, 521, "{group:?}");
    }
    assert!(bench.sink.delivered().is_empty());
}

#[tokio::test]
async fn commands_may_come_in_groups() {
    let bench = Bench::start(limits()).await;
    let mut client = announced(&bench).await;
    let second = [b"one\r\n.\r\n", ANNOUNCE].concat();
    client.send(&second).await;
    assert_eq!(client.codes(4).await, [250, 250, 250, 354]);
    client.send(b"two\r\n.\r\nRSET\r\nQUIT\r\n").await;
    assert_eq!(client.codes(3).await, [250, 250, 221]);
    assert!(client.is_closed().await);
    assert_eq!(bench.sink.delivered().len(), 2);
}

#[tokio::test]
async fn tls_begins_a_new_dialogue() {
    let bench = Bench::start_with_tls(limits()).await;
    let mut client = bench.connect().await;
    assert_eq!(client.code().await, 220);
    client.send(b"EHLO client.example\r\n").await;
    assert!(client.reply().await.1.contains("STARTTLS"));
    client.send(b"STARTTLS\r\n").await;
    assert_eq!(client.code().await, 220);
    let mut client = client.start_tls(bench.certificate()).await;
    client.send(b"MAIL FROM:<a@b>\r\n").await;
    assert_eq!(client.code().await, 503, "what was said in the clear does not count");
    client.send(b"EHLO client.example\r\n").await;
    assert!(!client.reply().await.1.contains("STARTTLS"));
    client.send(b"STARTTLS\r\n").await;
    assert_eq!(client.code().await, 503);
    client.send(ANNOUNCE).await;
    assert_eq!(client.codes(3).await, [250, 250, 354]);
    client.send(b"a\r\n.\r\n").await;
    assert_eq!(client.code().await, 250);
    assert!(bench.sink.delivered()[0].0.tls);
}

#[tokio::test]
async fn without_a_certificate_tls_is_not_offered() {
    let bench = Bench::start(limits()).await;
    let mut client = bench.connect().await;
    client.send(b"").await;
    assert_eq!(client.code().await, 220);
    client.send(b"EHLO client.example\r\n").await;
    let offered = client.reply().await.1;
    for absent in ["STARTTLS", "SMTPUTF8", "CHUNKING", "AUTH"] {
        assert!(!offered.contains(absent), "{absent}");
    }
    client.send(b"STARTTLS\r\n").await;
    assert_eq!(client.code().await, 502);
}

#[tokio::test]
async fn each_limit_has_its_answer_and_the_next_message_is_taken() {
    let bench = Bench::start(limits()).await;
    let cases = [
        (
            "\r\n".to_owned() + &"0123456789012345678901234567890123456789\r\n".repeat(100),
            552,
        ),
        ("A: b\r\n".repeat(21), 554),
        ("Received: b\r\n".repeat(10), 554),
        ("A: 0123456789012345678901234567890123456789\r\n".repeat(12), 554),
        ("\r\n".to_owned() + &"x".repeat(201) + "\r\n", 554),
        ("Subject: fine\r\n\r\n".to_owned(), 250),
    ];
    let mut client = bench.hello().await;
    for (message, code) in cases {
        client.send(ANNOUNCE).await;
        assert_eq!(client.codes(3).await, [250, 250, 354]);
        client.send(format!("{message}\r\n.\r\n").as_bytes()).await;
        assert_eq!(client.code().await, code, "{}", &message[..10]);
    }
    client.send(b"MAIL FROM:<a@b> SIZE=4001\r\n").await;
    assert_eq!(client.code().await, 552);
    assert_eq!(bench.sink.delivered().len(), 1);
}

#[tokio::test]
async fn a_message_without_end_is_not_read_for_ever() {
    let bench = Bench::start(limits()).await;
    let mut client = announced(&bench).await;
    client
        .send(&b"0123456789012345678901234567890123456789\r\n".repeat(1000))
        .await;
    assert_eq!(client.code().await, 554);
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn an_overlong_command_closes_the_connection() {
    let bench = Bench::start(limits()).await;
    let mut client = bench.hello().await;
    client.send("x".repeat(2000).as_bytes()).await;
    assert_eq!(client.code().await, 500);
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn too_many_recipients_are_to_come_in_another_message() {
    let bench = Bench::start(Limits {
        recipients: 1,
        ..limits()
    })
    .await;
    let mut client = bench.hello().await;
    client
        .send(b"MAIL FROM:<>\r\nRCPT TO:<support@acme.example>\r\nRCPT TO:<sales@acme.example>\r\n")
        .await;
    assert_eq!(client.codes(3).await, [250, 250, 452]);
}

#[tokio::test]
async fn one_connection_too_many_is_turned_away() {
    let bench = Bench::start(Limits {
        connections_per_peer: 1,
        ..limits()
    })
    .await;
    let mut first = bench.hello().await;
    let mut second = bench.connect().await;
    assert_eq!(second.code().await, 421);
    first.send(b"QUIT\r\n").await;
    assert_eq!(first.code().await, 221);
    assert!(first.is_closed().await);
}

#[tokio::test]
async fn a_shutdown_sends_idle_peers_away_and_lets_messages_end() {
    let bench = Bench::start(limits()).await;
    bench.sink.answer(Outcome::Hold);
    let mut idle = bench.hello().await;
    let mut storing = announced(&bench).await;
    storing.send(b"one\r\n.\r\n").await;
    bench.sink.begun.notified().await;
    let mut sending = announced(&bench).await;
    sending.send(b"two\r\n").await;

    bench.shutdown.cancel();
    assert_eq!(idle.code().await, 421);
    bench.sink.answer(Outcome::Store);
    bench.sink.release.notify_one();
    assert_eq!(storing.codes(2).await, [250, 421]);
    sending.send(b"still two\r\n.\r\n").await;
    assert_eq!(sending.codes(2).await, [250, 421]);
    let address = bench.address;
    let delivered = bench.ended().await;
    assert_eq!(delivered, 2);
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
