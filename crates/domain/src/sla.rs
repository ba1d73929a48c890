//! What a desk promises its customers: calendars of working time, policies with targets per clock, and
//! ladders of what happens when a target comes near or is missed. Ids only: nobody's address is in here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::ticket::named_enum;
use crate::{CalendarId, Channel, ContactId, LadderId, LanguageTag, PolicyId, Priority, QueueId, RoleId, Tag};

/// Everything of a desk file that the SLA clocks need; empty where the desk promises nothing.
///
/// The desk file's check guarantees that every id in it names something in the same plan (or the same
/// desk, for queues), that every calendar opens at some time, and that every target is above zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlaPlan {
    /// Calendars, in the file's order.
    pub calendars: Vec<Calendar>,
    /// Policies, in the file's order: the first one that a ticket fits is its policy.
    pub policies: Vec<Policy>,
    /// Ladders, in the file's order.
    pub ladders: Vec<Ladder>,
    /// Who is told when a rung names a role.
    pub roles: BTreeMap<RoleId, Vec<ContactId>>,
    /// Everybody who can be told, in the file's order; how they are reached stays in the desk file.
    pub contacts: Vec<ContactId>,
}

/// When a desk works. Between its windows, clocks stand still.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    /// The calendar's key.
    pub id: CalendarId,
    /// The IANA time zone in which its hours are meant; known to the bundled zone database.
    pub timezone: String,
    /// The windows that *begin* on each weekday, 1 (Monday) to 7 (Sunday) as in ISO 8601, in order and
    /// without overlap, not even over midnight. No entry: closed.
    pub hours: BTreeMap<u8, Vec<Window>>,
    /// Days that are different, dates before days of every year: of two that name the same day, the first counts.
    pub holidays: Vec<Holiday>,
}

/// One stretch of working time in wall-clock minutes since midnight (0 to 1440).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Window {
    /// When it begins, 0 to 1439.
    pub from_minute: u16,
    /// When it ends, 0 to 1440. At or before `from_minute`, it ends on the next day.
    pub to_minute: u16,
}

impl Window {
    /// Minutes of a day.
    pub const DAY: u16 = 24 * 60;

    /// The end in minutes after the midnight with which the window's first day begins: above
    /// `from_minute`, and above [`Self::DAY`] where the window runs into the next day.
    #[must_use]
    pub const fn end(self) -> u16 {
        if self.to_minute > self.from_minute {
            self.to_minute
        } else {
            self.to_minute + Self::DAY
        }
    }
}

/// A day with other hours than its weekday has. What began on the day before still runs to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holiday {
    /// Which day.
    pub day: HolidayDay,
    /// The windows that begin on it, in order, without overlap, and ending by its midnight; empty: closed.
    pub hours: Vec<Window>,
}

/// Which day a holiday is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HolidayDay {
    /// This one day.
    On(Date),
    /// The same day of every year; 29 February in leap years only.
    Yearly {
        /// 1 to 12.
        month: u8,
        /// 1 to 31, as the month has them.
        day: u8,
    },
}

impl HolidayDay {
    /// Whether a date is this day.
    #[must_use]
    pub fn is(self, date: Date) -> bool {
        match self {
            Self::On(day) => day == date,
            Self::Yearly { month, day } => {
                i16::from(month) == i16::from(date.month()) && i16::from(day) == i16::from(date.day())
            }
        }
    }
}

impl fmt::Display for HolidayDay {
    /// `2026-12-24`, or `12-24` for every year's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::On(day) => day.fmt(f),
            Self::Yearly { month, day } => write!(f, "{month:02}-{day:02}"),
        }
    }
}

named_enum!(
    /// What a clock measures, in working time.
    ClockKind {
        /// From the ticket's opening until an agent accepts it for the first time.
        Accept = "accept",
        /// From the ticket's opening until the first public answer.
        FirstResponse = "first_response",
        /// From a customer's message, while none waits, until the next public answer.
        NextResponse = "next_response",
        /// From the ticket's opening until it is resolved, without the time on hold.
        Resolution = "resolution",
    }
);

/// What is promised to which tickets. A ticket fits if it fits each of the five sets; an empty set fits all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The policy's key.
    pub id: PolicyId,
    /// The ticket stands in one of these queues.
    pub queues: BTreeSet<QueueId>,
    /// It came over one of these channels.
    pub channels: BTreeSet<Channel>,
    /// One of these languages serves its language ([`LanguageTag::serves`]); a ticket without one fits none.
    pub languages: BTreeSet<LanguageTag>,
    /// It has one of these priorities.
    pub priorities: BTreeSet<Priority>,
    /// It carries at least one of these tags.
    pub tags: BTreeSet<Tag>,
    /// The calendar in which its clocks run; none: round the clock.
    pub calendar: Option<CalendarId>,
    /// Working time until each clock breaches, by the ticket's priority. No entry: no such clock.
    pub targets: BTreeMap<ClockKind, BTreeMap<Priority, Duration>>,
    /// What happens as a clock's target comes near or is missed. No entry: the clock only measures.
    pub ladders: BTreeMap<ClockKind, LadderId>,
}

/// What happens as a clock runs, step by step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ladder {
    /// The ladder's key.
    pub id: LadderId,
    /// Rungs, each strictly later than the one before. A rung's number is its place, counted from 0.
    pub rungs: Vec<Rung>,
}

/// One step of a ladder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rung {
    /// When it is reached.
    pub at: RungAt,
    /// What is done then, in this order; at least one thing.
    pub actions: Vec<Action>,
    /// Whether it comes again while the clock runs on unmet.
    pub repeat: Option<Repeat>,
}

/// When a rung is reached. The variants' order is the order in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RungAt {
    /// When this share of the target has elapsed: 1 to 99 percent.
    Share(u8),
    /// When the target has elapsed.
    Breach,
    /// So much working time after the target has elapsed; above zero.
    After(Duration),
}

/// How a rung comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeat {
    /// So much working time after the time before; above zero.
    pub every: Duration,
    /// How many times more, at least 1.
    pub times: u32,
}

/// What a rung does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Raises the ticket's priority to at least this one.
    RaisePriority(Priority),
    /// Moves the ticket to a queue.
    MoveToQueue(QueueId),
    /// Follows the `next_tier` of the ticket's queue until a queue of this tier (2 or 3) or above; a
    /// ticket that is there already stays.
    MoveToTier(u8),
    /// Tells these, in this order; who is named in several ways is told once.
    Tell(Vec<Recipient>),
}

/// Who is told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// All contacts of a role.
    Role(RoleId),
    /// One contact.
    Contact(ContactId),
    /// The contact of the agent who owns the ticket; nobody where no agent owns it or the agent has none.
    Owner,
}

/// What of a ticket chooses its policy.
#[derive(Clone, Copy, Debug)]
pub struct PolicyFacts<'a> {
    /// Its queue.
    pub queue: &'a QueueId,
    /// Its channel.
    pub channel: Channel,
    /// The language in which it is served.
    pub language: Option<&'a LanguageTag>,
    /// How urgent it is.
    pub priority: Priority,
    /// Tags.
    pub tags: &'a BTreeSet<Tag>,
}

impl Policy {
    /// Working time until a clock of a ticket of this priority breaches; none: no such clock.
    #[must_use]
    pub fn target(&self, kind: ClockKind, priority: Priority) -> Option<Duration> {
        self.targets.get(&kind)?.get(&priority).copied()
    }

    fn fits(&self, facts: PolicyFacts<'_>) -> bool {
        let language = |wanted: &_| self.languages.iter().any(|language| language.serves(wanted));
        (self.queues.is_empty() || self.queues.contains(facts.queue))
            && (self.channels.is_empty() || self.channels.contains(&facts.channel))
            && (self.priorities.is_empty() || self.priorities.contains(&facts.priority))
            && (self.tags.is_empty() || !self.tags.is_disjoint(facts.tags))
            && (self.languages.is_empty() || facts.language.is_some_and(language))
    }
}

impl SlaPlan {
    /// The first policy in the file's order that the ticket fits.
    #[must_use]
    pub fn policy_of(&self, facts: PolicyFacts<'_>) -> Option<&Policy> {
        self.policies.iter().find(|policy| policy.fits(facts))
    }

    /// A calendar by its key.
    #[must_use]
    pub fn calendar(&self, id: &CalendarId) -> Option<&Calendar> {
        self.calendars.iter().find(|calendar| calendar.id == *id)
    }

    /// A policy by its key.
    #[must_use]
    pub fn policy(&self, id: &PolicyId) -> Option<&Policy> {
        self.policies.iter().find(|policy| policy.id == *id)
    }

    /// A ladder by its key.
    #[must_use]
    pub fn ladder(&self, id: &LadderId) -> Option<&Ladder> {
        self.ladders.iter().find(|ladder| ladder.id == *id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_that_ends_at_or_before_its_beginning_ends_on_the_next_day() {
        let window = |from_minute, to_minute| Window { from_minute, to_minute };
        assert_eq!(window(540, 1020).end(), 1020);
        assert_eq!(window(0, 1440).end(), 1440);
        assert_eq!(window(1320, 360).end(), 1800);
        assert_eq!(window(480, 480).end(), 1920);
        assert_eq!(window(1320, 0).end(), 1440);
    }

    #[test]
    fn a_yearly_holiday_is_the_same_day_of_every_year() {
        let yearly = HolidayDay::Yearly { month: 12, day: 24 };
        assert!(yearly.is(jiff::civil::date(2026, 12, 24)));
        assert!(yearly.is(jiff::civil::date(2027, 12, 24)));
        assert!(!yearly.is(jiff::civil::date(2026, 12, 25)));
        let once = HolidayDay::On(jiff::civil::date(2026, 12, 24));
        assert!(!once.is(jiff::civil::date(2027, 12, 24)));
        assert_eq!(
            (yearly.to_string(), once.to_string()),
            ("12-24".to_owned(), "2026-12-24".to_owned())
        );
    }

    #[test]
    fn rungs_sort_in_the_order_of_time() {
        let after = |minutes| RungAt::After(Duration::from_mins(minutes));
        let in_time = [
            RungAt::Share(50),
            RungAt::Share(75),
            RungAt::Breach,
            after(1),
            after(90),
        ];
        assert!(in_time.is_sorted());
    }

    #[test]
    fn a_plan_survives_json() {
        let priorities = Priority::ALL
            .iter()
            .map(|priority| (*priority, Duration::from_mins(30)));
        let plan = SlaPlan {
            calendars: vec![Calendar {
                id: "office".parse().unwrap(),
                timezone: "Europe/Berlin".to_owned(),
                hours: [(
                    1,
                    vec![Window {
                        from_minute: 540,
                        to_minute: 1020,
                    }],
                )]
                .into(),
                holidays: vec![Holiday {
                    day: HolidayDay::On(jiff::civil::date(2026, 5, 1)),
                    hours: vec![],
                }],
            }],
            policies: vec![Policy {
                id: "chat".parse().unwrap(),
                queues: BTreeSet::new(),
                channels: [Channel::Chat].into(),
                languages: BTreeSet::new(),
                priorities: BTreeSet::new(),
                tags: BTreeSet::new(),
                calendar: Some("office".parse().unwrap()),
                targets: [(ClockKind::FirstResponse, priorities.collect())].into(),
                ladders: [(ClockKind::FirstResponse, "quick".parse().unwrap())].into(),
            }],
            ladders: vec![Ladder {
                id: "quick".parse().unwrap(),
                rungs: vec![Rung {
                    at: RungAt::Breach,
                    actions: vec![Action::MoveToTier(2), Action::Tell(vec![Recipient::Owner])],
                    repeat: Some(Repeat {
                        every: Duration::from_mins(15),
                        times: 4,
                    }),
                }],
            }],
            ..SlaPlan::default()
        };
        let json = serde_json::to_string(&plan).unwrap();
        assert_eq!(serde_json::from_str::<SlaPlan>(&json).unwrap(), plan);
    }
}
