//! The minute and the hour at hand. Times of events never go back, so only these two still change.

use std::collections::{BTreeMap, BTreeSet};

use tandem_domain::{RowChange, Timestamp};

use crate::rows::{self, table};
use crate::ticket::Ticket;
use crate::{Cell, Grain, Measures, Place, Zones, start_key};

/// The intervals at hand, and the rows of those before them that were not taken yet.
#[derive(Clone, Debug)]
pub(crate) struct Intervals {
    minute: Open,
    hour: Open,
    finished: Vec<RowChange>,
}

impl Default for Intervals {
    fn default() -> Self {
        Self {
            minute: Open::new(Grain::Minute),
            hour: Open::new(Grain::Hour),
            finished: Vec::new(),
        }
    }
}

/// An interval at hand.
#[derive(Clone, Debug)]
struct Open {
    grain: Grain,
    start: Timestamp,
    /// It is over for events of this time; equal to `start` before the first event.
    end: Timestamp,
    cells: BTreeMap<Place, Cell>,
    changed: BTreeSet<Place>,
}

impl Open {
    fn new(grain: Grain) -> Self {
        let start = Timestamp::from_micros(i64::MIN);
        Self {
            grain,
            start,
            end: start,
            cells: BTreeMap::new(),
            changed: BTreeSet::new(),
        }
    }

    /// Goes on to the interval in which `at` lies; the rows of the one before it, if that is over.
    fn reach(&mut self, zones: &Zones, at: Timestamp) -> Option<Vec<RowChange>> {
        if at < self.end {
            return None;
        }
        let start = zones.start(self.grain, at);
        self.end = zones.end(self.grain, start);
        if start == self.start {
            return None;
        }
        let rows = self.take_rows();
        self.start = start;
        self.cells.clear();
        Some(rows)
    }

    fn change(&mut self, place: &Place, change: &impl Fn(&mut Cell)) {
        change(self.cells.entry(place.clone()).or_default());
        if !self.changed.contains(place) {
            self.changed.insert(place.clone());
        }
    }

    fn take_rows(&mut self) -> Vec<RowChange> {
        let changed = std::mem::take(&mut self.changed);
        let row = |place: Place| rows::put(table::of(self.grain), place.key(self.start), &self.cells[&place]);
        changed.into_iter().map(row).collect()
    }
}

impl Intervals {
    pub(crate) fn change(&mut self, place: &Place, change: &impl Fn(&mut Cell)) {
        self.minute.change(place, change);
        self.hour.change(place, change);
    }

    /// The next event looks anew in which intervals it lies: the desk's zone may have changed.
    pub(super) fn end_all(&mut self) {
        for open in [&mut self.minute, &mut self.hour] {
            open.end = open.start;
        }
    }

    /// All rows that have changed.
    pub(crate) fn take_rows(&mut self) -> Vec<RowChange> {
        let mut rows = std::mem::take(&mut self.finished);
        rows.extend(self.minute.take_rows());
        rows.extend(self.hour.take_rows());
        rows
    }

    /// Takes up what the interval at hand holds already.
    pub(crate) fn resume(&mut self, zones: &Zones, at: Timestamp) {
        self.minute.reach(zones, at);
        self.hour.reach(zones, at);
    }

    /// Puts a stored cell back into the interval at hand.
    pub(crate) fn put(&mut self, grain: Grain, place: Place, cell: Cell) {
        let open = match grain {
            Grain::Minute => &mut self.minute,
            Grain::Hour => &mut self.hour,
        };
        open.cells.insert(place, cell);
    }
}

impl Measures {
    /// Begins the intervals in which `at` lies, where they have not begun.
    pub(super) fn begin_intervals(&mut self, at: Timestamp) {
        let zones = &self.desk.zones;
        let Intervals { minute, hour, finished } = &mut self.intervals;
        finished.extend(minute.reach(zones, at).unwrap_or_default());
        let Some(rows) = hour.reach(zones, at) else { return };
        finished.extend(rows);
        finished.push(rows::put_waiting(start_key(hour.start), &self.waiting));
        // A day begins where an hour does.
        let midnight = zones.day(at);
        if self.progress.today.midnight != midnight {
            self.progress.today.midnight = midnight;
            self.progress.today.queues.clear();
        }
    }

    pub(super) fn begin_waiting(&mut self, ticket: &Ticket) {
        let teams = ticket.teams.clone();
        self.add(ticket, &teams, |cell| cell.counts.began_waiting += 1);
        self.count_waiting(ticket);
    }

    /// Counts a ticket among those that wait.
    pub(crate) fn count_waiting(&mut self, ticket: &Ticket) {
        for place in ticket.places(&ticket.teams) {
            *self.waiting.entry(place).or_default() += 1;
        }
    }

    /// Nothing happens where it does not wait.
    pub(super) fn cease_waiting(&mut self, ticket: &Ticket) {
        if !ticket.phase.waits() {
            return;
        }
        let teams = ticket.teams.clone();
        self.add(ticket, &teams, |cell| cell.counts.ceased_waiting += 1);
        for place in ticket.places(&teams) {
            let left = self.waiting.get_mut(&place).map(|waiting| {
                *waiting -= 1;
                *waiting
            });
            if left == Some(0) {
                self.waiting.remove(&place);
            }
        }
    }
}
