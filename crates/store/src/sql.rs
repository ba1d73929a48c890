//! What both SQL stores need: numbers, key ranges, rows as tuples, migrations.

pub(crate) mod convert;
pub(crate) mod migrations;
pub(crate) mod rows;
