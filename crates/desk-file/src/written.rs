//! Short forms in which people write times and shares, each read and written in one place.

pub(crate) mod days;
pub(crate) mod hours;
pub(crate) mod moment;
pub(crate) mod percent;
pub(crate) mod service_level;
pub(crate) mod step_length;
