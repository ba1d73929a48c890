//! A set of small numbers, one bit each: agents who fit, agents who are free.

/// A set of small numbers. Sets of different lengths may be combined.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bits(Vec<u64>);

const WORD: usize = u64::BITS as usize;
/// Machine words that are looked at together.
const STRIDE: usize = 4;

impl Bits {
    /// So many members are kept in one machine word.
    pub(crate) const WORD: usize = WORD;

    /// Puts `index` in, or takes it out.
    pub(crate) fn set(&mut self, index: usize, member: bool) {
        let word = index / WORD;
        if word >= self.0.len() {
            if !member {
                return;
            }
            self.0.resize(word + 1, 0);
        }
        let bit = 1 << (index % WORD);
        if member {
            self.0[word] |= bit;
        } else {
            self.0[word] &= !bit;
        }
    }

    pub(crate) fn contains(&self, index: usize) -> bool {
        self.0
            .get(index / WORD)
            .is_some_and(|word| word & (1 << (index % WORD)) != 0)
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    /// Puts in what is in the other.
    pub(crate) fn add_all(&mut self, other: &Self) {
        if other.0.len() > self.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        self.0
            .iter_mut()
            .zip(&other.0)
            .for_each(|(ours, theirs)| *ours |= theirs);
    }

    /// Takes out what is not in the other.
    pub(crate) fn keep(&mut self, other: &Self) {
        self.0.truncate(other.0.len());
        self.0
            .iter_mut()
            .zip(&other.0)
            .for_each(|(ours, theirs)| *ours &= theirs);
    }

    /// How many machine words it takes: what looking through it costs.
    pub(crate) fn words(&self) -> usize {
        self.0.len()
    }

    /// The members, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(at, word)| members(at, *word))
    }

    /// What is in both, ascending.
    pub(crate) fn common<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = usize> + 'a {
        self.paired(other).enumerate().flat_map(|(at, word)| members(at, word))
    }

    /// Does something with each that is in both, ascending.
    pub(crate) fn each_common(&self, other: &Self, mut each: impl FnMut(usize)) {
        let mut word = |at: usize, mut word: u64| {
            while word != 0 {
                each(at * WORD + word.trailing_zeros() as usize);
                word &= word - 1;
            }
        };
        // Most have nothing in common: several are passed over at once.
        let ((ours, _), (theirs, _)) = (self.0.as_chunks::<STRIDE>(), other.0.as_chunks::<STRIDE>());
        for (at, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
            let both: [u64; STRIDE] = std::array::from_fn(|nth| ours[nth] & theirs[nth]);
            if both.iter().fold(0, |any, word| any | word) != 0 {
                (at * STRIDE..).zip(both).for_each(|(at, both)| word(at, both));
            }
        }
        let seen = ours.len().min(theirs.len()) * STRIDE;
        for (at, (ours, theirs)) in self.0.iter().zip(&other.0).enumerate().skip(seen) {
            word(at, ours & theirs);
        }
    }

    /// How many are in both.
    pub(crate) fn count_common(&self, other: &Self) -> u32 {
        self.paired(other).map(u64::count_ones).sum()
    }

    fn paired<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = u64> + 'a {
        self.0.iter().zip(&other.0).map(|(ours, theirs)| ours & theirs)
    }
}

impl FromIterator<usize> for Bits {
    fn from_iter<I: IntoIterator<Item = usize>>(members: I) -> Self {
        let mut bits = Self::default();
        members.into_iter().for_each(|member| bits.set(member, true));
        bits
    }
}

fn members(at: usize, mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lowest = (word != 0).then(|| at * WORD + word.trailing_zeros() as usize);
        word &= word.wrapping_sub(1);
        lowest
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(members: &[usize]) -> Bits {
        members.iter().copied().collect()
    }

    #[test]
    fn holds_what_was_put_in_and_not_what_was_taken_out() {
        let mut set = bits(&[0, 63, 64, 200]);
        set.set(63, false);
        set.set(1000, false);
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 64, 200]);
        assert!(set.contains(200) && !set.contains(63) && !set.contains(100_000));
        assert_eq!(set.count(), 3);
    }

    #[test]
    fn a_set_takes_up_another_or_keeps_what_both_have() {
        let mut set = bits(&[1, 64]);
        set.add_all(&bits(&[2, 300]));
        assert_eq!(set.iter().collect::<Vec<_>>(), [1, 2, 64, 300]);
        set.keep(&bits(&[2, 3, 64]));
        assert_eq!(set.iter().collect::<Vec<_>>(), [2, 64]);
        set.keep(&Bits::default());
        assert_eq!(set.count(), 0);
    }

    #[test]
    fn sets_of_different_lengths_have_members_in_common() {
        let (short, long) = (bits(&[1, 5]), bits(&[5, 500]));
        assert_eq!(short.common(&long).collect::<Vec<_>>(), [5]);
        assert_eq!(long.count_common(&short), 1);
    }
}
