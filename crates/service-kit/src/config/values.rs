//! How single values are read, for `#[serde(with = …)]` and `#[serde(deserialize_with = …)]`.

use std::fmt::Display;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

pub use super::secret::optional_file as optional_secret_file;
/// Durations as people write them: `10s`, `1m 30s`, `250ms`.
pub use jiff::fmt::serde::unsigned_duration::friendly::compact::required as duration;

/// Anything that can be read from text; the error says what is allowed.
///
/// # Errors
/// As the type's.
pub fn parsed<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromStr<Err: Display>,
    D: Deserializer<'de>,
{
    String::deserialize(deserializer)?
        .parse()
        .map_err(serde::de::Error::custom)
}

/// Anything that can be read from text; an empty text is none.
///
/// # Errors
/// As the type's.
pub fn optional<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: FromStr<Err: Display>,
    D: Deserializer<'de>,
{
    match String::deserialize(deserializer)?.as_str() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(serde::de::Error::custom),
    }
}
