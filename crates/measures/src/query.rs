//! Putting rows together: intervals, groups, filters.

use std::collections::{BTreeMap, BTreeSet};

use tandem_domain::{Channel, CompiledDesk, LanguageTag, QueueId, TeamId, Timestamp};

use crate::rows::{self, Damaged};
use crate::{BreachCounts, Cell, Place};

/// By what measures can be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dimension {
    /// The queue.
    Queue,
    /// The channel.
    Channel,
    /// The language.
    Language,
    /// The team.
    Team,
}

/// Which measures are wanted; an empty set: all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// These queues.
    pub queues: BTreeSet<QueueId>,
    /// These channels.
    pub channels: BTreeSet<Channel>,
    /// These languages.
    pub languages: BTreeSet<LanguageTag>,
    /// These teams.
    pub teams: BTreeSet<TeamId>,
}

/// What is told apart, and what is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// What is told apart.
    pub group_by: BTreeSet<Dimension>,
    /// What is wanted.
    pub filter: Filter,
}

/// What a line is about; only what the query tells apart is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// The queue.
    pub queue: Option<QueueId>,
    /// The channel.
    pub channel: Option<Channel>,
    /// The language; none where it is not known, too.
    pub language: Option<LanguageTag>,
    /// The team.
    pub team: Option<TeamId>,
}

/// The measures of a group in an interval.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// The group.
    pub group: Group,
    /// What happened.
    pub cell: Cell,
    /// Which clocks were breached.
    pub breaches: BreachCounts,
    /// How many tickets wait when the interval ends.
    pub waiting: u64,
}

impl Query {
    /// Whether teams play a part.
    #[must_use]
    pub fn is_about_teams(&self) -> bool {
        self.group_by.contains(&Dimension::Team) || !self.filter.teams.is_empty()
    }

    /// The group for which a place counts; none: it is not wanted.
    fn group(&self, place: &Place) -> Option<Group> {
        if place.team.is_some() != self.is_about_teams() {
            return None;
        }
        let Filter {
            queues,
            channels,
            languages,
            teams,
        } = &self.filter;
        let wanted = holds(queues, Some(&place.queue))
            && holds(channels, Some(&place.channel))
            && holds(languages, place.language.as_ref())
            && holds(teams, place.team.as_ref());
        let by = |dimension| self.group_by.contains(&dimension);
        wanted.then(|| Group {
            queue: by(Dimension::Queue).then(|| place.queue.clone()),
            channel: by(Dimension::Channel).then_some(place.channel),
            language: place.language.clone().filter(|_| by(Dimension::Language)),
            team: place.team.clone().filter(|_| by(Dimension::Team)),
        })
    }
}

fn holds<T: Ord>(wanted: &BTreeSet<T>, found: Option<&T>) -> bool {
    wanted.is_empty() || found.is_some_and(|found| wanted.contains(found))
}

/// Goes through intervals in order and keeps count of who waits.
#[derive(Clone, Debug)]
pub struct Roll<'a> {
    query: &'a Query,
    /// Says which teams serve a queue.
    file: Option<&'a CompiledDesk>,
    waiting: BTreeMap<Group, u64>,
    lines: BTreeMap<Group, Line>,
}

impl<'a> Roll<'a> {
    /// Begins where nobody waits. Breaches count for the teams that serve the ticket's queue in `file`.
    #[must_use]
    pub fn new(query: &'a Query, file: Option<&'a CompiledDesk>) -> Self {
        Self {
            query,
            file,
            waiting: BTreeMap::new(),
            lines: BTreeMap::new(),
        }
    }

    /// Begins where those wait that a row of [`table::WAITING`](crate::table::WAITING) holds.
    ///
    /// # Errors
    /// If the row is damaged.
    pub fn begin(&mut self, key: &str, value: &[u8]) -> Result<(), Damaged> {
        self.waiting.clear();
        for (place, count) in rows::read_waiting(key, value)? {
            if let Some(group) = self.query.group(&place) {
                *self.waiting.entry(group).or_default() += count;
            }
        }
        Ok(())
    }

    /// Adds a row of the interval at hand.
    ///
    /// # Errors
    /// If the row is damaged.
    pub fn add(&mut self, key: &str, place: &Place, value: &[u8]) -> Result<(), Damaged> {
        let Some(group) = self.query.group(place) else {
            return Ok(());
        };
        let cell: Cell = rows::read(key, value)?;
        let waiting = self.waiting.entry(group.clone()).or_default();
        *waiting = (*waiting + cell.counts.began_waiting).saturating_sub(cell.counts.ceased_waiting);
        self.line(group).cell.merge(&cell);
        Ok(())
    }

    /// Adds a row of breaches in the interval at hand.
    ///
    /// # Errors
    /// If the row is damaged.
    pub fn add_breaches(&mut self, key: &str, place: &Place, value: &[u8]) -> Result<(), Damaged> {
        let breaches: BreachCounts = rows::read(key, value)?;
        for place in self.breach_places(place) {
            if let Some(group) = self.query.group(&place) {
                self.line(group).breaches.add(&breaches);
            }
        }
        Ok(())
    }

    /// Ends the interval at hand: its lines, without those in which nothing happened and nobody waits.
    pub fn end(&mut self) -> Vec<Line> {
        let mut lines = std::mem::take(&mut self.lines);
        self.waiting.retain(|_, waiting| *waiting > 0);
        for (group, waiting) in &self.waiting {
            let line = lines.entry(group.clone()).or_default();
            (line.group, line.waiting) = (group.clone(), *waiting);
        }
        lines.into_values().collect()
    }

    fn line(&mut self, group: Group) -> &mut Line {
        let new = Line {
            group: group.clone(),
            ..Line::default()
        };
        self.lines.entry(group).or_insert(new)
    }

    fn breach_places(&self, place: &Place) -> Vec<Place> {
        if !self.query.is_about_teams() {
            return vec![place.clone()];
        }
        let queues = self.file.iter().flat_map(|file| &file.queues);
        let serving = queues
            .filter(|policy| policy.id == place.queue)
            .flat_map(|policy| &policy.teams);
        let of_team = |team: &TeamId| Place {
            team: Some(team.clone()),
            ..place.clone()
        };
        serving.map(of_team).collect()
    }
}

/// Where a page goes on: the interval's beginning and the group.
impl Group {
    /// A text that tells groups of one query apart, ordered as the groups are.
    #[must_use]
    pub fn key(&self, start: Timestamp) -> String {
        let language = self.language.as_ref().map_or("", LanguageTag::as_str);
        let (queue, team) = (text(self.queue.as_ref()), text(self.team.as_ref()));
        let channel = self.channel.map_or(0, |channel| channel as u8);
        // Ordered as groups are because `!` comes before everything that keys and tags are made of.
        format!("{}!{queue}!{channel}!{language}!{team}", crate::start_key(start))
    }
}

fn text<K: ToString>(key: Option<&K>) -> String {
    key.map(ToString::to_string).unwrap_or_default()
}
