//! Offers that are over: whoever answers one late is told what became of it.

use std::collections::VecDeque;
use std::fmt;

use serde::{Deserialize, Serialize};
use tandem_domain::OfferId;

use crate::agents::AgentIx;

/// Late answers come seconds after the end; memory must not grow with every offer ever made.
const REMEMBERED: usize = 1000;

/// What became of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum End {
    Accepted,
    Declined,
    Expired,
    Revoked,
    AcceptedElsewhere,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::AcceptedElsewhere => "somebody else accepted the ticket first",
        })
    }
}

/// The offers that ended last, by their numbers. Most end in the order in which they were made.
#[derive(Debug, Default)]
pub(crate) struct EndedOffers(VecDeque<(OfferId, AgentIx, End)>);

impl EndedOffers {
    pub(crate) fn add(&mut self, offer: OfferId, agent: AgentIx, end: End) {
        if self.0.back().is_none_or(|(last, ..)| *last < offer) {
            self.0.push_back((offer, agent, end));
        } else {
            self.sort_in(offer, agent, end);
        }
        if self.0.len() > REMEMBERED {
            self.0.pop_front();
        }
    }

    fn sort_in(&mut self, offer: OfferId, agent: AgentIx, end: End) {
        match self.0.binary_search_by_key(&offer, |(ended, ..)| *ended) {
            Ok(at) => self.0[at] = (offer, agent, end),
            Err(at) => self.0.insert(at, (offer, agent, end)),
        }
    }

    pub(crate) fn get(&self, offer: OfferId) -> Option<(AgentIx, End)> {
        let at = self.0.binary_search_by_key(&offer, |(ended, ..)| *ended).ok()?;
        let (_, agent, end) = self.0[at];
        Some((agent, end))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (OfferId, AgentIx, End)> {
        self.0.iter().copied()
    }
}
