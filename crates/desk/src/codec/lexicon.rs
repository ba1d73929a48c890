//! What events have in common is read once: keys of the desk file, requirements, and who did it and why.

use std::str::FromStr;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use tandem_domain::{
    AccountId, Actor, AgentId, Cause, LanguageTag, QueueId, Requirement, SkillId, Tag, TandemId, Trace,
};

use super::common::damaged;
use crate::DecodeError;

/// What was read before, by its bytes. Whoever reads many events keeps one: what they share is then parsed once and kept
/// in memory once. It changes nothing of what is read.
#[derive(Debug, Default)]
pub struct Lexicon {
    pub(super) accounts: Names<AccountId>,
    pub(super) agents: Names<AgentId>,
    pub(super) languages: Names<LanguageTag>,
    pub(super) queues: Names<QueueId>,
    pub(super) skills: Names<SkillId>,
    pub(super) tags: Names<Tag>,
    pub(super) tandems: Names<TandemId>,
    pub(super) requirements: Known<Arc<Requirement>>,
    pub(super) actors: Known<Actor>,
    pub(super) methods: Known<Arc<str>>,
    /// All events of one turn have these in common, and nobody else does.
    pub(super) cause: Last<Cause>,
    pub(super) trace: Last<Trace>,
}

/// Texts that a desk does not have more of: beyond that, it is begun anew.
const MOST: usize = 1 << 18;

/// Things by the bytes that they were read from.
#[derive(Debug)]
pub(super) struct Known<T>(FxHashMap<Box<[u8]>, T>);

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self(FxHashMap::default())
    }
}

impl<T: Clone> Known<T> {
    pub(super) fn read(
        &mut self,
        bytes: &[u8],
        read: impl FnOnce(&[u8]) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        if let Some(known) = self.0.get(bytes) {
            return Ok(known.clone());
        }
        let new = read(bytes)?;
        if self.0.len() >= MOST {
            self.0.clear();
        }
        self.0.insert(bytes.into(), new.clone());
        Ok(new)
    }
}

/// Keys and tags by their texts.
#[derive(Debug)]
pub(super) struct Names<T>(Known<T>);

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self(Known::default())
    }
}

impl<T: Clone + FromStr> Names<T> {
    pub(super) fn read(&mut self, field: &str, text: &[u8]) -> Result<T, DecodeError> {
        self.0.read(text, |text| {
            let text = str::from_utf8(text).ok();
            text.and_then(|text| text.parse().ok()).ok_or_else(|| damaged(field))
        })
    }
}

/// What was read last.
#[derive(Debug)]
pub(super) struct Last<T> {
    bytes: Vec<u8>,
    read: Option<T>,
}

impl<T> Default for Last<T> {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            read: None,
        }
    }
}

impl<T: Clone> Last<T> {
    /// The same again, if the bytes are.
    pub(super) fn again(&self, bytes: &[u8]) -> Option<T> {
        self.read.as_ref().filter(|_| self.bytes == bytes).cloned()
    }

    pub(super) fn keep(&mut self, bytes: &[u8], read: &T) {
        self.bytes.clear();
        self.bytes.extend_from_slice(bytes);
        self.read = Some(read.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_before_is_the_same_in_memory() {
        let mut agents = Names::<AgentId>::default();
        // Shorter ones lie in the ids themselves.
        let name = b"ana-of-the-second-line-in-vienna";
        let [one, other] = [(); 2].map(|()| agents.read("agent", name).unwrap());
        assert!(std::ptr::eq(one.as_str(), other.as_str()));
        assert!(agents.read("agent", b"Ana").is_err());
    }

    #[test]
    fn only_the_last_is_had_again() {
        let mut last = Last::default();
        assert_eq!(last.again(b""), None);
        last.keep(b"a", &1);
        last.keep(b"b", &2);
        assert_eq!((last.again(b"a"), last.again(b"b")), (None, Some(2)));
    }
}
