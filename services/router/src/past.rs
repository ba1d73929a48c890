//! How it was: questions that the journal answers, by replaying the desk to a moment. The live desk hears nothing of it. One
//! look a desk at a time; it reads no more of the journal than up to that moment.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::time::Duration;

use tandem_desk::Journaled;
use tandem_domain::explain::Explanation;
use tandem_domain::routing::{Answer, Query, RoutingEvent};
use tandem_domain::{Core, DeskId, Event, OfferId, TicketId, Timestamp};
use tandem_routing::{RoutingCore, timeline};
use tandem_store::Store;

use crate::convert::FieldError;
use crate::errors::Failure;
use crate::history;

/// So much may the store's clock be behind that of a desk, which never goes back.
const CLOCKS_APART: Duration = Duration::from_secs(2);

/// A moment of a desk's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Right after this record.
    Seq(u64),
    /// Right after this offer was made.
    Offer(OfferId),
    /// At this time, with all that happened up to and at it.
    Time(Timestamp),
}

impl Moment {
    /// The request's field that names it.
    const fn field(self) -> &'static str {
        match self {
            Self::Seq(_) => "seq",
            Self::Offer(_) => "offer_id",
            Self::Time(_) => "time",
        }
    }

    /// Refuses what is yet to come, as of which nobody can tell.
    pub(crate) fn require_past(self, head: u64, now: Timestamp) -> Result<(), FieldError> {
        let allowed = match self {
            Self::Seq(seq) if seq > head => format!("at most {head}, the last record of the desk's journal"),
            Self::Time(time) if time > now.plus(CLOCKS_APART) => {
                format!("not in the future: it is {}", now.whole_second())
            }
            Self::Seq(_) | Self::Time(_) | Self::Offer(_) => return Ok(()),
        };
        Err(FieldError::new(self.field(), allowed))
    }

    /// Whether the event comes only after the moment.
    fn is_before(self, seq: u64, event: &Event<RoutingEvent>) -> bool {
        match self {
            Self::Seq(last) => seq > last,
            Self::Offer(_) => false,
            Self::Time(last) => event.at > last,
        }
    }

    /// Whether the event is the last before the moment.
    fn is_right_after(self, event: &Event<RoutingEvent>) -> bool {
        matches!((self, &event.body), (Self::Offer(offer), RoutingEvent::OfferIssued { offer: made, .. }) if *made == offer)
    }
}

/// A desk on its way to a moment.
struct Past {
    core: RoutingCore,
    now: Timestamp,
    /// Whether the offer was found, if it is the moment of one.
    reached: bool,
}

/// Why a ticket was where it was at that moment.
pub(crate) async fn explain(
    store: &dyn Store,
    desk: &DeskId,
    ticket: TicketId,
    moment: Moment,
) -> Result<Explanation, Failure> {
    let past = Past {
        core: RoutingCore::new(desk),
        now: Timestamp::EPOCH,
        reached: false,
    };
    let past = history::go_through(store, desk, past, move |past, seq, event| {
        past.take(moment, seq, &event)
    })
    .await?;
    if matches!(moment, Moment::Offer(_)) && !past.reached {
        return Err(Failure::missing("offer", &described(moment), moment.field()));
    }
    let now = match moment {
        Moment::Time(time) => time,
        Moment::Seq(_) | Moment::Offer(_) => past.now,
    };
    match past.core.query(&Query::Explain(ticket), now) {
        Answer::Explain(Some(explanation)) => Ok(*explanation),
        _ => Err(Failure::missing("open ticket then", &ticket, moment.field())),
    }
}

impl Past {
    fn take(&mut self, moment: Moment, seq: u64, event: &Event<RoutingEvent>) -> ControlFlow<()> {
        if moment.is_before(seq, event) {
            return ControlFlow::Break(());
        }
        self.core.apply(event);
        self.now = event.at;
        if moment.is_right_after(event) {
            self.reached = true;
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

fn described(moment: Moment) -> String {
    match moment {
        Moment::Seq(seq) => seq.to_string(),
        Moment::Offer(offer) => offer.to_string(),
        Moment::Time(time) => time.to_string(),
    }
}

/// One event of a ticket.
pub(crate) struct Entry {
    pub(crate) seq: u64,
    pub(crate) at: Timestamp,
    pub(crate) kind: &'static str,
    pub(crate) actor: String,
    pub(crate) what: String,
    pub(crate) offer: Option<OfferId>,
}

/// What happened to a ticket: its latest events, oldest first, and how many are left out before them.
pub(crate) struct Timeline {
    pub(crate) entries: VecDeque<Entry>,
    pub(crate) left_out: u64,
}

pub(crate) async fn timeline(
    store: &dyn Store,
    desk: &DeskId,
    ticket: TicketId,
    most: usize,
) -> Result<Timeline, Failure> {
    let none = Timeline {
        entries: VecDeque::new(),
        left_out: 0,
    };
    let told = history::go_through(store, desk, none, move |told, seq, event| {
        if concerns(&event.body, ticket) {
            told.add(Entry::of(seq, &event), most);
        }
        ControlFlow::Continue(())
    })
    .await?;
    if told.entries.is_empty() {
        return Err(Failure::missing("ticket", &ticket, "ticket_id"));
    }
    Ok(told)
}

/// What is split off or merged into a ticket is of its story, too.
fn concerns(event: &RoutingEvent, ticket: TicketId) -> bool {
    [event.ticket(), event.other_ticket()].contains(&Some(ticket))
}

impl Timeline {
    fn add(&mut self, entry: Entry, most: usize) {
        if self.entries.len() == most {
            self.entries.pop_front();
            self.left_out += 1;
        }
        self.entries.push_back(entry);
    }
}

impl Entry {
    fn of(seq: u64, event: &Event<RoutingEvent>) -> Self {
        let offer = match event.body {
            RoutingEvent::OfferIssued { offer, .. } => Some(offer),
            _ => None,
        };
        Self {
            seq,
            at: event.at,
            kind: RoutingCore::encode(event).kind,
            actor: event.actor.subject.to_string(),
            what: timeline::sentence(&event.body),
            offer,
        }
    }
}
