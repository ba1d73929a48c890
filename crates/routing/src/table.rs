//! Small containers for what is looked up all the time.

use std::fmt;
use std::num::NonZeroU32;

/// A place in a list, counted from 0. It is kept as its successor, so that having none takes no more memory.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place(NonZeroU32);

impl Place {
    pub(crate) const LAST: Self = Self(NonZeroU32::MAX);

    pub(crate) const fn new(at: usize) -> Self {
        assert!(at < u32::MAX as usize, "lists have fewer than 2^32 places");
        #[expect(clippy::cast_possible_truncation, reason = "just checked")]
        match NonZeroU32::new(at as u32 + 1) {
            Some(next) => Self(next),
            None => unreachable!(),
        }
    }

    pub(crate) const fn at(self) -> usize {
        self.0.get() as usize - 1
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.at().fmt(f)
    }
}

/// A sorted set of the few.
#[derive(Clone, Debug)]
pub(crate) struct Few<T>(Vec<T>);

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Ord> Few<T> {
    pub(crate) fn insert(&mut self, one: T) {
        if let Err(at) = self.0.binary_search(&one) {
            self.0.insert(at, one);
        }
    }

    pub(crate) fn remove(&mut self, one: &T) {
        if let Ok(at) = self.0.binary_search(one) {
            self.0.remove(at);
        }
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }
}

impl<T: Ord> FromIterator<T> for Few<T> {
    fn from_iter<I: IntoIterator<Item = T>>(some: I) -> Self {
        let mut few = Self::default();
        some.into_iter().for_each(|one| few.insert(one));
        few
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_few_are_sorted_and_none_is_in_twice() {
        let mut few: Few<u8> = [3, 1, 3, 2].into_iter().collect();
        few.remove(&2);
        few.remove(&9);
        assert_eq!(few.iter().copied().collect::<Vec<_>>(), [1, 3]);
    }
}
