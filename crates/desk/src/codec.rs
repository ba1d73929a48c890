//! The journal's codecs: the only places where events meet their protobuf form.

pub(crate) mod common;
mod envelope;
pub mod escalation;
mod requirement;
pub mod routing;
mod sla;
mod words;
