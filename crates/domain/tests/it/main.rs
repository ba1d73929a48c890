//! What the domain's types reckon and decide, from the outside.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod calendars;
mod policies;
mod wall;
mod words;
