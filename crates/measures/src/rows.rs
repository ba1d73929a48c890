//! Measures as rows, and back: what is kept between one process and the next.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tandem_domain::{AgentId, RowChange, TicketId};

use crate::{BadKey, Grain, Measures, Place, parse_key, start_key};

/// The tables.
pub mod table {
    use crate::Grain;

    /// From where the next event goes on.
    pub const STATE: &str = "measures_state";
    /// How many tickets waited when an hour began in which anything happened.
    pub const WAITING: &str = "measures_waiting";
    /// Measures by minute.
    pub const MINUTE: &str = "measures_minute";
    /// Measures by hour.
    pub const HOUR: &str = "measures_hour";
    /// Breaches by minute; from the escalation journal, and so in rows of their own.
    pub const BREACHES: &str = "measures_breaches";
    /// What the escalation journal says of tickets that it follows.
    pub const FOLLOWED: &str = "measures_followed";

    /// Everything that comes from the router's journal.
    pub const FROM_ROUTER: [&str; 4] = [STATE, WAITING, MINUTE, HOUR];
    /// Everything that comes from the escalation journal.
    pub const FROM_ESCALATION: [&str; 2] = [BREACHES, FOLLOWED];

    /// The table of the measures of a grain.
    #[must_use]
    pub const fn of(grain: Grain) -> &'static str {
        match grain {
            Grain::Minute => MINUTE,
            Grain::Hour => HOUR,
        }
    }
}

/// The row of [`table::STATE`] that changes with every event: who knows its value knows the whole state.
const PROGRESS: &str = "progress";
const DESK: &str = "desk";
const AGENT: &str = "agent/";
const TICKET: &str = "ticket/";

/// A stored row that is none of ours.
#[derive(Debug, thiserror::Error)]
pub enum Damaged {
    /// Its key says nothing.
    #[error("row `{0}` has a key that nothing is kept under")]
    Key(String),
    /// Its value cannot be read.
    #[error("row `{key}` cannot be read")]
    Value {
        /// Its key.
        key: String,
        /// Why.
        source: serde_json::Error,
    },
}

impl From<BadKey> for Damaged {
    fn from(BadKey(key): BadKey) -> Self {
        Self::Key(key)
    }
}

impl Measures {
    /// The key in [`table::STATE`] of the row that changes with every event.
    pub const PROGRESS: &'static str = PROGRESS;

    /// The keys in [`table::STATE`] that say how far the measures are and of which desk: all that a [`Query`](crate::Query)
    /// needs.
    pub const HEAD: [&'static str; 2] = [PROGRESS, DESK];

    /// The state that these rows of [`table::STATE`] hold.
    ///
    /// # Errors
    /// If one of them is damaged.
    pub fn load<'a>(rows: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<Self, Damaged> {
        let mut measures = Self::default();
        for (key, value) in rows {
            measures.put(key, value)?;
        }
        let Self {
            progress,
            desk,
            intervals,
            ..
        } = &mut measures;
        if progress.events > 0 {
            intervals.resume(&desk.zones, progress.at);
        }
        for ticket in std::mem::take(&mut measures.tickets) {
            if ticket.1.phase.waits() {
                measures.count_waiting(&ticket.1);
            }
            measures.tickets.insert(ticket.0, ticket.1);
        }
        Ok(measures)
    }

    fn put(&mut self, key: &str, value: &[u8]) -> Result<(), Damaged> {
        let bad = || Damaged::Key(key.to_owned());
        if key == PROGRESS {
            self.progress = read(key, value)?;
        } else if key == DESK {
            self.desk = read(key, value)?;
        } else if let Some(agent) = key.strip_prefix(AGENT) {
            let agent: AgentId = agent.parse().map_err(|_| bad())?;
            self.agents.insert(agent, read(key, value)?);
        } else if let Some(number) = key.strip_prefix(TICKET) {
            let ticket = TicketId(number.parse().map_err(|_| bad())?);
            self.tickets.insert(ticket, read(key, value)?);
        } else {
            return Err(bad());
        }
        Ok(())
    }

    /// What the keys of the interval's rows begin with that is at hand and so may still change; none before the first
    /// event. Its rows are to be [put back](Self::put_cell) after loading.
    #[must_use]
    pub fn at_hand(&self, grain: Grain) -> Option<String> {
        let start = self.desk.zones.start(grain, self.until()?);
        Some(format!("{}/", start_key(start)))
    }

    /// Puts a row of the interval at hand back.
    ///
    /// # Errors
    /// If it is damaged.
    pub fn put_cell(&mut self, grain: Grain, key: &str, value: &[u8]) -> Result<(), Damaged> {
        let (_, place) = parse_key(key)?;
        self.intervals.put(grain, place, read(key, value)?);
        Ok(())
    }

    /// The rows that have changed since they were last taken.
    pub fn take_rows(&mut self) -> Vec<RowChange> {
        let mut rows = self.intervals.take_rows();
        let touched = std::mem::take(&mut self.touched);
        rows.extend(touched.tickets.into_iter().map(|id| {
            let key = format!("{TICKET}{:020}", id.0);
            change(table::STATE, key, self.tickets.get(&id))
        }));
        rows.extend(touched.agents.into_iter().map(|agent| {
            let key = format!("{AGENT}{agent}");
            change(table::STATE, key, self.agents.get(&agent))
        }));
        if touched.desk {
            rows.push(put(table::STATE, DESK.to_owned(), &self.desk));
        }
        rows.push(put(table::STATE, PROGRESS.to_owned(), &self.progress));
        rows
    }
}

/// How many tickets waited, by place, from a row of [`table::WAITING`].
///
/// # Errors
/// If it is damaged.
pub(crate) fn read_waiting(key: &str, value: &[u8]) -> Result<BTreeMap<Place, u64>, Damaged> {
    let stored: BTreeMap<String, u64> = read(key, value)?;
    let places = stored
        .into_iter()
        .map(|(place, count)| Ok((place.parse::<Place>()?, count)));
    places.collect()
}

pub(crate) fn put_waiting(key: String, waiting: &BTreeMap<Place, u64>) -> RowChange {
    let stored: BTreeMap<String, u64> = waiting
        .iter()
        .map(|(place, count)| (place.to_string(), *count))
        .collect();
    put(table::WAITING, key, &stored)
}

pub(crate) fn put(table: &'static str, key: String, value: &impl Serialize) -> RowChange {
    change(table, key, Some(value))
}

pub(crate) fn change(table: &'static str, key: String, value: Option<&impl Serialize>) -> RowChange {
    let value = value.map(|value| serde_json::to_vec(value).expect("rows are plain data"));
    RowChange { table, key, value }
}

pub(crate) fn read<T: DeserializeOwned>(key: &str, value: &[u8]) -> Result<T, Damaged> {
    serde_json::from_slice(value).map_err(|source| Damaged::Value {
        key: key.to_owned(),
        source,
    })
}
