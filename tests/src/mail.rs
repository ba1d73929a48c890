//! Customers: mails, and a small SMTP client that knows exactly how far each one got.

mod session;

pub use session::{Reply, Session};

use std::fmt::Write;
use std::net::SocketAddr;

use crate::desks::address;
use crate::smarthost::TakenMail;

/// A mail that a customer sends.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The envelope's sender; empty as in bounces.
    pub from: String,
    /// The envelope's recipient.
    pub to: String,
    /// With CR LF, and nothing that has to be doubled or ended.
    pub raw: String,
}

impl Mail {
    /// A question about `subject`, to a desk.
    pub fn new(desk: &str, subject: &str) -> Self {
        Self::with_fields(desk, subject, &[])
    }

    /// The same, with header fields of one's own.
    pub fn with_fields(desk: &str, subject: &str, fields: &[(&str, String)]) -> Self {
        let (from, to) = ("maria@customer.example".to_owned(), address(desk));
        let mut raw = format!("From: Maria <{from}>\r\nTo: {to}\r\nSubject: {subject}\r\n");
        write!(
            raw,
            "Message-ID: {}\r\nDate: Mon, 1 Jun 2026 10:00:00 +0000\r\n",
            message_id(subject)
        )
        .expect("text");
        for (name, value) in fields {
            write!(raw, "{name}: {value}\r\n").expect("text");
        }
        write!(
            raw,
            "\r\nHello,\r\n\r\nI have a question about my order, see the subject {subject}.\r\n"
        )
        .expect("text");
        Self { from, to, raw }
    }
}

/// What a customer's mail server says when it could not deliver a mail of ours after all (RFC 3464).
pub fn bounce(of: &TakenMail) -> Mail {
    let (to, recipient, id) = (of.from.clone(), &of.to, of.field("Message-ID"));
    let raw = format!(
        "From: Mail Delivery System <mailer-daemon@mx.example>\r\nTo: <{to}>\r\n\
         Subject: Undelivered Mail Returned to Sender\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nThe mailbox does not exist.\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n\
         Final-Recipient: rfc822; {recipient}\r\nAction: failed\r\nStatus: 5.1.1\r\n\
         --b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {id}\r\n--b--\r\n"
    );
    Mail {
        from: String::new(),
        to,
        raw,
    }
}

/// The Message-ID of the mail with a subject.
pub fn message_id(subject: &str) -> String {
    format!("<{}@customer.example>", subject.replace(' ', "."))
}

/// What became of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// 250: it is Tandem's now.
    Taken,
    /// Answered otherwise: the sender still has it.
    Refused(u16),
    /// The connection ended before the mail was complete.
    NotSent,
    /// The mail was complete, and no answer came: it may have been taken.
    Unknown,
}

/// Sends one mail over a connection of its own. `waiting` is called when only the answer is missing, and what it
/// returns is dropped when the answer is there.
pub async fn deliver<W>(server: SocketAddr, mail: &Mail, waiting: impl FnOnce() -> W) -> Delivery {
    let mut session = match announce(server, mail).await {
        Ok(Ok(session)) => session,
        Ok(Err(code)) => return Delivery::Refused(code),
        Err(_) => return Delivery::NotSent,
    };
    let _waiting = waiting();
    match session.body(mail.raw.as_bytes()).await {
        Ok(Reply { code: 250, .. }) => Delivery::Taken,
        // 421 may come on its own account while the mail is still being stored.
        Ok(Reply { code: 421, .. }) | Err(_) => Delivery::Unknown,
        Ok(Reply { code, .. }) => Delivery::Refused(code),
    }
}

/// Sends one mail, and insists that it is taken.
pub async fn deliver_surely(server: SocketAddr, mail: &Mail) {
    let delivery = deliver(server, mail, || ()).await;
    assert_eq!(delivery, Delivery::Taken, "{}", mail.raw);
}

/// Goes up to where the mail itself may begin; or says why not.
async fn announce(server: SocketAddr, mail: &Mail) -> std::io::Result<Result<Session, u16>> {
    let mut session = Session::open(server).await?;
    for command in [
        "EHLO customer.example".to_owned(),
        format!("MAIL FROM:<{}>", mail.from),
        format!("RCPT TO:<{}>", mail.to),
        "DATA".to_owned(),
    ] {
        let reply = session.command(&command).await?;
        if reply.code >= 400 {
            return Ok(Err(reply.code));
        }
    }
    Ok(Ok(session))
}

/// Whether a server takes mail for an address now.
pub async fn takes_mail_for(server: SocketAddr, address: &str) -> bool {
    let asking = async {
        let mut session = Session::open(server).await?;
        session.command("EHLO customer.example").await?;
        session.command("MAIL FROM:<maria@customer.example>").await?;
        let reply = session.command(&format!("RCPT TO:<{address}>")).await?;
        session.command("QUIT").await?;
        std::io::Result::Ok(reply.code == 250)
    };
    asking.await.unwrap_or(false)
}
