//! The desk's answers as a visitor's side gets them: by rows that the deliveries write, in the order in which the
//! router took the answers.

use std::collections::BTreeMap;

use tandem_domain::{ConversationId, DeskId, MessageId};
use tandem_store::{Store, StoreError};

use crate::deliveries::answer_rows;

/// Rows that are read at once.
const PAGE: usize = 200;

/// An answer that was released to the visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Released {
    /// Its number: the router's, so it grows within the chat.
    pub seq: u64,
    /// Its words are in this document.
    pub message: MessageId,
}

/// What of a chat's answers a visitor's side has.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    /// The last answer that was read here.
    read: u64,
    /// How many there are up to there.
    count: u64,
    /// Sent, and not yet shown.
    unshown: BTreeMap<u64, MessageId>,
}

impl Cursor {
    /// How many answers were read.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Whether everything that was sent was shown.
    pub(super) fn is_settled(&self) -> bool {
        self.unshown.is_empty()
    }

    /// Reads the answers that came since, a page at most.
    pub(super) async fn read(
        &mut self,
        store: &dyn Store,
        desk: &DeskId,
        chat: ConversationId,
    ) -> Result<Vec<Released>, StoreError> {
        let rows = answer_rows(store, desk, chat, self.read, PAGE).await?;
        let released: Vec<_> = rows
            .into_iter()
            .map(|(seq, message)| Released { seq, message })
            .collect();
        self.count += released.len() as u64;
        self.read = released.last().map_or(self.read, |last| last.seq);
        Ok(released)
    }

    /// Notes that an answer was sent.
    pub(super) fn sent(&mut self, answer: Released) {
        self.unshown.insert(answer.seq, answer.message);
    }

    /// Takes the answers that are shown, now that everything up to `seq` is.
    pub(super) fn shown(&mut self, seq: u64) -> Vec<MessageId> {
        let later = self.unshown.split_off(&seq.saturating_add(1));
        std::mem::replace(&mut self.unshown, later).into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_acknowledgement_covers_what_was_sent_before() {
        let message = |number| MessageId(Uuid::from_u128(number));
        let mut cursor = Cursor::default();
        for seq in [3, 5, 9] {
            let message = message(seq.into());
            cursor.sent(Released { seq, message });
        }
        assert_eq!(cursor.shown(2), []);
        assert_eq!(cursor.shown(5), [message(3), message(5)]);
        assert_eq!(cursor.shown(5), []);
        assert!(!cursor.is_settled());
        assert_eq!(cursor.shown(u64::MAX), [message(9)]);
        assert!(cursor.is_settled());
    }
}
