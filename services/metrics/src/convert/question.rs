//! A question, on its way in.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use tandem_domain::{Channel, Timestamp};
use tandem_measures::{Dimension, Filter, Grain, Query};
use tandem_proto::v1;
use tandem_proto::v1::{MeasureDimension, MeasureInterval};
use tandem_service_kit::fields::{FieldError, channel, instant, key};
use tandem_service_kit::page::Page;

use crate::errors::Failure;
use crate::query::{Question, Span};

/// The longest range of minutes.
const MINUTES_FOR: Duration = Duration::from_hours(7 * 24);
/// The longest range of hours.
const HOURS_FOR: Duration = Duration::from_hours(93 * 24);

/// What is asked for.
pub(crate) fn question(request: &v1::QueryMetricsRequest) -> Result<Question, Failure> {
    let span = span(request.interval)?;
    let (from, to) = range(request, span)?;
    let query = Query {
        group_by: group_by(&request.group_by)?,
        filter: Filter {
            queues: keys("queues", &request.queues)?,
            channels: channels(&request.channels)?,
            languages: keys("languages", &request.languages)?,
            teams: keys("teams", &request.teams)?,
        },
    };
    if query.filter.teams.len() > 1 && !query.group_by.contains(&Dimension::Team) {
        let why = "several only when grouped by team: what a member of two of them did would count twice";
        return Err(FieldError::new("teams", why).into());
    }
    let asked = format!("QueryMetrics {} {from} {to} {span:?} {query:?}", request.desk);
    let page = Page::of(&asked, request.page_size, &request.page_token)?;
    Ok(Question {
        query,
        from,
        to,
        span,
        page,
    })
}

fn span(given: i32) -> Result<Span, FieldError> {
    match MeasureInterval::try_from(given) {
        Ok(MeasureInterval::Minute) => Ok(Span::Each(Grain::Minute)),
        Ok(MeasureInterval::Hour) => Ok(Span::Each(Grain::Hour)),
        Ok(MeasureInterval::Total) => Ok(Span::Whole),
        Ok(MeasureInterval::Unspecified) | Err(_) => {
            Err(FieldError::new("interval", "must be given: minute, hour or total"))
        }
    }
}

fn range(request: &v1::QueryMetricsRequest, span: Span) -> Result<(Timestamp, Timestamp), FieldError> {
    let (from, to) = (instant("from", request.from)?, instant("to", request.to)?);
    if to <= from {
        return Err(FieldError::new("to", "must be later than from"));
    }
    let (longest, days) = match span {
        Span::Each(Grain::Minute) => (MINUTES_FOR, 7),
        Span::Each(Grain::Hour) | Span::Whole => (HOURS_FOR, 93),
    };
    if to.since(from) > longest {
        let why = format!("at most {days} days after from for this interval: ask in parts");
        return Err(FieldError::new("to", why));
    }
    Ok((from, to))
}

fn group_by(given: &[i32]) -> Result<BTreeSet<Dimension>, FieldError> {
    let mut dimensions = BTreeSet::new();
    for dimension in given {
        if !dimensions.insert(one_dimension(*dimension)?) {
            return Err(FieldError::new("group_by", "each dimension at most once"));
        }
    }
    Ok(dimensions)
}

fn one_dimension(given: i32) -> Result<Dimension, FieldError> {
    match MeasureDimension::try_from(given) {
        Ok(MeasureDimension::Queue) => Ok(Dimension::Queue),
        Ok(MeasureDimension::Channel) => Ok(Dimension::Channel),
        Ok(MeasureDimension::Language) => Ok(Dimension::Language),
        Ok(MeasureDimension::Team) => Ok(Dimension::Team),
        Ok(MeasureDimension::Unspecified) | Err(_) => {
            let why = format!("{given} is no dimension: use queue, channel, language or team");
            Err(FieldError::new("group_by", why))
        }
    }
}

fn channels(given: &[i32]) -> Result<BTreeSet<Channel>, FieldError> {
    let one = |given: &i32| {
        let found = Channel::ALL.into_iter().find(|known| channel(*known) as i32 == *given);
        found.ok_or_else(|| {
            FieldError::new(
                "channels",
                format!("{given} is no channel: use email, chat, phone or social"),
            )
        })
    };
    given.iter().map(one).collect()
}

fn keys<K: FromStr<Err: Display> + Ord>(field: &'static str, given: &[String]) -> Result<BTreeSet<K>, FieldError> {
    given.iter().map(|text| key(field, text)).collect()
}
