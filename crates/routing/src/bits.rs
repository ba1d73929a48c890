//! A set of small numbers, one bit each: agents who fit, agents who are free.

/// A set of small numbers. Sets of different lengths may be combined.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bits(Vec<u64>);

const WORD: usize = u64::BITS as usize;

impl Bits {
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

    /// The members, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(at, word)| members(at, *word))
    }

    /// What is in both, ascending.
    pub(crate) fn common<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = usize> + 'a {
        self.paired(other).enumerate().flat_map(|(at, word)| members(at, word))
    }

    /// How many are in both.
    pub(crate) fn count_common(&self, other: &Self) -> u32 {
        self.paired(other).map(u64::count_ones).sum()
    }

    fn paired<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = u64> + 'a {
        self.0.iter().zip(&other.0).map(|(ours, theirs)| ours & theirs)
    }
}

fn members(at: usize, word: u64) -> impl Iterator<Item = usize> {
    let rest = std::iter::successors(Some(word), |word| Some(word & word.wrapping_sub(1)));
    rest.take_while(|word| *word != 0)
        .map(move |word| at * WORD + word.trailing_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(members: &[usize]) -> Bits {
        let mut bits = Bits::default();
        for member in members {
            bits.set(*member, true);
        }
        bits
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
    fn sets_of_different_lengths_have_members_in_common() {
        let (short, long) = (bits(&[1, 5]), bits(&[5, 500]));
        assert_eq!(short.common(&long).collect::<Vec<_>>(), [5]);
        assert_eq!(long.count_common(&short), 1);
    }
}
