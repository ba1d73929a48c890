//! The journal's codecs: the only places where events meet their protobuf form.

pub(crate) mod common;
mod requirement;
pub mod routing;
mod words;
