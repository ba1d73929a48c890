//! One delivery.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use tandem_desk_file::{Contact, Webhook};
use tandem_domain::escalation::Telling;
use tandem_domain::{DeskId, Timestamp};
use tandem_store::{ClaimedJob, Commit, JobOutcome};

use super::{Worker, gone};
use crate::jobs::{Job, Way};
use crate::webhook::{Verdict, judge, keys, sign};

/// How long after each try the next one comes (Standard Webhooks' schedule); after the last one it is given up.
const SCHEDULE: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
    Duration::from_hours(14),
    Duration::from_hours(20),
    Duration::from_hours(24),
];
/// How long a notification waits at first when what is missing is on this side: the desk file, or the store. That is no try.
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// How long at most; each wait in a row is twice as long as the one before.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

impl Worker {
    /// Sends a notification once, and says what becomes of it.
    pub(super) async fn deliver(&self, claimed: &ClaimedJob, job: Job) -> JobOutcome {
        let contact = match self.contacts.get(&claimed.desk, &job.contact).await {
            Ok(Some(contact)) => contact,
            Ok(None) => return failed("the desk file in force has no such contact"),
            Err(reason) => return wait(job, &reason),
        };
        match (job.way, &contact.webhook, &contact.email) {
            (None, ..) => self.split(claimed, job, &contact).await,
            (Some(Way::Webhook), Some(webhook), _) => self.call(claimed, job, webhook).await,
            (Some(Way::Email), _, Some(address)) => {
                let (telling, now) = (&job.telling, self.clock.now());
                let sent = self
                    .mailer
                    .send(address, &claimed.desk, telling, &claimed.id, now)
                    .await;
                match sent {
                    Ok(()) => JobOutcome::Done,
                    Err(error) if error.is_passing() => later(job, &error.to_string()),
                    Err(error) => failed(error.to_string()),
                }
            }
            (Some(_), ..) => failed("the contact cannot be reached in this way any more"),
        }
    }

    /// A job of its own for each way in which the contact is reached.
    async fn split(&self, claimed: &ClaimedJob, job: Job, contact: &Contact) -> JobOutcome {
        let webhook = contact.webhook.as_ref().map(|_| Way::Webhook);
        let email = contact.email.as_ref().map(|_| Way::Email);
        let ways = webhook.into_iter().chain(email);
        let queued = |way| {
            job.by(way)
                .queued(&claimed.desk, claimed.created_at, claimed.trace.clone())
        };
        let commit = Commit {
            jobs: ways.map(queued).collect(),
            ..Commit::default()
        };
        match self.store.commit(commit).await {
            Ok(()) => {
                self.wake.notify_one();
                JobOutcome::Done
            }
            Err(error) => wait(job, &error.to_string()),
        }
    }

    async fn call(&self, claimed: &ClaimedJob, job: Job, webhook: &Webhook) -> JobOutcome {
        let (desk, contact, url) = (&claimed.desk, job.contact.clone(), &webhook.url);
        match gone::is_gone(self.store.as_ref(), desk, &contact, url).await {
            Ok(false) => {}
            Ok(true) => return failed(GONE),
            Err(error) => return wait(job, &error.to_string()),
        }
        let post = match self.signed(claimed, &job, webhook) {
            Ok(post) => post,
            Err(reason) => return later(job, &reason),
        };
        match judge(self.caller.post(url, post.headers, post.body).await) {
            Verdict::Delivered => JobOutcome::Done,
            Verdict::Later(reason) => later(job, &reason),
            Verdict::Never(reason) => failed(reason),
            Verdict::Gone => match gone::remember(self.store.as_ref(), desk, &contact, url).await {
                Ok(()) => failed(GONE),
                Err(error) => wait(job, &error.to_string()),
            },
        }
    }

    fn signed(&self, claimed: &ClaimedJob, job: &Job, webhook: &Webhook) -> Result<Post, String> {
        let keys = keys(self.secrets_dir.as_deref(), &webhook.secret).map_err(|error| error.to_string())?;
        let body = body(&claimed.desk, claimed.created_at, &job.telling);
        let at = self.clock.now().as_micros().div_euclid(1_000_000);
        let signature = sign(&keys, &claimed.id, at, &body);
        let headers = [
            ("webhook-id", claimed.id.clone()),
            ("webhook-timestamp", at.to_string()),
            ("webhook-signature", signature),
        ];
        let headers = headers.map(|(name, value)| {
            let value = HeaderValue::try_from(value).expect("keys, numbers and base64 are good in headers");
            (HeaderName::from_static(name), value)
        });
        Ok(Post {
            headers: HeaderMap::from_iter(headers),
            body,
        })
    }
}

const GONE: &str =
    "it answered 410 and wants no more calls: give the contact another address, or retry to call it again";

/// What is posted.
struct Post {
    headers: HeaderMap,
    body: Bytes,
}

/// The body of a webhook, in the form that Standard Webhooks proposes.
#[derive(Serialize)]
struct Payload<'a> {
    r#type: &'static str,
    timestamp: String,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    desk: &'a str,
    escalation: u64,
    ticket: u64,
    clock: &'a str,
    occurrence: u32,
    ladder: &'a str,
    /// Counted from 1.
    rung: u32,
    repeat: u32,
    due_at: String,
    late_by_ms: u64,
    queue: &'a str,
    priority: &'a str,
}

fn body(desk: &DeskId, at: Timestamp, telling: &Telling) -> Bytes {
    let payload = Payload {
        r#type: "escalation.rung_reached",
        timestamp: at.to_string(),
        data: Data {
            desk: desk.as_str(),
            escalation: telling.escalation.0,
            ticket: telling.clock.ticket.0,
            clock: telling.clock.kind.as_str(),
            occurrence: telling.clock.occurrence,
            ladder: telling.step.ladder.as_str(),
            rung: telling.step.rung + 1,
            repeat: telling.step.repeat,
            due_at: telling.due_at.to_string(),
            late_by_ms: u64::try_from(telling.late_by.as_millis()).unwrap_or(u64::MAX),
            queue: telling.queue.as_str(),
            priority: telling.priority.as_str(),
        },
    };
    serde_json::to_vec(&payload).expect("plain data").into()
}

/// Tried again, or given up after the last time.
fn later(mut job: Job, reason: &str) -> JobOutcome {
    let after = SCHEDULE.get(usize::try_from(job.tries).unwrap_or(usize::MAX));
    job.tries = job.tries.saturating_add(1);
    job.waits = 0;
    tracing::debug!(tries = job.tries, reason, "notification not delivered");
    match after {
        Some(after) => JobOutcome::Retry {
            after: *after,
            body: Some(job.encode()),
        },
        None => JobOutcome::Failed(format!("given up after {} tries; the last time {reason}", job.tries)),
    }
}

/// Put off, for as long as it takes. Whoever runs the service hears of it once.
fn wait(mut job: Job, reason: &str) -> JobOutcome {
    if job.waits == 0 {
        tracing::warn!(reason, "notification waits");
    }
    let after = FIRST_WAIT.saturating_mul(1 << job.waits.min(10)).min(LONGEST_WAIT);
    job.waits = job.waits.saturating_add(1);
    JobOutcome::Retry {
        after,
        body: Some(job.encode()),
    }
}

fn failed(reason: impl Into<String>) -> JobOutcome {
    JobOutcome::Failed(reason.into())
}

#[cfg(test)]
mod tests {
    use tandem_domain::escalation::{ClockId, Step};
    use tandem_domain::{ClockKind, EscalationId, NotificationId, Priority, TicketId};

    use super::*;

    fn job() -> Job {
        Job {
            telling: Telling {
                notification: NotificationId(7),
                escalation: EscalationId(3),
                clock: ClockId {
                    ticket: TicketId(17),
                    kind: ClockKind::FirstResponse,
                    occurrence: 1,
                },
                step: Step {
                    ladder: "quick".parse().unwrap(),
                    rung: 0,
                    repeat: 2,
                },
                due_at: Timestamp::EPOCH,
                late_by: Duration::from_millis(1_500),
                queue: "billing".parse().unwrap(),
                priority: Priority::High,
                contacts: vec!["on-call".parse().unwrap()],
            },
            incarnation: 1,
            contact: "on-call".parse().unwrap(),
            way: Some(Way::Webhook),
            tries: 0,
            waits: 0,
        }
    }

    #[test]
    fn ten_tries_take_about_three_days_and_then_it_is_given_up() {
        let (mut job, mut waited, mut tries) = (job(), Duration::ZERO, 1);
        let failure = loop {
            match later(job.clone(), "it answers 500") {
                JobOutcome::Retry {
                    after,
                    body: Some(body),
                } => {
                    job = Job::decode(&body).unwrap();
                    (waited, tries) = (waited + after, tries + 1);
                }
                JobOutcome::Failed(failure) => break failure,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(tries, 10);
        assert!(
            (Duration::from_hours(75)..Duration::from_hours(76)).contains(&waited),
            "{waited:?}"
        );
        assert!(failure.contains("10 tries") && failure.contains("500"), "{failure}");
    }

    /// The job after a retry, and how long it waits for that.
    fn again(outcome: JobOutcome) -> (Job, u64) {
        let JobOutcome::Retry {
            after,
            body: Some(body),
        } = outcome
        else {
            panic!("{outcome:?}")
        };
        (Job::decode(&body).unwrap(), after.as_secs())
    }

    #[test]
    fn what_is_missing_here_is_waited_for_longer_each_time_up_to_half_a_minute() {
        let (mut job, mut waits) = (job(), Vec::new());
        for _ in 0..7 {
            let (next, secs) = again(wait(job, "the router is away"));
            waits.push(secs);
            job = next;
        }
        assert_eq!(waits, [2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(job.tries, 0, "to wait is no try");
        let (tried, _) = again(later(job, "it answers 500"));
        assert_eq!((tried.tries, tried.waits), (1, 0));
    }

    #[test]
    fn a_job_that_was_stored_before_waits_were_counted_has_waited_for_nothing() {
        let mut stored = serde_json::to_value(job()).unwrap();
        stored.as_object_mut().unwrap().remove("waits").unwrap();
        assert_eq!(Job::decode(stored.to_string().as_bytes()).unwrap(), job());
    }

    #[test]
    fn the_body_has_ids_and_times_and_nobodys_words() {
        let body = body(&"acme".parse().unwrap(), Timestamp::EPOCH, &job().telling);
        let expected = r#"{"type":"escalation.rung_reached","timestamp":"1970-01-01T00:00:00Z","data":{"desk":"acme","escalation":3,"ticket":17,"clock":"first_response","occurrence":1,"ladder":"quick","rung":1,"repeat":2,"due_at":"1970-01-01T00:00:00Z","late_by_ms":1500,"queue":"billing","priority":"high"}}"#;
        assert_eq!(body, expected);
    }

    #[test]
    fn an_id_names_way_and_contact_and_holds_no_full_stop() {
        let id = job().id();
        assert_eq!(id, "N7-0000000000000001-webhook-on-call");
        assert!(
            !id.contains('.'),
            "it would be taken for the end of the id in what is signed"
        );
        assert_eq!(Job::receiver_of(&id), Some((Way::Webhook, "on-call".parse().unwrap())));
        for other in ["", "N7", "N7-1-to-on-call", "N7-1-webhook-", "N7-1-webhook-No Key"] {
            assert_eq!(Job::receiver_of(other), None, "{other}");
        }
    }
}
