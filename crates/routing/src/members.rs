//! A set of small numbers of which there may be few among very many: who fits a requirement, what an agent fits.
//!
//! On a desk with a hundred thousand agents, of whom two hundred fit, one bit for each agent would be 1,500 machine words to
//! look through, and to keep for each of ten thousand requirements. So the few are listed, and the many are bits.

use std::borrow::Cow;

use crate::bits::Bits;

/// A set of small numbers, as a list or as bits, whichever is looked through sooner.
#[derive(Clone, Debug, Default)]
pub(crate) struct Members {
    number: usize,
    kept: Kept,
}

#[derive(Clone, Debug)]
enum Kept {
    /// Ascending.
    List(Vec<u32>),
    Bits(Bits),
}

impl Default for Kept {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

/// To look at one of a list takes as long as at so many machine words.
const WORDS_EACH: usize = 2;

impl Members {
    pub(crate) fn of(bits: Bits) -> Self {
        let mut members = Self {
            number: bits.count() as usize,
            kept: Kept::Bits(bits),
        };
        members.settle();
        members
    }

    /// Puts in a number that is greater than all others.
    pub(crate) fn push(&mut self, index: usize) {
        self.number += 1;
        match &mut self.kept {
            Kept::List(list) => {
                debug_assert!(
                    list.last().is_none_or(|last| (*last as usize) < index),
                    "{index} is not greater"
                );
                list.push(u32::try_from(index).expect("fewer than 2^32 agents and classes"));
            }
            Kept::Bits(bits) => bits.set(index, true),
        }
        self.settle();
    }

    /// Keeps to what it is until the other would be twice as good.
    fn settle(&mut self) {
        match &self.kept {
            Kept::List(list) => {
                let words = list.last().map_or(0, |last| *last as usize / Bits::WORD + 1);
                if self.number * WORDS_EACH > 2 * words {
                    self.kept = Kept::Bits(self.iter().collect());
                }
            }
            Kept::Bits(bits) => {
                if 2 * self.number * WORDS_EACH < bits.words() {
                    let list = bits.iter().map(|index| u32::try_from(index).expect("fewer than 2^32"));
                    self.kept = Kept::List(list.collect());
                }
            }
        }
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.number
    }

    pub(crate) fn contains(&self, index: usize) -> bool {
        match &self.kept {
            Kept::List(list) => u32::try_from(index).is_ok_and(|index| list.binary_search(&index).is_ok()),
            Kept::Bits(bits) => bits.contains(index),
        }
    }

    /// What it costs to look through it, in machine words.
    pub(crate) fn cost(&self) -> usize {
        match &self.kept {
            Kept::List(list) => list.len() * WORDS_EACH,
            Kept::Bits(bits) => bits.words(),
        }
    }

    /// The members, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        let (list, bits) = self.parts();
        list.iter()
            .map(|index| *index as usize)
            .chain(bits.into_iter().flat_map(Bits::iter))
    }

    /// What is in both, ascending.
    pub(crate) fn common<'a>(&'a self, other: &'a Bits) -> impl Iterator<Item = usize> + 'a {
        let (list, bits) = self.parts();
        let of_list = list
            .iter()
            .map(|index| *index as usize)
            .filter(|index| other.contains(*index));
        of_list.chain(bits.into_iter().flat_map(|bits| bits.common(other)))
    }

    /// Does something with each that is in both, ascending: the quickest way through.
    pub(crate) fn each_common(&self, other: &Bits, mut each: impl FnMut(usize)) {
        match &self.kept {
            Kept::List(list) => {
                for index in list.iter().map(|index| *index as usize) {
                    if other.contains(index) {
                        each(index);
                    }
                }
            }
            Kept::Bits(bits) => bits.each_common(other, each),
        }
    }

    /// How many are in both.
    pub(crate) fn count_common(&self, other: &Bits) -> u32 {
        match &self.kept {
            Kept::List(_) => u32::try_from(self.common(other).count()).expect("fewer than 2^32"),
            Kept::Bits(bits) => bits.count_common(other),
        }
    }

    /// As bits only.
    pub(crate) fn bits(&self) -> Cow<'_, Bits> {
        match &self.kept {
            Kept::List(_) => Cow::Owned(self.iter().collect()),
            Kept::Bits(bits) => Cow::Borrowed(bits),
        }
    }

    fn parts(&self) -> (&[u32], Option<&Bits>) {
        match &self.kept {
            Kept::List(list) => (list, None),
            Kept::Bits(bits) => (&[], Some(bits)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn check(members: &Members, set: &BTreeSet<usize>, other: &BTreeSet<usize>) -> Result<(), TestCaseError> {
        let bits: Bits = other.iter().copied().collect();
        let common: Vec<_> = set.intersection(other).copied().collect();
        prop_assert!(members.iter().eq(set.iter().copied()));
        prop_assert_eq!(members.count(), set.len());
        prop_assert_eq!(members.common(&bits).collect::<Vec<_>>(), common.clone());
        prop_assert_eq!(members.count_common(&bits) as usize, common.len());
        let mut each = Vec::new();
        members.each_common(&bits, |index| each.push(index));
        prop_assert_eq!(each, common);
        prop_assert!(members.bits().iter().eq(set.iter().copied()));
        prop_assert!(
            other
                .iter()
                .all(|index| members.contains(*index) == set.contains(index))
        );
        Ok(())
    }

    fn sets() -> impl Strategy<Value = BTreeSet<usize>> {
        // Dense or sparse, or first the one and then the other.
        (0..300usize, prop::collection::vec(0..5000usize, 0..60))
            .prop_map(|(dense, sparse)| sparse.into_iter().map(|index| dense + index).chain(0..dense).collect())
    }

    proptest! {
        #[test]
        fn is_as_a_sorted_set(set in sets(), other in sets()) {
            check(&Members::of(set.iter().copied().collect()), &set, &other)?;
            let mut members = Members::default();
            let mut pushed = BTreeSet::new();
            for (nth, index) in set.iter().enumerate() {
                members.push(*index);
                pushed.insert(*index);
                if nth % 17 == 0 {
                    check(&members, &pushed, &other)?;
                }
            }
            check(&members, &set, &other)?;
        }
    }

    #[test]
    fn few_among_many_are_listed_and_many_are_bits() {
        let few = Members::of([5, 40_000].into_iter().collect());
        let many = Members::of((0..40_000).step_by(20).collect());
        assert_eq!((few.cost(), many.cost()), (4, 628));
    }
}
