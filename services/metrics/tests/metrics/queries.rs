//! What is answered to which question.

mod history;

use tandem_domain::{Role, Timestamp};
use tandem_proto::v1;
use tandem_proto::v1::{MeasureDimension, MeasureInterval};
use tandem_service_kit::fields::timestamp;
use tonic::{Code, Status};

use crate::harness::World;
use crate::server::{Served, fields};
use history::{History, at};

type Caller = tandem_proto::v1::metrics_service_client::MetricsServiceClient<tandem_service_kit::grpc::Client>;

fn question(from: Timestamp, to: Timestamp, interval: MeasureInterval) -> v1::QueryMetricsRequest {
    v1::QueryMetricsRequest {
        desk: "acme".to_owned(),
        from: Some(timestamp(from)),
        to: Some(timestamp(to)),
        interval: interval.into(),
        page_size: 500,
        ..v1::QueryMetricsRequest::default()
    }
}

/// All pages of an answer.
async fn all(caller: &mut Caller, mut question: v1::QueryMetricsRequest) -> Vec<v1::MeasureRow> {
    let mut rows = Vec::new();
    loop {
        let page = caller.query_metrics(question.clone()).await.unwrap().into_inner();
        assert!(page.rows.len() <= question.page_size as usize);
        rows.extend(page.rows);
        if page.next_page_token.is_empty() {
            return rows;
        }
        question.page_token = page.next_page_token;
    }
}

async fn refused(caller: &mut Caller, question: v1::QueryMetricsRequest) -> Status {
    let status = caller.query_metrics(question).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    status
}

fn micros(at: Option<prost_types::Timestamp>) -> i64 {
    let at = at.unwrap();
    at.seconds * 1_000_000 + i64::from(at.nanos) / 1_000
}

#[tokio::test]
async fn every_interval_is_what_a_plain_recount_says() {
    let world = World::new().await;
    // Three days around the change of clocks.
    let history = History::random(7, at("2026-10-24T08:00:00Z"), 600, 400);
    history.store(&world).await;
    let served = Served::of(world.replica("a")).await;
    let mut caller = served.caller(Role::Reader).await;
    for interval in [MeasureInterval::Hour, MeasureInterval::Minute] {
        let mut asked = question(at("2026-10-23T22:00:00Z"), at("2026-10-28T00:00:00Z"), interval);
        asked.group_by = vec![MeasureDimension::Queue.into()];
        let rows = all(&mut caller, asked).await;
        assert!(rows.len() > 60);
        for row in &rows {
            let (start, end) = (micros(row.start), micros(row.end));
            let (received, accepted, waiting) = history.recount(&row.queue, start, end);
            let counts = row.counts.unwrap();
            let found = (counts.received, counts.accepted, row.waiting);
            assert_eq!(
                found,
                (received, accepted, waiting),
                "{interval:?} {start} {}",
                row.queue
            );
            assert_eq!(row.time_to_accept.unwrap().count, accepted);
        }
        let received: u64 = rows.iter().map(|row| row.counts.unwrap().received).sum();
        assert_eq!(received, 600, "no interval is left out");
    }
}

#[tokio::test]
async fn the_total_is_the_sum_of_the_hours() {
    let world = World::new().await;
    let history = History::random(8, at("2026-03-28T08:00:00Z"), 300, 400);
    history.store(&world).await;
    let served = Served::of(world.replica("a")).await;
    let mut caller = served.caller(Role::Reader).await;
    let (from, to) = (at("2026-03-27T23:00:00Z"), at("2026-03-31T00:00:00Z"));
    let hours = all(&mut caller, question(from, to, MeasureInterval::Hour)).await;
    let total = all(&mut caller, question(from, to, MeasureInterval::Total)).await;
    assert_eq!(total.len(), 1);
    let sum = |of: fn(&v1::MeasureRow) -> u64| hours.iter().map(of).sum::<u64>();
    assert_eq!(
        total[0].counts.unwrap().received,
        sum(|row| row.counts.unwrap().received)
    );
    assert_eq!(
        total[0].time_to_accept.unwrap().count,
        sum(|row| row.time_to_accept.unwrap().count)
    );
    assert_eq!(total[0].waiting, hours.last().unwrap().waiting);
    assert_eq!(micros(total[0].start), from.as_micros());
    assert_eq!(
        total[0].end,
        hours.last().unwrap().end,
        "what has not begun is no part of it"
    );
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repeat() {
    let world = World::new().await;
    History::random(9, at("2026-05-04T08:00:00Z"), 60, 300)
        .store(&world)
        .await;
    let served = Served::of(world.replica("a")).await;
    let mut caller = served.caller(Role::Reader).await;
    let mut asked = question(
        at("2026-05-04T00:00:00Z"),
        at("2026-05-06T00:00:00Z"),
        MeasureInterval::Minute,
    );
    asked.group_by = vec![MeasureDimension::Queue.into(), MeasureDimension::Team.into()];
    let at_once = all(&mut caller, asked.clone()).await;
    assert!(at_once.len() > 60);
    for size in [1, 7, 50] {
        asked.page_size = size;
        assert_eq!(all(&mut caller, asked.clone()).await, at_once, "{size} a page");
    }
}

#[tokio::test]
async fn an_empty_desk_has_no_measures_and_the_future_has_none() {
    let world = World::new().await;
    let served = Served::of(world.replica("a")).await;
    let mut caller = served.caller(Role::Reader).await;
    let past = question(
        at("2020-01-01T00:00:00Z"),
        at("2020-02-01T00:00:00Z"),
        MeasureInterval::Hour,
    );
    assert!(all(&mut caller, past).await.is_empty());
    History::random(10, at("2026-01-05T08:00:00Z"), 20, 60)
        .store(&world)
        .await;
    let future = question(
        at("2090-01-01T00:00:00Z"),
        at("2090-02-01T00:00:00Z"),
        MeasureInterval::Hour,
    );
    assert!(
        all(&mut caller, future).await.is_empty(),
        "who waits now may not wait then"
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_question_is_named() {
    let world = World::new().await;
    History::random(11, at("2026-05-04T08:00:00Z"), 20, 60)
        .store(&world)
        .await;
    let served = Served::of(world.replica("a")).await;
    let mut caller = served.caller(Role::Reader).await;
    let day = || {
        question(
            at("2026-05-04T00:00:00Z"),
            at("2026-05-05T00:00:00Z"),
            MeasureInterval::Hour,
        )
    };
    let wrong = |change: fn(&mut v1::QueryMetricsRequest)| {
        let mut question = day();
        change(&mut question);
        question
    };
    let absurd = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    let span = |from, to| v1::QueryMetricsRequest { from, to, ..day() };
    for (field, question) in [
        ("from", wrong(|question| question.from = None)),
        ("to", wrong(|question| question.to = None)),
        ("to", wrong(|question| question.to = question.from)),
        (
            "to",
            wrong(|question| std::mem::swap(&mut question.from, &mut question.to)),
        ),
        ("from", span(absurd(i64::MIN), day().to)),
        ("to", span(day().from, absurd(i64::MAX))),
        ("to", span(absurd(0), day().to)),
        (
            "to",
            wrong(|question| {
                question.to = Some(timestamp(at("2026-05-12T00:00:00Z")));
                question.interval = MeasureInterval::Minute.into();
            }),
        ),
        ("interval", wrong(|question| question.interval = 0)),
        ("interval", wrong(|question| question.interval = 99)),
        ("group_by", wrong(|question| question.group_by = vec![0])),
        ("group_by", wrong(|question| question.group_by = vec![99])),
        ("group_by", wrong(|question| question.group_by = vec![1, 1])),
        (
            "queues",
            wrong(|question| question.queues = vec!["Not A Key".to_owned()]),
        ),
        (
            "queues",
            wrong(|question| question.queues = vec!["billling".to_owned()]),
        ),
        ("channels", wrong(|question| question.channels = vec![0])),
        ("languages", wrong(|question| question.languages = vec!["!".to_owned()])),
        ("teams", wrong(|question| question.teams = vec!["outside".to_owned()])),
        (
            "teams",
            wrong(|question| question.teams = vec!["inside".to_owned(), "field".to_owned()]),
        ),
        ("page_size", wrong(|question| question.page_size = 501)),
        (
            "page_token",
            wrong(|question| question.page_token = "nonsense".to_owned()),
        ),
    ] {
        let status = refused(&mut caller, question).await;
        assert_eq!(fields(&status), [field], "{status:?}");
    }
}

#[tokio::test]
async fn a_page_of_another_question_is_refused() {
    let world = World::new().await;
    History::random(12, at("2026-05-04T08:00:00Z"), 50, 60)
        .store(&world)
        .await;
    let served = Served::of(world.replica("a")).await;
    let mut caller = served.caller(Role::Reader).await;
    let mut asked = question(
        at("2026-05-04T00:00:00Z"),
        at("2026-05-05T00:00:00Z"),
        MeasureInterval::Minute,
    );
    asked.page_size = 1;
    let page = caller.query_metrics(asked.clone()).await.unwrap().into_inner();
    asked.page_token = page.next_page_token;
    asked.queues = vec!["sales".to_owned()];
    assert_eq!(fields(&refused(&mut caller, asked).await), ["page_token"]);
}

#[tokio::test]
async fn stored_damage_is_said_to_be_that() {
    let world = World::new().await;
    History::random(13, at("2026-05-04T08:00:00Z"), 20, 60)
        .store(&world)
        .await;
    history::damage(&world).await;
    let served = Served::of(world.replica("a")).await;
    let mut caller = served.caller(Role::Reader).await;
    let asked = question(
        at("2026-05-04T00:00:00Z"),
        at("2026-05-05T00:00:00Z"),
        MeasureInterval::Hour,
    );
    let status = caller.query_metrics(asked).await.unwrap_err();
    assert_eq!(status.code(), Code::DataLoss);
}
