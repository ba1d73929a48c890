//! Work lists in hints: who is told that a list has changed is told the list, too, as long as it is small. It is what a
//! look at the owner would find, in the form in which it goes to the agent; whoever misses it, or cannot read it, looks.

use std::collections::BTreeMap;

use bytes::Bytes;
use prost::Message;
use tandem_domain::routing::WorkList;
use tandem_proto::v1;

use super::view;

/// Lists of more tickets are looked at: most hints about them would bring the same tickets again.
pub(super) const MOST_TICKETS: usize = 12;
/// A batch that changes the lists of more agents than this is one of many: the next ones would change most of the lists
/// again before anybody has read them.
pub(super) const MOST_AGENTS: usize = 64;
/// A hint with more bytes would take longer than the look that it spares.
const MOST_BYTES: usize = 16 * 1024;

/// An agent's whole work list, and what an agent is told of the offers in it.
#[derive(Clone, PartialEq, Message)]
pub struct News {
    /// The list.
    #[prost(message, optional, tag = "1")]
    pub list: Option<v1::WorkList>,
    /// By offer, why the agent was chosen.
    #[prost(btree_map = "uint64, message", tag = "2")]
    pub rankings: BTreeMap<u64, v1::Ranking>,
}

impl From<&WorkList> for News {
    fn from(list: &WorkList) -> Self {
        let rankings = list.rankings.iter();
        Self {
            list: Some(view::work_list(list)),
            rankings: rankings.map(|(offer, why)| (offer.0, view::ranking(why))).collect(),
        }
    }
}

/// Empty where the list is not small.
pub(super) fn write(list: &WorkList) -> Bytes {
    if list.items.len() > MOST_TICKETS {
        return Bytes::new();
    }
    let news = News::from(list).encode_to_vec();
    Some(Bytes::from(news))
        .filter(|news| news.len() <= MOST_BYTES)
        .unwrap_or_default()
}

/// What a hint brought; none where it brought no list that this program can read.
#[must_use]
pub fn read(hint: Bytes) -> Option<News> {
    News::decode(hint).ok().filter(|news| news.list.is_some())
}

#[cfg(test)]
mod tests {
    use tandem_domain::routing::AgentView;
    use tandem_domain::{Presence, TicketId};

    use super::*;

    fn list(capacity: usize) -> WorkList {
        let agent = AgentView {
            id: "ana".parse().unwrap(),
            presence: Presence::Online,
            used: 0,
            capacity: 1,
            tickets: (0..capacity as u64).map(TicketId).collect(),
            missed: 0,
            over_capacity: false,
            available: true,
            helping: Vec::new(),
        };
        WorkList {
            version: 7,
            agent,
            items: Vec::new(),
            rankings: BTreeMap::new(),
        }
    }

    #[test]
    fn a_small_list_travels_with_the_hint_and_a_large_one_does_not() {
        assert_eq!(read(write(&list(3))), Some(News::from(&list(3))));
        assert_eq!(read(write(&list(MOST_BYTES))), None);
    }

    #[test]
    fn what_another_version_of_the_program_says_is_no_list() {
        for other in ["of a newer program", r#"{"version":7,"agent":{"id":"ana"}}"#, ""] {
            assert_eq!(read(Bytes::from_static(other.as_bytes())), None, "{other}");
        }
    }
}
