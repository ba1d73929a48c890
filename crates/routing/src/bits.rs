//! A set of small numbers, one bit each: agents who fit, agents who are free.

/// A set of small numbers. Sets of different lengths may be combined.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bits(Vec<Stride>);

/// Machine words that are looked at together.
type Stride = [u64; WORDS];

const WORDS: usize = 4;
const WORD: usize = u64::BITS as usize;

impl Bits {
    /// So many members are kept in one machine word.
    pub(crate) const WORD: usize = WORD;

    /// Puts `index` in, or takes it out.
    pub(crate) fn set(&mut self, index: usize, member: bool) {
        let (stride, word) = place(index);
        if stride >= self.0.len() {
            if !member {
                return;
            }
            self.0.resize(stride + 1, [0; WORDS]);
        }
        let bit = 1 << (index % WORD);
        if member {
            self.0[stride][word] |= bit;
        } else {
            self.0[stride][word] &= !bit;
        }
    }

    pub(crate) fn contains(&self, index: usize) -> bool {
        let (stride, word) = place(index);
        self.0
            .get(stride)
            .is_some_and(|stride| stride[word] & (1 << (index % WORD)) != 0)
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn count(&self) -> u32 {
        self.0.as_flattened().iter().map(|word| word.count_ones()).sum()
    }

    /// Puts in what is in the other.
    pub(crate) fn add_all(&mut self, other: &Self) {
        if other.0.len() > self.0.len() {
            self.0.resize(other.0.len(), [0; WORDS]);
        }
        self.each_pair(other, |ours, theirs| *ours |= theirs);
    }

    /// Takes out what is not in the other.
    pub(crate) fn keep(&mut self, other: &Self) {
        self.0.truncate(other.0.len());
        self.each_pair(other, |ours, theirs| *ours &= theirs);
    }

    fn each_pair(&mut self, other: &Self, change: impl Fn(&mut u64, u64)) {
        let (ours, theirs) = (self.0.as_flattened_mut(), other.0.as_flattened());
        ours.iter_mut()
            .zip(theirs)
            .for_each(|(ours, theirs)| change(ours, *theirs));
    }

    /// How many machine words it takes: what looking through it costs.
    pub(crate) fn words(&self) -> usize {
        self.0.len() * WORDS
    }

    /// The members, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        let words = self.0.as_flattened().iter().enumerate();
        words.flat_map(|(at, word)| members(at, *word))
    }

    /// What is in both, ascending.
    pub(crate) fn common<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = usize> + 'a {
        self.paired(other).enumerate().flat_map(|(at, word)| members(at, word))
    }

    /// Does something with each that is in both, ascending.
    pub(crate) fn each_common(&self, other: &Self, mut each: impl FnMut(usize)) {
        for (at, (ours, theirs)) in self.0.iter().zip(&other.0).enumerate() {
            let both: Stride = std::array::from_fn(|nth| ours[nth] & theirs[nth]);
            // Most have nothing in common: several are passed over at once.
            if both[0] | both[1] | both[2] | both[3] == 0 {
                continue;
            }
            for (nth, mut word) in both.into_iter().enumerate() {
                while word != 0 {
                    each((at * WORDS + nth) * WORD + word.trailing_zeros() as usize);
                    word &= word - 1;
                }
            }
        }
    }

    /// How many are in both.
    pub(crate) fn count_common(&self, other: &Self) -> u32 {
        self.paired(other).map(u64::count_ones).sum()
    }

    fn paired<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = u64> + 'a {
        let (ours, theirs) = (self.0.as_flattened(), other.0.as_flattened());
        ours.iter().zip(theirs).map(|(ours, theirs)| ours & theirs)
    }
}

/// Where a member is: in which stride, and in which of its words.
const fn place(index: usize) -> (usize, usize) {
    (index / (WORD * WORDS), index / WORD % WORDS)
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
