//! The journal's codecs: the only places where events meet their protobuf form.

pub(crate) mod common;
mod envelope;
pub mod escalation;
mod lexicon;
mod requirement;
pub mod routing;
mod sla;
mod wire;
mod words;

pub use lexicon::Lexicon;
