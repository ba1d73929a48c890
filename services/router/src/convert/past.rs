//! How it was, both ways.

use tandem_domain::OfferId;
use tandem_proto::v1;
use tandem_proto::v1::explain_ticket_request::At;
use tandem_service_kit::fields::instant;

use super::{FieldError, number, timestamp};
use crate::past::{Entry, Moment, Timeline};

const MAX_ENTRIES: u32 = 1_000;
const DEFAULT_ENTRIES: u32 = 200;

/// As of when to explain.
pub(crate) fn moment(at: At) -> Result<Moment, FieldError> {
    Ok(match at {
        At::Seq(seq) => Moment::Seq(number("seq", seq)?),
        At::OfferId(offer) => Moment::Offer(OfferId(number("offer_id", offer)?)),
        At::Time(time) => Moment::Time(instant("time", Some(time))?),
    })
}

/// How many entries are wanted at most.
pub(crate) fn entries(given: u32) -> Result<usize, FieldError> {
    match given {
        0 => Ok(DEFAULT_ENTRIES as usize),
        most @ 1..=MAX_ENTRIES => Ok(most as usize),
        _ => Err(FieldError::new("max_entries", format!("at most {MAX_ENTRIES}, or 0"))),
    }
}

/// What happened to a ticket.
pub(crate) fn timeline(timeline: &Timeline) -> v1::GetTimelineResponse {
    v1::GetTimelineResponse {
        entries: timeline.entries.iter().map(entry).collect(),
        left_out: timeline.left_out,
    }
}

fn entry(entry: &Entry) -> v1::TimelineEntry {
    v1::TimelineEntry {
        seq: entry.seq,
        at: Some(timestamp(entry.at)),
        kind: entry.kind.to_owned(),
        actor: entry.actor.clone(),
        what: entry.what.clone(),
        offer_id: entry.offer.map_or(0, |offer| offer.0),
    }
}
