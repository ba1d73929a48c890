//! A row of measures as the command line shows it.

use serde::Serialize;
use tandem_proto::v1;

use crate::cli::By;
use crate::view::{percent, seconds, short, time};

/// The measures of one group in one interval.
#[derive(Debug, Serialize)]
pub(crate) struct MeasureRow {
    pub(super) start: String,
    end: String,
    queue: String,
    channel: String,
    language: String,
    team: String,
    pub(crate) received: u64,
    offered: u64,
    pub(super) accepted: u64,
    declined: u64,
    missed: u64,
    pub(super) abandoned: u64,
    pub(super) resolved: u64,
    reopened: u64,
    undelivered: u64,
    pub(super) waiting: u64,
    pub(super) breached: u64,
    level_due: u64,
    level_met: u64,
    pub(super) service_level_percent: Option<f64>,
    pub(super) time_to_accept: TimeRow,
    pub(super) first_response: TimeRow,
    pub(super) handling: TimeRow,
}

/// How long something took.
#[derive(Debug, Serialize)]
pub(super) struct TimeRow {
    pub(super) count: u64,
    mean_seconds: f64,
    pub(super) p50_seconds: f64,
    p90_seconds: f64,
    p95_seconds: f64,
    p99_seconds: f64,
    max_seconds: f64,
}

impl MeasureRow {
    /// Of whom these are the measures, if they are told apart.
    pub(super) fn group(&self, by: &[By]) -> String {
        let words = by.iter().map(|by| match by {
            By::Queue => self.queue.as_str(),
            By::Channel => &self.channel,
            By::Language if self.language.is_empty() => "?",
            By::Language => &self.language,
            By::Team => &self.team,
        });
        let words: Vec<_> = words.collect();
        if words.is_empty() {
            "all".to_owned()
        } else {
            words.join(" ")
        }
    }
}

impl From<&v1::MeasureRow> for MeasureRow {
    fn from(row: &v1::MeasureRow) -> Self {
        let counts = row.counts.unwrap_or_default();
        let breached = counts.breached.unwrap_or_default();
        let breached = breached.accept + breached.first_response + breached.next_response + breached.resolution;
        let channel = match row.channel() {
            v1::Channel::Unspecified => String::new(),
            channel => short(channel.as_str_name(), "CHANNEL_"),
        };
        Self {
            start: time(row.start.as_ref()),
            end: time(row.end.as_ref()),
            queue: row.queue.clone(),
            channel,
            language: row.language.clone(),
            team: row.team.clone(),
            received: counts.received,
            offered: counts.offered,
            accepted: counts.accepted,
            declined: counts.declined,
            missed: counts.missed,
            abandoned: counts.abandoned,
            resolved: counts.resolved,
            reopened: counts.reopened,
            undelivered: counts.undelivered,
            waiting: row.waiting,
            breached,
            level_due: counts.level_due,
            level_met: counts.level_met,
            service_level_percent: percent(counts.level_met, counts.level_due),
            time_to_accept: TimeRow::from(row.time_to_accept.unwrap_or_default()),
            first_response: TimeRow::from(row.first_response.unwrap_or_default()),
            handling: TimeRow::from(row.handling.unwrap_or_default()),
        }
    }
}

impl From<v1::MeasuredTime> for TimeRow {
    fn from(time: v1::MeasuredTime) -> Self {
        Self {
            count: time.count,
            mean_seconds: seconds(time.mean.as_ref()),
            p50_seconds: seconds(time.p50.as_ref()),
            p90_seconds: seconds(time.p90.as_ref()),
            p95_seconds: seconds(time.p95.as_ref()),
            p99_seconds: seconds(time.p99.as_ref()),
            max_seconds: seconds(time.max.as_ref()),
        }
    }
}
