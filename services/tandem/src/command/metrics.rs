//! `tandem metrics`

mod row;

use tandem_domain::Clock;
use tandem_proto::v1;
use tandem_service_kit::ids::SystemClock;

use crate::cli::{By, Format, Interval, Metrics};
use crate::client::{Client, collect};
use crate::failure::Failure;
use crate::output::{show, table};
use crate::view::{channel_to_proto, on_the_wire, whole_span};
pub(crate) use row::MeasureRow;
use row::TimeRow;

/// Shorter times are shown with a tenth of a second.
const TENTHS_BELOW: f64 = 10.0;

/// Shows measures.
pub(crate) async fn run(client: &Client, args: &Metrics, output: Format) -> Result<(), Failure> {
    let desk = client.desk(&args.desk).await?;
    let (from, to) = range(args)?;
    let rows = query(client, question(desk, args, from, to), args.limit).await?;
    let rows: Vec<_> = rows.iter().map(MeasureRow::from).collect();
    show(output, &rows, |rows| measures_table(rows, &args.by, args.interval))
}

/// All measures that a question asks for, up to a limit.
pub(crate) async fn query(
    client: &Client,
    question: v1::QueryMetricsRequest,
    limit: usize,
) -> Result<Vec<v1::MeasureRow>, Failure> {
    let pages = collect(limit, async |page_size, page_token| {
        let request = v1::QueryMetricsRequest {
            page_size,
            page_token,
            ..question.clone()
        };
        let page = client.metrics().query_metrics(request).await?.into_inner();
        Ok((page.rows, page.next_page_token))
    });
    pages.await
}

fn range(args: &Metrics) -> Result<(jiff::Timestamp, jiff::Timestamp), Failure> {
    let now = jiff::Timestamp::from_microsecond(SystemClock.now().as_micros());
    let now = now.map_err(|error| Failure::Fault(format!("this machine's clock is out of range: {error}")))?;
    let to = args.to.unwrap_or(now);
    let from = match args.from {
        Some(from) => from,
        None => to
            .checked_sub(args.last)
            .map_err(|error| Failure::Input(format!("--last reaches too far back: {error}")))?,
    };
    Ok((from, to))
}

fn question(desk: String, args: &Metrics, from: jiff::Timestamp, to: jiff::Timestamp) -> v1::QueryMetricsRequest {
    v1::QueryMetricsRequest {
        desk,
        from: Some(on_the_wire(from)),
        to: Some(on_the_wire(to)),
        interval: interval(args.interval).into(),
        group_by: args.by.iter().map(|by| dimension(*by).into()).collect(),
        queues: args.queue.clone(),
        channels: args
            .channel
            .iter()
            .map(|channel| channel_to_proto(*channel).into())
            .collect(),
        languages: args.language.clone(),
        teams: args.team.clone(),
        ..v1::QueryMetricsRequest::default()
    }
}

fn interval(interval: Interval) -> v1::MeasureInterval {
    match interval {
        Interval::Minute => v1::MeasureInterval::Minute,
        Interval::Hour => v1::MeasureInterval::Hour,
        Interval::Total => v1::MeasureInterval::Total,
    }
}

fn dimension(by: By) -> v1::MeasureDimension {
    match by {
        By::Queue => v1::MeasureDimension::Queue,
        By::Channel => v1::MeasureDimension::Channel,
        By::Language => v1::MeasureDimension::Language,
        By::Team => v1::MeasureDimension::Team,
    }
}

/// Measures as a table; the columns of times are medians.
pub(crate) fn measures_table(rows: &[MeasureRow], by: &[By], interval: Interval) -> String {
    let cells = rows.iter().map(|row| {
        [
            if interval == Interval::Total {
                row.group(by)
            } else {
                format!("{} {}", row.start, row.group(by))
            },
            row.received.to_string(),
            row.accepted.to_string(),
            row.abandoned.to_string(),
            row.resolved.to_string(),
            row.waiting.to_string(),
            row.breached.to_string(),
            row.service_level_percent
                .map(|level| format!("{level:.0} %"))
                .unwrap_or_default(),
            median(&row.time_to_accept),
            median(&row.first_response),
            median(&row.handling),
        ]
    });
    let header = [
        "OF", "IN", "ACCEPTED", "LEFT", "RESOLVED", "WAIT", "BREACHED", "LEVEL", "ACCEPT", "ANSWER", "HANDLING",
    ];
    table(header, cells, "nothing was measured in that time")
}

/// How long it took half of them at most.
fn median(time: &TimeRow) -> String {
    match time.count {
        0 => String::new(),
        _ if time.p50_seconds < TENTHS_BELOW => format!("{:.1}s", time.p50_seconds),
        _ => whole_span(time.p50_seconds),
    }
}
