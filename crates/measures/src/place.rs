//! Where a measure belongs: queue, channel, language, team; and the keys of rows.

use std::fmt;

use tandem_domain::{Channel, LanguageTag, QueueId, TeamId, Timestamp};

/// What no key can be.
const NONE: &str = "-";

/// Where a measure belongs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The queue in which the ticket is.
    pub queue: QueueId,
    /// The channel by which it came.
    pub channel: Channel,
    /// The language in which it is served, where it is known.
    pub language: Option<LanguageTag>,
    /// One of the teams that it counts for; none: whoever did it. Teams do not add up to that.
    pub team: Option<TeamId>,
}

/// A row's key that says nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the key of a measure")]
pub struct BadKey(pub String);

impl Place {
    /// The key of the row of this place in the interval that begins at `start`.
    #[must_use]
    pub fn key(&self, start: Timestamp) -> String {
        format!("{}/{self}", start_key(start))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let language = self.language.as_ref().map_or(NONE, LanguageTag::as_str);
        let team = self.team.as_ref().map_or(NONE, TeamId::as_str);
        write!(f, "{}/{}/{language}/{team}", self.queue, self.channel)
    }
}

impl std::str::FromStr for Place {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<Self, BadKey> {
        let bad = || BadKey(text.to_owned());
        let parts: Vec<&str> = text.split('/').collect();
        let [queue, channel, language, team] = parts[..] else {
            return Err(bad());
        };
        let optional = |part: &str| (part != NONE).then(|| part.to_owned());
        Ok(Self {
            queue: queue.parse().map_err(|_| bad())?,
            channel: channel.parse().map_err(|_| bad())?,
            language: optional(language)
                .map(|tag| tag.parse())
                .transpose()
                .map_err(|_| bad())?,
            team: optional(team).map(|team| team.parse()).transpose().map_err(|_| bad())?,
        })
    }
}

/// What the keys of an interval's rows begin with: keys are ordered as time is.
#[must_use]
pub fn start_key(start: Timestamp) -> String {
    format!("{:020}", start.as_micros())
}

/// The interval's beginning and the place in a row's key.
///
/// # Errors
/// If it is no such key.
pub fn parse_key(key: &str) -> Result<(Timestamp, Place), BadKey> {
    let bad = || BadKey(key.to_owned());
    let (start, place) = key.split_once('/').ok_or_else(bad)?;
    let start = start.parse().map_err(|_| bad())?;
    Ok((Timestamp::from_micros(start), place.parse().map_err(|_| bad())?))
}
