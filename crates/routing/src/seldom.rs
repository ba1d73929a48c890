//! Room for what most have not: it costs nothing until it is needed.

use std::ops::{Deref, DerefMut};

/// Something that nearly always is as it was made; memory is taken for it when it is first written to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seldom<T>(Option<Box<T>>);

/// What has a state in which most things of its kind are, and remain.
pub(crate) trait Plain: Default + 'static {
    /// The same as the default.
    const PLAIN: &'static Self;
}

impl<T: Plain> Deref for Seldom<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_deref().unwrap_or(T::PLAIN)
    }
}

impl<T: Plain> DerefMut for Seldom<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.get_or_insert_default()
    }
}

impl<T: Plain + PartialEq> From<T> for Seldom<T> {
    fn from(whole: T) -> Self {
        Self((whole != *T::PLAIN).then(|| Box::new(whole)))
    }
}

impl<T: Plain + PartialEq> PartialEq for Seldom<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Plain + Eq> Eq for Seldom<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, Default, PartialEq)]
    struct Notes {
        lines: Vec<u8>,
    }

    impl Plain for Notes {
        const PLAIN: &'static Self = &Self { lines: Vec::new() };
    }

    #[test]
    fn nothing_is_taken_until_something_is_written() {
        let mut notes = Seldom::<Notes>::default();
        assert!(notes.lines.is_empty() && notes.0.is_none());
        notes.lines.push(1);
        assert_eq!(notes.lines, [1]);
        assert_eq!(Seldom::from(Notes { lines: vec![1] }), notes);
        assert!(Seldom::from(Notes::default()).0.is_none());
    }
}
