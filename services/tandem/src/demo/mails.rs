//! The demo's mails, and how they are sent: as any mail program would, over SMTP.

use std::time::Duration;

use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use serde::Deserialize;

use crate::failure::Failure;

/// The pause after "not now".
const RETRY: Duration = Duration::from_millis(200);

/// A customer's mail.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Mail {
    from: String,
    /// The account's key.
    to: String,
    subject: String,
    text: String,
    /// Answers the author's own earlier mail, by its place in the list.
    reply_to: Option<usize>,
    /// An answering machine's.
    #[serde(default)]
    automatic: bool,
    /// A mail server's.
    #[serde(default)]
    bounce: bool,
}

/// All mails of the demo.
pub(crate) fn all() -> Vec<Mail> {
    serde_json::from_str(include_str!("../../demo/mails.json")).expect("the demo's mails are valid")
}

/// How many people wrote, and how many machines.
pub(crate) fn count(mails: &[Mail]) -> (usize, usize) {
    let machines = mails.iter().filter(|mail| mail.automatic || mail.bounce).count();
    (mails.len() - machines, machines)
}

/// Sends mails to a listening port.
pub(crate) struct Post {
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

impl Post {
    /// A sender to this port on loopback.
    pub(crate) fn new(port: u16) -> Self {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1")
            .port(port)
            .build();
        Self { transport }
    }

    /// Sends one; success means that it was answered with 250. "Not now" (4xx) is asked again, as any mail server does.
    pub(crate) async fn send(&self, number: usize, mail: &Mail) -> Result<(), Failure> {
        let (envelope, raw) =
            compose(number, mail).map_err(|error| Failure::Fault(format!("mail {number}: {error}")))?;
        loop {
            match self.transport.send_raw(&envelope, &raw).await {
                Ok(_) => return Ok(()),
                Err(error) if error.is_transient() => tokio::time::sleep(RETRY).await,
                Err(error) => return Err(Failure::Fault(format!("mail {number} was not taken: {error}"))),
            }
        }
    }
}

fn compose(number: usize, mail: &Mail) -> Result<(Envelope, Vec<u8>), Box<dyn std::error::Error>> {
    let from: Mailbox = mail.from.parse()?;
    let to: Address = format!("{}@acme.example", mail.to).parse()?;
    let mut builder = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to.clone()))
        .subject(&mail.subject)
        .message_id(Some(message_id(number)));
    if let Some(earlier) = mail.reply_to {
        builder = builder.in_reply_to(message_id(earlier)).references(message_id(earlier));
    }
    if mail.automatic || mail.bounce {
        builder = builder.raw_header(HeaderValue::new(
            HeaderName::new_from_ascii("Auto-Submitted".to_owned())?,
            if mail.bounce { "auto-generated" } else { "auto-replied" }.to_owned(),
        ));
    }
    let return_path = (!mail.bounce).then(|| from.email.clone());
    Ok((
        Envelope::new(return_path, vec![to])?,
        builder.body(mail.text.clone())?.formatted(),
    ))
}

fn message_id(number: usize) -> String {
    format!("<demo-{number}@customers.example>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mail_can_be_sent_to_an_address_of_the_example_desk() {
        let mails = all();
        let desk =
            tandem_desk_file::parse(&super::super::stage::desk("127.0.0.1:8080")).expect("the example desk is valid");
        for (number, mail) in mails.iter().enumerate() {
            let address = format!("{}@acme.example", mail.to).parse().expect("an address");
            assert!(desk.account_of(&address).is_some(), "{address}");
            assert!(compose(number, mail).is_ok(), "mail {number}");
            assert!(
                mail.reply_to.is_none_or(|earlier| mails[earlier].from == mail.from),
                "mail {number}"
            );
        }
    }

    #[test]
    fn some_fifty_mails_come_from_people_and_some_from_machines() {
        let (people, machines) = count(&all());
        assert!(people >= 48 && machines >= 2, "{people} people, {machines} machines");
    }
}
