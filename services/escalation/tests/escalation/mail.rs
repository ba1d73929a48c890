//! Mails to contacts, through a smarthost.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::AbortOnDropHandle;

use crate::desk::{AT_BREACH, desk_file};
use crate::harness::{Replica, World, eventually};

/// A mail server that answers the end of each mail as planned, and then with 250.
struct Smarthost {
    port: u16,
    mails: Arc<Mutex<Vec<String>>>,
    _task: AbortOnDropHandle<()>,
}

async fn smarthost(planned: &[&'static str]) -> Smarthost {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mails = Arc::<Mutex<Vec<String>>>::default();
    let planned = Arc::new(Mutex::new(planned.iter().copied().collect::<VecDeque<_>>()));
    let seen = mails.clone();
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream, seen.clone(), planned.clone()));
        }
    });
    Smarthost {
        port,
        mails,
        _task: AbortOnDropHandle::new(task),
    }
}

impl Smarthost {
    /// A replica that hands its mails over here, and a desk whose contact is reached by mail.
    async fn used_by(&self, world: &World) -> Replica {
        self.used_with(world, "none").await
    }

    async fn used_with(&self, world: &World, tls: &str) -> Replica {
        world.apply(&desk_file("1s", AT_BREACH, CONTACT, "lead")).await;
        let port = self.port.to_string();
        let settings = [
            ("TANDEM_SMARTHOST__HOST", "127.0.0.1"),
            ("TANDEM_SMARTHOST__PORT", &port),
            ("TANDEM_SMARTHOST__TLS", tls),
            ("TANDEM_ESCALATION__MAIL_FROM", "tandem@acme.example"),
        ];
        world.replica_with(&settings).await
    }
}

async fn converse(
    stream: TcpStream,
    mails: Arc<Mutex<Vec<String>>>,
    planned: Arc<Mutex<VecDeque<&'static str>>>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 smarthost\r\n").await?;
    let (mut mail, mut in_data) = (String::new(), false);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let answer = match line.trim_end() {
            "." if in_data => {
                in_data = false;
                mails.lock().unwrap().push(std::mem::take(&mut mail));
                planned.lock().unwrap().pop_front().unwrap_or("250 taken")
            }
            _ if in_data => {
                mail.push_str(&line);
                continue;
            }
            "DATA" => {
                in_data = true;
                "354 go on"
            }
            command => {
                mail.push_str(command);
                mail.push('\n');
                "250 good"
            }
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

const CONTACT: &str = "  lead: {name: Marta, email: marta@acme.example}\n";

#[tokio::test]
async fn a_contact_with_a_mail_address_gets_a_mail_again_if_it_was_put_off() {
    let world = World::new();
    let server = smarthost(&["451 later"]).await;
    let replica = server.used_by(&world).await;
    let ticket = world.open_ticket().await;
    let mails = || server.mails.lock().unwrap().clone();
    eventually(async || mails().len() == 2).await;
    let mails = mails();
    let line = |mail: &str, name: &str| mail.lines().find(|line| line.starts_with(name)).map(str::to_owned);
    for mail in &mails {
        assert!(mail.contains("MAIL FROM:<tandem@acme.example>"), "{mail}");
        assert!(mail.contains("RCPT TO:<marta@acme.example>"), "{mail}");
        assert!(line(mail, "Auto-Submitted:").unwrap().contains("auto-generated"));
        assert!(line(mail, "Subject:").unwrap().contains(&ticket.to_string()), "{mail}");
    }
    assert_eq!(line(&mails[0], "Message-ID:"), line(&mails[1], "Message-ID:"));
    let caller = world.supervisor(&replica).await;
    eventually(async || caller.notifications(false).await.is_empty()).await;
}

#[tokio::test]
async fn a_mail_that_is_refused_or_that_nobody_takes_is_listed() {
    let world = World::new();
    let server = smarthost(&["550 no such user marta@acme.example"]).await;
    let replica = server.used_by(&world).await;
    world.open_ticket().await;
    let caller = world.supervisor(&replica).await;
    eventually(async || caller.notifications(true).await.len() == 1).await;
    let failure = caller.notifications(true).await.remove(0).failure;
    assert!(failure.contains("550") && !failure.contains("marta"), "{failure}");
    replica.stops().await;

    let replica = world.replica().await;
    let caller = world.supervisor(&replica).await;
    world.open_ticket().await;
    eventually(async || caller.notifications(true).await.len() == 2).await;
    let failures = caller.notifications(true).await;
    assert!(
        failures.iter().any(|failed| failed.failure.contains("[smarthost]")),
        "{failures:?}"
    );
}

#[tokio::test]
async fn nothing_is_sent_where_the_connection_was_to_be_protected_and_cannot_be() {
    let world = World::new();
    let server = smarthost(&[]).await;
    let replica = server.used_with(&world, "starttls").await;
    world.open_ticket().await;
    let caller = world.supervisor(&replica).await;
    eventually(async || {
        caller
            .notifications(false)
            .await
            .iter()
            .any(|waiting| waiting.attempts > 0)
    })
    .await;
    assert!(server.mails.lock().unwrap().is_empty());
}
