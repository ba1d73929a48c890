//! What waits to be sent to one agent's desktop. A client that reads slowly costs bounded memory: of the
//! work lists only the newest is kept, offers only while they are in it, and with too many outcomes waiting
//! no further action is read.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::Stream;
use tandem_proto::v1;
use tokio::sync::Notify;
use tokio_util::sync::DropGuard;
use tonic::Status;
use v1::work_response::Event;

/// Outcomes that may wait; then no further action is read.
const MOST_OUTCOMES: usize = 16;

/// What waits to be sent on one stream.
#[derive(Default)]
pub(super) struct Outbox {
    waiting: Mutex<Waiting>,
    filled: Notify,
    emptied: Notify,
}

#[derive(Default)]
struct Waiting {
    outcomes: VecDeque<v1::Outcome>,
    list: Option<v1::WorkList>,
    offers: Vec<v1::OfferMade>,
    end: Option<Status>,
    ended: bool,
}

impl Outbox {
    /// Puts the newest work list in place of an older one that was not sent yet.
    pub(super) fn put_list(&self, list: v1::WorkList) {
        self.fill(|waiting| {
            let open: BTreeSet<u64> = list.tickets.iter().filter_map(offer_id).collect();
            waiting
                .offers
                .retain(|made| made.offer.as_ref().is_some_and(|offer| open.contains(&offer.offer_id)));
            waiting.list = Some(list);
        });
    }

    /// Adds an offer of the newest list.
    pub(super) fn put_offer(&self, offer: v1::OfferMade) {
        self.fill(|waiting| waiting.offers.push(offer));
    }

    /// Adds an outcome.
    pub(super) fn put_outcome(&self, outcome: v1::Outcome) {
        self.fill(|waiting| waiting.outcomes.push_back(outcome));
    }

    /// Ends the stream with `status`, after the outcomes that wait.
    pub(super) fn end(&self, status: Status) {
        self.fill(|waiting| {
            waiting.list = None;
            waiting.offers.clear();
            waiting.end = Some(status);
        });
    }

    /// Returns once another outcome may be put.
    pub(super) async fn room(&self) {
        while self.lock().outcomes.len() >= MOST_OUTCOMES {
            self.emptied.notified().await;
        }
    }

    /// The response stream; `gone` is dropped with it, when the client has gone.
    pub(super) fn stream(self: Arc<Self>, gone: DropGuard) -> impl Stream<Item = Result<v1::WorkResponse, Status>> {
        futures::stream::unfold((self, gone), async |(outbox, gone)| {
            let next = outbox.next().await?;
            Some((next, (outbox, gone)))
        })
    }

    async fn next(&self) -> Option<Result<v1::WorkResponse, Status>> {
        loop {
            let (next, ended) = {
                let mut waiting = self.lock();
                (waiting.take(), waiting.ended)
            };
            match next {
                Some(next) => {
                    self.emptied.notify_one();
                    return Some(next);
                }
                None if ended => return None,
                None => self.filled.notified().await,
            }
        }
    }

    fn fill(&self, put: impl FnOnce(&mut Waiting)) {
        put(&mut self.lock());
        self.filled.notify_one();
    }

    /// No code that can panic runs under this lock.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn take(&mut self) -> Option<Result<v1::WorkResponse, Status>> {
        if let Some(event) = self.take_event() {
            return Some(Ok(v1::WorkResponse { event: Some(event) }));
        }
        let status = self.end.take()?;
        self.ended = true;
        Some(Err(status))
    }

    fn take_event(&mut self) -> Option<Event> {
        let outcome = self.outcomes.pop_front().map(Event::Outcome);
        let list = || self.list.take().map(Event::WorkList);
        outcome.or_else(list).or_else(|| {
            let any = !self.offers.is_empty();
            any.then(|| Event::Offer(self.offers.remove(0)))
        })
    }
}

fn offer_id(ticket: &v1::Ticket) -> Option<u64> {
    ticket.offer.as_ref().map(|offer| offer.offer_id)
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, StreamExt, pin_mut};
    use tokio_util::sync::CancellationToken;

    use super::*;

    fn list(version: u64, offers: &[u64]) -> v1::WorkList {
        let ticket = |offer_id: &u64| v1::Ticket {
            offer: Some(v1::Offer {
                offer_id: *offer_id,
                ..v1::Offer::default()
            }),
            ..v1::Ticket::default()
        };
        v1::WorkList {
            version,
            agent: None,
            tickets: offers.iter().map(ticket).collect(),
        }
    }

    fn offer(offer_id: u64) -> v1::OfferMade {
        let offer = Some(v1::Offer {
            offer_id,
            ..v1::Offer::default()
        });
        v1::OfferMade {
            offer,
            ..v1::OfferMade::default()
        }
    }

    fn outcome(request_id: &str) -> v1::Outcome {
        v1::Outcome {
            request_id: request_id.into(),
            failure: None,
        }
    }

    fn drain(outbox: Arc<Outbox>) -> Vec<String> {
        let gone = CancellationToken::new();
        let stream = outbox.stream(gone.clone().drop_guard());
        pin_mut!(stream);
        let mut seen = Vec::new();
        while let Some(Some(next)) = stream.next().now_or_never() {
            seen.push(match next.map(|response| response.event) {
                Ok(Some(Event::WorkList(list))) => format!("list {}", list.version),
                Ok(Some(Event::Offer(made))) => format!("offer {}", made.offer.unwrap().offer_id),
                Ok(Some(Event::Outcome(outcome))) => format!("outcome {}", outcome.request_id),
                Ok(None) => "nothing".to_owned(),
                Err(status) => format!("end {}", status.message()),
            });
        }
        seen
    }

    #[test]
    fn only_the_newest_list_and_its_offers_are_kept() {
        let outbox = Arc::new(Outbox::default());
        outbox.put_list(list(1, &[7, 8]));
        outbox.put_offer(offer(7));
        outbox.put_offer(offer(8));
        outbox.put_list(list(2, &[8, 9]));
        outbox.put_offer(offer(9));
        outbox.put_outcome(outcome("r-1"));
        assert_eq!(drain(outbox), ["outcome r-1", "list 2", "offer 8", "offer 9"]);
    }

    #[test]
    fn outcomes_are_still_told_when_the_stream_ends() {
        let outbox = Arc::new(Outbox::default());
        outbox.put_list(list(1, &[]));
        outbox.put_outcome(outcome("r-1"));
        outbox.end(Status::aborted("superseded"));
        assert_eq!(drain(outbox), ["outcome r-1", "end superseded"]);
    }

    #[test]
    fn a_client_that_does_not_read_is_not_read_from() {
        let outbox = Arc::new(Outbox::default());
        for number in 0..MOST_OUTCOMES {
            assert!(outbox.room().now_or_never().is_some());
            outbox.put_outcome(outcome(&number.to_string()));
        }
        assert!(outbox.room().now_or_never().is_none());
        drain(outbox.clone());
        assert!(outbox.room().now_or_never().is_some());
    }

    #[test]
    fn dropping_the_stream_says_that_the_client_is_gone() {
        let gone = CancellationToken::new();
        drop(Arc::new(Outbox::default()).stream(gone.clone().drop_guard()));
        assert!(gone.is_cancelled());
    }
}
