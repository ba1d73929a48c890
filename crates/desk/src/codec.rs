//! The journal's codecs: the only places where events meet their protobuf form.

pub(crate) mod common;
pub mod escalation;
mod kinds;
mod requirement;
pub mod routing;
mod sla;
mod words;
