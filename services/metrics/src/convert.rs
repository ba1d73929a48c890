//! Between the contracts' types and the measures.

mod live;
mod question;

pub(crate) use live::picture;
pub(crate) use question::question;

use std::time::Duration;

use tandem_measures::{BreachCounts, Cell, Counts, Group, Measured};
use tandem_proto::v1;
use tandem_service_kit::fields::{channel, duration, timestamp};

use crate::query::{Answered, Row};

/// A page, on its way out.
pub(crate) fn answer(page: Answered) -> v1::QueryMetricsResponse {
    v1::QueryMetricsResponse {
        rows: page.rows.into_iter().map(row).collect(),
        next_page_token: page.next_page,
        timezone: page.zone,
        measured_until: page.until.map(timestamp),
    }
}

fn row(row: Row) -> v1::MeasureRow {
    let Group {
        queue,
        channel: by,
        language,
        team,
    } = row.line.group;
    let Cell {
        counts: happened,
        time_to_accept,
        first_response,
        handling,
    } = row.line.cell;
    v1::MeasureRow {
        start: Some(timestamp(row.start)),
        end: Some(timestamp(row.end)),
        queue: text(queue),
        channel: by.map_or(v1::Channel::Unspecified, channel).into(),
        language: language.map(|tag| tag.as_str().to_owned()).unwrap_or_default(),
        team: text(team),
        counts: Some(counts(&happened, row.line.breaches)),
        waiting: row.line.waiting,
        time_to_accept: Some(measured(&time_to_accept)),
        first_response: Some(measured(&first_response)),
        handling: Some(measured(&handling)),
    }
}

fn text<K: ToString>(key: Option<K>) -> String {
    key.map(|key| key.to_string()).unwrap_or_default()
}

fn counts(counts: &Counts, breaches: BreachCounts) -> v1::MeasureCounts {
    v1::MeasureCounts {
        received: counts.received,
        offered: counts.offered,
        accepted: counts.accepted,
        declined: counts.declined,
        missed: counts.missed,
        abandoned: counts.abandoned,
        resolved: counts.resolved,
        reopened: counts.reopened,
        undelivered: counts.undelivered,
        level_due: counts.level_due,
        level_met: counts.level_met,
        breached: Some(v1::BreachCounts {
            accept: breaches.accept,
            first_response: breaches.first_response,
            next_response: breaches.next_response,
            resolution: breaches.resolution,
        }),
    }
}

fn measured(measured: &Measured) -> v1::MeasuredTime {
    let out = |time: Option<Duration>| time.map(duration);
    v1::MeasuredTime {
        count: measured.count(),
        total: (measured.count() > 0).then(|| duration(measured.total())),
        mean: out(measured.mean()),
        p50: out(measured.percentile(0.5)),
        p90: out(measured.percentile(0.9)),
        p95: out(measured.percentile(0.95)),
        p99: out(measured.percentile(0.99)),
        max: out(measured.max()),
    }
}
