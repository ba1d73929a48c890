//! Answers a question from stored rows.

use std::ops::ControlFlow;

use tandem_domain::{DeskId, Timestamp};
use tandem_measures::{Grain, Line, Measures, Query, Roll, table};
use tandem_service_kit::fields::FieldError;
use tandem_service_kit::page::Page;
use tandem_store::Store;

use crate::errors::Failure;
use crate::rows::{ReadError, Rows, Scan};

/// How the range is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    /// Into intervals.
    Each(Grain),
    /// Not at all.
    Whole,
}

impl Span {
    /// Of which intervals it is made.
    const fn grain(self) -> Grain {
        match self {
            Self::Each(grain) => grain,
            Self::Whole => Grain::Hour,
        }
    }
}

/// What is asked for: the intervals that begin at `from` or later and before `to`.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) query: Query,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    pub(crate) span: Span,
    pub(crate) page: Page,
}

/// A line in its interval.
pub(crate) struct Row {
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
    pub(crate) line: Line,
}

/// A page of an answer.
pub(crate) struct Answered {
    pub(crate) rows: Vec<Row>,
    pub(crate) next_page: String,
    pub(crate) zone: String,
    pub(crate) until: Option<Timestamp>,
}

/// A question that is being answered.
pub(crate) struct Reading<'a> {
    store: &'a dyn Store,
    desk: &'a DeskId,
    question: &'a Question,
    /// Without tickets and agents, which no answer needs.
    measures: Measures,
}

impl<'a> Reading<'a> {
    /// Reads how far the measures are.
    pub(crate) async fn begin(store: &'a dyn Store, desk: &'a DeskId, question: &'a Question) -> Result<Self, Failure> {
        let mut rows = Vec::new();
        for key in Measures::HEAD {
            rows.extend(store.row(desk, table::STATE, key).await?.map(|value| (key, value)));
        }
        let rows = rows.iter().map(|(key, value)| (*key, value.as_ref()));
        let measures = Measures::load(rows).map_err(ReadError::from)?;
        Ok(Self {
            store,
            desk,
            question,
            measures,
        })
    }

    /// Refuses queues and teams that the desk never had, where an empty answer would hide a mistyped key.
    pub(crate) fn check_names(&self) -> Result<(), Failure> {
        let Some((field, key)) = self.measures.unknown(&self.question.query.filter) else {
            return Ok(());
        };
        if self.measures.file().is_none() {
            return Err(Failure::NotBegun(self.desk.clone()));
        }
        Err(FieldError::new(field, format!("`{key}` is none of this desk, now or before")).into())
    }

    /// The page that is asked for.
    pub(crate) async fn page(self, now: Timestamp) -> Result<Answered, Failure> {
        let mut rows = Vec::new();
        let mut next_page = String::new();
        if let Some(mut walk) = self.walk(now).await? {
            let size = self.question.page.size;
            while let Some((start, end)) = walk.next_interval() {
                for line in walk.lines(end).await? {
                    rows.push(Row { start, end, line });
                }
                if let ControlFlow::Break(token) = cut(&mut rows, size, &self.question.page) {
                    next_page = token;
                    break;
                }
            }
        }
        Ok(Answered {
            rows,
            next_page,
            zone: self.measures.zones().name().to_owned(),
            until: self.measures.until(),
        })
    }

    /// A walk over the page's intervals; none if there are none.
    async fn walk(&self, now: Timestamp) -> Result<Option<Walk<'_>>, Failure> {
        let Question {
            query,
            from,
            span,
            page,
            ..
        } = self.question;
        let zones = self.measures.zones();
        let grain = span.grain();
        let aligned = zones.start(grain, *from);
        let first = if aligned < *from {
            zones.end(grain, aligned)
        } else {
            aligned
        };
        // The future is empty.
        let now = now.max(self.measures.until().unwrap_or(now));
        let limit = self.question.to.min(zones.end(grain, zones.start(grain, now)));
        let resumed = page.after.as_deref().and_then(resumed_at).unwrap_or(first);
        let first = first.max(resumed);
        if first >= limit {
            return Ok(None);
        }
        let mut roll = Roll::new(query, self.measures.file());
        self.find_waiting(&mut roll, first).await?;
        Ok(Some(Walk {
            reading: self,
            roll,
            measured: Rows::new(self.store, self.desk, table::of(grain), first),
            breached: Rows::new(self.store, self.desk, table::BREACHES, first),
            at: first,
            limit,
        }))
    }

    /// Finds out who waits when the interval at `at` begins. Stored is who waited when each hour began in which anything
    /// happened; what happened since is added.
    async fn find_waiting(&self, roll: &mut Roll<'_>, at: Timestamp) -> Result<(), Failure> {
        let zones = self.measures.zones();
        let hour = zones.start(Grain::Hour, at);
        if self.waiting_at(roll, hour).await? {
            return self.add_rows(roll, Grain::Minute, hour, at).await;
        }
        let later = Scan::new(self.store, self.desk, table::WAITING, "").after(hour);
        if let Some((key, value)) = later.first().await? {
            return Ok(roll.begin(&key, &value).map_err(ReadError::from)?);
        }
        let Some(until) = self.measures.until() else {
            return Ok(());
        };
        let last = zones.start(Grain::Hour, until);
        self.waiting_at(roll, last).await?;
        self.add_rows(roll, Grain::Hour, last, zones.end(Grain::Hour, last))
            .await
    }

    async fn waiting_at(&self, roll: &mut Roll<'_>, hour: Timestamp) -> Result<bool, Failure> {
        let key = tandem_measures::start_key(hour);
        let Some(value) = self.store.row(self.desk, table::WAITING, &key).await? else {
            return Ok(false);
        };
        roll.begin(&key, &value).map_err(ReadError::from)?;
        Ok(true)
    }

    async fn add_rows(&self, roll: &mut Roll<'_>, grain: Grain, from: Timestamp, to: Timestamp) -> Result<(), Failure> {
        let mut rows = Rows::new(self.store, self.desk, table::of(grain), from);
        while let Some(row) = rows.next_before(to).await? {
            roll.add(&row.key, &row.place, &row.value).map_err(ReadError::from)?;
        }
        roll.end();
        Ok(())
    }
}

/// A walk over intervals, in order.
struct Walk<'a> {
    reading: &'a Reading<'a>,
    roll: Roll<'a>,
    measured: Rows<'a>,
    breached: Rows<'a>,
    at: Timestamp,
    limit: Timestamp,
}

impl Walk<'_> {
    /// The next interval; none after the last.
    fn next_interval(&mut self) -> Option<(Timestamp, Timestamp)> {
        let start = self.at;
        if start >= self.limit {
            return None;
        }
        let zones = self.reading.measures.zones();
        let end = match self.reading.question.span {
            Span::Each(grain) => zones.end(grain, start),
            Span::Whole => {
                let last = Timestamp::from_micros(self.limit.as_micros() - 1);
                zones.end(Grain::Hour, zones.start(Grain::Hour, last))
            }
        };
        self.at = end;
        Some((start, end))
    }

    /// The lines of the interval that ends at `end`.
    async fn lines(&mut self, end: Timestamp) -> Result<Vec<Line>, Failure> {
        while let Some(row) = self.measured.next_before(end).await? {
            let added = self.roll.add(&row.key, &row.place, &row.value);
            added.map_err(ReadError::from)?;
        }
        while let Some(row) = self.breached.next_before(end).await? {
            let added = self.roll.add_breaches(&row.key, &row.place, &row.value);
            added.map_err(ReadError::from)?;
        }
        Ok(self.roll.end())
    }
}

/// Leaves out what earlier pages had, and cuts where the page is full; there, the next page's token.
fn cut(rows: &mut Vec<Row>, size: usize, page: &Page) -> ControlFlow<String> {
    if let Some(after) = &page.after {
        rows.retain(|row| key(row) > *after);
    }
    if rows.len() <= size {
        return ControlFlow::Continue(());
    }
    rows.truncate(size);
    ControlFlow::Break(rows.last().map(|last| page.token(&key(last))).unwrap_or_default())
}

fn key(row: &Row) -> String {
    row.line.group.key(row.start)
}

/// The interval in which the page before ended.
fn resumed_at(after: &str) -> Option<Timestamp> {
    let (start, _) = after.split_once('!')?;
    start.parse().ok().map(Timestamp::from_micros)
}
