//! Kinds of events, by the names of the fields that hold them.

macro_rules! kinds {
    ($($kind:ident),+ $(,)?) => {
        /// Every kind of level 1.
        const KINDS: &[&str] = &[$(stringify!($kind)),+];

        fn kind(body: &Body) -> &'static str {
            match body {
                $(Body::$kind(_) => stringify!($kind)),+
            }
        }
    };
}

pub(super) use kinds;
