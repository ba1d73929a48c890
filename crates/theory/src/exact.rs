//! What queueing theory says, computed: closed forms, birth-death chains, and the product form of several skills.
//!
//! All times are in one unit of the caller's, all rates per that unit.

pub mod birth_death;
pub mod erlang;
pub mod product_form;
pub mod shared_lines;
