//! Who waits, in order: a sorted set that is used at its ends most of the time.

use std::collections::VecDeque;

/// Keys of one chunk at most.
const CHUNK: usize = 256;

/// A sorted set. Joining at the end and leaving at the front take the same time however many wait; joining and leaving
/// in between, and counting who is before a key, take little more (the set lies in chunks, each with some hundred keys).
#[derive(Clone, Debug)]
pub(crate) struct Line<K> {
    /// Sorted, and none empty; but a line that was in use keeps one.
    chunks: VecDeque<VecDeque<K>>,
    len: usize,
}

impl<K> Default for Line<K> {
    fn default() -> Self {
        Self {
            chunks: VecDeque::new(),
            len: 0,
        }
    }
}

impl<K: Ord + Copy> Line<K> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn first(&self) -> Option<K> {
        self.chunks.front()?.front().copied()
    }

    /// The first key after this one, whether or not this one is in.
    pub(crate) fn after(&self, key: K) -> Option<K> {
        let at = self.chunks.partition_point(|chunk| chunk.back() <= Some(&key));
        let chunk = self.chunks.get(at)?;
        chunk.get(chunk.partition_point(|other| *other <= key)).copied()
    }

    /// How many are before this key, whether or not it is in.
    pub(crate) fn count_before(&self, key: K) -> usize {
        let at = self.chunk_of(key);
        let before: usize = self.chunks.iter().take(at).map(VecDeque::len).sum();
        let within = self
            .chunks
            .get(at)
            .map_or(0, |chunk| chunk.partition_point(|other| *other < key));
        before + within
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = K> + '_ {
        self.chunks.iter().flatten().copied()
    }

    /// Puts the key in; it must not be in yet.
    pub(crate) fn insert(&mut self, key: K) {
        self.len += 1;
        match self.chunks.back_mut() {
            Some(last) if last.back() < Some(&key) && last.len() < CHUNK => last.push_back(key),
            Some(last) if last.back() >= Some(&key) => self.insert_within(key),
            _ => self.chunks.push_back([key].into()),
        }
    }

    fn insert_within(&mut self, key: K) {
        let mut at = self.chunk_of(key);
        if self.chunks[at].len() >= CHUNK {
            let upper = self.chunks[at].split_off(CHUNK / 2);
            self.chunks.insert(at + 1, upper);
            at += usize::from(self.chunks[at].back() < Some(&key));
        }
        let chunk = &mut self.chunks[at];
        let place = chunk.partition_point(|other| *other < key);
        chunk.insert(place, key);
    }

    /// Takes the key out, if it is in.
    pub(crate) fn remove(&mut self, key: K) {
        let at = self.chunk_of(key);
        let Some(chunk) = self.chunks.get_mut(at) else { return };
        let Ok(place) = chunk.binary_search(&key) else { return };
        chunk.remove(place);
        self.len -= 1;
        self.tidy(at);
    }

    /// Drops a chunk that is empty, and joins small neighbours: else a few keys could hold the room of many.
    fn tidy(&mut self, at: usize) {
        if self.chunks.len() > 1 && self.chunks[at].is_empty() {
            self.chunks.remove(at);
        } else {
            self.join(at);
            at.checked_sub(1).into_iter().for_each(|before| self.join(before));
        }
    }

    fn join(&mut self, at: usize) {
        let length = |at: usize| self.chunks.get(at).map_or(CHUNK, VecDeque::len);
        if length(at) + length(at + 1) < CHUNK / 4 {
            let mut upper = self.chunks.remove(at + 1).unwrap_or_default();
            self.chunks[at].append(&mut upper);
        }
    }

    /// The chunk in which the key is, or would be.
    fn chunk_of(&self, key: K) -> usize {
        self.chunks.partition_point(|chunk| chunk.back() < Some(&key))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn check(line: &Line<u16>, set: &BTreeSet<u16>, around: u16) {
        assert!(line.iter().eq(set.iter().copied()));
        assert_eq!((line.len(), line.is_empty()), (set.len(), set.is_empty()));
        assert_eq!(line.first(), set.first().copied());
        assert_eq!(line.after(around), set.range(around + 1..).next().copied());
        assert_eq!(line.count_before(around), set.range(..around).count());
    }

    proptest! {
        #[test]
        fn is_as_a_sorted_set(changes in prop::collection::vec((any::<bool>(), 0..2000u16), 0..3000)) {
            let (mut line, mut set) = (Line::default(), BTreeSet::new());
            for (joins, key) in changes {
                if joins && set.insert(key) {
                    line.insert(key);
                } else if !joins {
                    set.remove(&key);
                    line.remove(key);
                }
            }
            for key in (0..2001).step_by(97) {
                check(&line, &set, key);
            }
        }
    }

    #[test]
    fn a_line_of_many_chunks_loses_none() {
        let (mut line, mut set) = (Line::default(), BTreeSet::new());
        for key in (0..9000).map(|number| number * 7 % 9001) {
            set.insert(key);
            line.insert(key);
        }
        check(&line, &set, 4000);
        for key in (0..9001).filter(|key| key % 100 != 0) {
            set.remove(&key);
            line.remove(key);
        }
        check(&line, &set, 4000);
        assert!(line.chunks.len() <= 4, "{} chunks for 90 keys", line.chunks.len());
        for key in set {
            line.remove(key);
        }
        assert!(line.is_empty() && line.first().is_none());
        line.insert(5);
        assert_eq!(line.first(), Some(5));
    }
}
