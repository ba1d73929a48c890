//! Lists of which most have one thing, or none.

use std::ops::Deref;

/// A list that takes no memory of its own as long as there is one thing in it at most.
#[derive(Clone, Debug, Default)]
pub(crate) enum Handful<T> {
    #[default]
    None,
    One(T),
    More(Vec<T>),
}

impl<T> Handful<T> {
    pub(crate) fn push(&mut self, thing: T) {
        *self = match std::mem::take(self) {
            Self::None => Self::One(thing),
            Self::One(one) => Self::More(vec![one, thing]),
            Self::More(mut more) => {
                more.push(thing);
                Self::More(more)
            }
        };
    }

    /// Takes out what is at this place.
    pub(crate) fn remove(&mut self, at: usize) -> Option<T> {
        match self {
            Self::One(_) if at == 0 => match std::mem::take(self) {
                Self::One(one) => Some(one),
                Self::None | Self::More(_) => None,
            },
            Self::None | Self::One(_) => None,
            Self::More(_) => self.change(|all| (at < all.len()).then(|| all.remove(at))),
        }
    }

    /// Changes it as a whole.
    pub(crate) fn change<R>(&mut self, change: impl FnOnce(&mut Vec<T>) -> R) -> R {
        let mut all = match std::mem::take(self) {
            Self::None => Vec::new(),
            Self::One(one) => vec![one],
            Self::More(more) => more,
        };
        let result = change(&mut all);
        *self = all.into();
        result
    }
}

impl<T> Deref for Handful<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::None => &[],
            Self::One(one) => std::slice::from_ref(one),
            Self::More(more) => more,
        }
    }
}

impl<T> From<Vec<T>> for Handful<T> {
    fn from(mut all: Vec<T>) -> Self {
        match all.len() {
            0 | 1 => all.pop().map_or(Self::None, Self::One),
            _ => Self::More(all),
        }
    }
}

impl<T> FromIterator<T> for Handful<T> {
    fn from_iter<I: IntoIterator<Item = T>>(things: I) -> Self {
        let mut handful = Self::default();
        things.into_iter().for_each(|thing| handful.push(thing));
        handful
    }
}

impl<T: PartialEq> PartialEq for Handful<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Eq> Eq for Handful<T> {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn is_as_a_list(steps in prop::collection::vec((0..4u8, 0..4usize), 0..40)) {
            let (mut handful, mut list) = (Handful::default(), Vec::new());
            for (step, at) in steps {
                match step {
                    0 => prop_assert_eq!(handful.remove(at), (at < list.len()).then(|| list.remove(at))),
                    1 => handful.change(|all| all.retain(|other| *other != at)),
                    _ => handful.push(at),
                }
                if step == 1 {
                    list.retain(|other| *other != at);
                } else if step > 1 {
                    list.push(at);
                }
                prop_assert_eq!(&*handful, &list[..]);
                prop_assert_eq!(list.iter().copied().collect::<Handful<_>>(), handful.clone());
            }
        }
    }
}
