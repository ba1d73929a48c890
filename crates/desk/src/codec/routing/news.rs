//! Work lists in hints: who is told that a list has changed is told the list, too, as long as it is small. It is what a
//! look at the owner would find; whoever misses it, or cannot read it, looks.

use bytes::Bytes;
use tandem_domain::routing::WorkList;

/// Lists of more tickets are looked at: most hints about them would bring the same tickets again.
pub(super) const MOST_TICKETS: usize = 12;
/// A batch that changes the lists of more agents than this is one of many: the next ones would change most of the lists
/// again before anybody has read them.
pub(super) const MOST_AGENTS: usize = 64;
/// A hint with more bytes would take longer than the look that it spares.
const MOST_BYTES: usize = 16 * 1024;

/// Empty where the list is not small.
pub(super) fn write(list: &WorkList) -> Bytes {
    if list.items.len() > MOST_TICKETS {
        return Bytes::new();
    }
    let json = serde_json::to_vec(list).expect("work lists are plain data with text keys");
    Some(Bytes::from(json))
        .filter(|json| json.len() <= MOST_BYTES)
        .unwrap_or_default()
}

/// The list that a hint brought; none where it brought none that this program can read.
#[must_use]
pub fn read(hint: &[u8]) -> Option<WorkList> {
    serde_json::from_slice(hint).ok()
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
            rankings: std::collections::BTreeMap::new(),
        }
    }

    #[test]
    fn a_small_list_travels_with_the_hint_and_a_large_one_does_not() {
        assert_eq!(read(&write(&list(3))), Some(list(3)));
        assert_eq!(read(&write(&list(MOST_BYTES))), None);
        assert_eq!(read(b"of a newer program"), None);
    }
}
