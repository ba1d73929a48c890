//! Notifications as jobs: what is stored of one until it is delivered. Ids and keys only; addresses are looked up when it is
//! sent.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tandem_domain::escalation::Telling;
use tandem_domain::{ContactId, DeskId, NotificationId, Timestamp};
use tandem_store::NewJob;

/// The queue of the store in which they wait.
pub(crate) const QUEUE: &str = "notifications";

/// A notification to one contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Job {
    /// What is told.
    pub(crate) telling: Telling,
    /// Where in the journal that was asked for: an id of before a restored backup is another notification's.
    pub(crate) incarnation: u64,
    /// Who is told.
    pub(crate) contact: ContactId,
    /// How; none: in all ways in which the contact can be reached, each as a job of its own.
    pub(crate) way: Option<Way>,
    /// How often a receiver was tried in vain.
    pub(crate) tries: u32,
    /// How often in a row it was put off because something on this side was missing.
    #[serde(default)]
    pub(crate) waits: u32,
}

/// How a notification travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Way {
    /// A signed webhook.
    Webhook,
    /// Mail.
    Email,
}

impl Job {
    /// Its id on the desk, also what receivers know it by: the same notification has the same however often it is sent.
    pub(crate) fn id(&self) -> String {
        let way = match self.way {
            None => "to",
            Some(Way::Webhook) => "webhook",
            Some(Way::Email) => "email",
        };
        let NotificationId(number) = self.telling.notification;
        format!("N{number}-{:016x}-{way}-{}", self.incarnation, self.contact)
    }

    /// How, and to whom, the notification with this id goes; none for what is no such id.
    pub(crate) fn receiver_of(id: &str) -> Option<(Way, ContactId)> {
        let mut parts = id.splitn(4, '-').skip(2);
        let way = match parts.next()? {
            "webhook" => Way::Webhook,
            "email" => Way::Email,
            _ => return None,
        };
        Some((way, parts.next()?.parse().ok()?))
    }

    /// The same in another way, not tried yet.
    pub(crate) fn by(&self, way: Way) -> Self {
        Self {
            way: Some(way),
            tries: 0,
            waits: 0,
            ..self.clone()
        }
    }

    /// To be queued for `desk`, due at `at`.
    pub(crate) fn queued(&self, desk: &DeskId, at: Timestamp, trace: String) -> NewJob {
        NewJob {
            queue: QUEUE.to_owned(),
            desk: desk.clone(),
            id: self.id(),
            body: self.encode(),
            due: at,
            trace,
        }
    }

    /// As it is stored.
    pub(crate) fn encode(&self) -> Bytes {
        serde_json::to_vec(self).expect("a job is plain data").into()
    }

    /// From what was stored.
    pub(crate) fn decode(body: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(body)
    }
}
