//! Customers who write, as mail servers do: what was not taken for certain is sent again, or given up.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use tandem_domain::{Clock, Timestamp};
use tandem_service_kit::ids::SystemClock;
use tokio_util::sync::CancellationToken;

use super::tally::Tally;
use crate::mail::{Delivery, Mail, deliver, message_id};

/// A sender with its own running number.
pub(super) struct Sender {
    pub number: u64,
    pub desk: &'static str,
    pub servers: Vec<SocketAddr>,
    pub tally: Arc<Tally>,
    pub stop: CancellationToken,
    pub rng: StdRng,
}

/// What kind of mail it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Opens a ticket.
    New,
    /// Joins the ticket of an earlier one, by its place among the sender's mails.
    Answer(usize),
    /// Opens no ticket.
    Automatic,
}

/// A mail that was sent at least once.
pub(super) struct Sent {
    pub desk: &'static str,
    pub sender: u64,
    pub kind: Kind,
    pub mail: Mail,
    pub subject: String,
    /// 250 was answered.
    pub taken: bool,
    pub unanswered: Vec<Unanswered>,
}

/// Complete, and then nothing.
#[derive(Clone, Copy)]
pub(super) struct Unanswered {
    /// How many kills there had been.
    pub kill: u64,
    /// When this was known; whatever is sent again is sent later.
    pub known_at: Timestamp,
}

impl Sender {
    /// Sends until told to stop, and tells what.
    pub(super) async fn run(mut self) -> Vec<Sent> {
        let mut all: Vec<Sent> = Vec::new();
        while !self.stop.is_cancelled() {
            let mut next = self.compose(&all);
            self.send(&mut next).await;
            all.push(next);
            self.pause(200).await;
        }
        all
    }

    fn compose(&mut self, all: &[Sent]) -> Sent {
        let subject = format!("chaos {} {}", self.number, all.len());
        let kind = self.kind(all);
        let fields = match kind {
            Kind::New => Vec::new(),
            Kind::Answer(earlier) => vec![("In-Reply-To", message_id(&all[earlier].subject))],
            Kind::Automatic => vec![("Auto-Submitted", "auto-replied".to_owned())],
        };
        let mail = Mail::with_fields(self.desk, &subject, &fields);
        let (desk, sender) = (self.desk, self.number);
        Sent {
            desk,
            sender,
            kind,
            mail,
            subject,
            taken: false,
            unanswered: Vec::new(),
        }
    }

    fn kind(&mut self, all: &[Sent]) -> Kind {
        match self.rng.random_range(0..10) {
            0 => Kind::Automatic,
            1 | 2 => {
                let fits = |sent: &Sent| sent.taken && sent.kind == Kind::New;
                all.iter().rposition(fits).map_or(Kind::New, Kind::Answer)
            }
            _ => Kind::New,
        }
    }

    async fn send(&mut self, sent: &mut Sent) {
        let tally = self.tally.clone();
        loop {
            let server = self.servers[self.rng.random_range(0..self.servers.len())];
            match deliver(server, &sent.mail, || tally.mails_waiting.enter()).await {
                Delivery::Taken => {
                    tally.mails_taken.add();
                    sent.taken = true;
                    return;
                }
                Delivery::Unknown => {
                    tally.mails_unanswered.add();
                    sent.unanswered.push(Unanswered {
                        kill: tally.kills.get(),
                        known_at: SystemClock.now(),
                    });
                    if self.rng.random_bool(0.5) {
                        return;
                    }
                    tally.mails_sent_again.add();
                }
                Delivery::Refused(code) if code >= 500 => {
                    return tally.violation(format!("{code} for a good mail, `{}`", sent.subject));
                }
                Delivery::Refused(_) => tally.mails_refused.add(),
                Delivery::NotSent => tally.mails_not_sent.add(),
            }
            self.pause(100).await;
        }
    }

    async fn pause(&mut self, most: u64) {
        tokio::time::sleep(Duration::from_millis(self.rng.random_range(0..most))).await;
    }
}
