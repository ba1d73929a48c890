//! Minutes and hours in the desk's zone. They cover time without gap or overlap, whatever the clocks do.

use std::time::Duration;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use tandem_domain::Timestamp;

/// How long intervals are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grain {
    /// A minute.
    Minute,
    /// An hour.
    Hour,
}

impl Grain {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Minute, Self::Hour];

    /// How long an interval is that nothing cuts short.
    #[must_use]
    pub const fn length(self) -> Duration {
        match self {
            Self::Minute => Duration::from_mins(1),
            Self::Hour => Duration::from_hours(1),
        }
    }
}

/// The zones in which the desk has been, in order. An interval ends where the desk's zone changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zones(Vec<Since>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Since {
    at: Timestamp,
    zone: String,
}

impl Zones {
    /// From `at` on the desk is in `zone` (IANA). What was before the first zone counts as in the first.
    pub(crate) fn enter(&mut self, zone: &str, at: Timestamp) {
        if self.0.last().is_none_or(|last| last.zone != zone) {
            self.0.push(Since {
                at,
                zone: zone.to_owned(),
            });
        }
    }

    /// The zone's name now; UTC where there is none yet.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.last().map_or("UTC", |since| &since.zone)
    }

    /// Where the interval begins in which `at` lies.
    #[must_use]
    pub fn start(&self, grain: Grain, at: Timestamp) -> Timestamp {
        let (since, zone, _) = self.at(at);
        let aligned = aligned(&zone, grain, at);
        let changed = last_change(&zone, at).filter(|changed| *changed > aligned);
        aligned.max(changed.unwrap_or(aligned)).max(since)
    }

    /// Where the interval ends that begins at `start`; the next one begins there.
    #[must_use]
    pub fn end(&self, grain: Grain, start: Timestamp) -> Timestamp {
        let (_, zone, until) = self.at(start);
        let full = aligned(&zone, grain, start).plus(grain.length());
        let changes = next_change(&zone, start).unwrap_or(full);
        full.min(changes).min(until)
    }

    /// The midnight (or where a day begins that has none) before `at`.
    #[must_use]
    pub fn day(&self, at: Timestamp) -> Timestamp {
        let (_, zone, _) = self.at(at);
        let day = instant(at).to_zoned(zone).start_of_day();
        day.map_or(at, |day| Timestamp::from_micros(day.timestamp().as_microsecond()))
    }

    /// The zone at an instant, since when, and until when.
    fn at(&self, at: Timestamp) -> (Timestamp, TimeZone, Timestamp) {
        let next = self.0.iter().skip(1).position(|since| since.at > at);
        let index = next.unwrap_or(self.0.len().saturating_sub(1));
        let since = if index == 0 {
            Timestamp::from_micros(i64::MIN)
        } else {
            self.0[index].at
        };
        let until = self
            .0
            .get(index + 1)
            .map_or(Timestamp::from_micros(i64::MAX), |next| next.at);
        let name = self.0.get(index).map_or("UTC", |since| &since.zone);
        // The desk file's check knows the same zones; a journal of a newer program may not.
        (since, TimeZone::get(name).unwrap_or(TimeZone::UTC), until)
    }
}

/// `at`, back to the full minute or hour on the wall.
fn aligned(zone: &TimeZone, grain: Grain, at: Timestamp) -> Timestamp {
    let offset = i64::from(zone.to_offset(instant(at)).seconds()) * 1_000_000;
    let length = i64::try_from(grain.length().as_micros()).unwrap_or(i64::MAX);
    let into = at.as_micros().saturating_add(offset).rem_euclid(length);
    Timestamp::from_micros(at.as_micros().saturating_sub(into))
}

/// The last change of the clocks at or before `at`.
fn last_change(zone: &TimeZone, at: Timestamp) -> Option<Timestamp> {
    let just_after = instant(Timestamp::from_micros(at.as_micros().saturating_add(1)));
    let change = zone.preceding(just_after).next()?;
    Some(Timestamp::from_micros(change.timestamp().as_microsecond()))
}

/// The first change of the clocks after `at`.
fn next_change(zone: &TimeZone, at: Timestamp) -> Option<Timestamp> {
    let change = zone.following(instant(at)).next()?;
    Some(Timestamp::from_micros(change.timestamp().as_microsecond()))
}

fn instant(at: Timestamp) -> jiff::Timestamp {
    let micros = at.as_micros();
    let end = if micros < 0 {
        jiff::Timestamp::MIN
    } else {
        jiff::Timestamp::MAX
    };
    jiff::Timestamp::from_microsecond(micros).unwrap_or(end)
}
