//! What every bus must do with requests.

use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use futures::future::join_all;
use tokio::time::Instant;

use super::{DEADLINE, QUIET, next, within};
use crate::{Bus, BusError, Headers, MAX_PAYLOAD, MAX_WAITING_REQUESTS};

const SUBJECT: &str = "tandem.cmd.router.acme";

async fn ask(bus: &dyn Bus, payload: impl Into<Bytes>, timeout: Duration) -> Result<Bytes, BusError> {
    within(bus.request(SUBJECT, Headers::new(), payload.into(), timeout)).await
}

/// The server sees subject, headers and payload; the asker its answer.
pub async fn a_request_is_answered(bus: &dyn Bus) {
    let mut requests = bus.serve("tandem.cmd.router.*").await.expect("the bus works");
    let headers = Headers::from([("traceparent".into(), "00-4b-51-01".into())]);
    let asking = bus.request(SUBJECT, headers.clone(), Bytes::from_static(b"question"), DEADLINE);
    let answering = async {
        let request = next(&mut requests).await;
        assert_eq!(
            (request.subject.as_str(), &request.headers, &request.payload[..]),
            (SUBJECT, &headers, &b"question"[..])
        );
        request.reply(Bytes::from_static(b"answer"));
    };
    let (answer, ()) = futures::join!(within(asking), answering);
    assert_eq!(answer, Ok(Bytes::from_static(b"answer")));
}

/// Also when they are answered the other way round.
pub async fn many_requests_at_once_get_their_own_answers(bus: &dyn Bus) {
    let requests = bus.serve(SUBJECT).await.expect("the bus works");
    let questions: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    let asking = join_all(questions.iter().map(|question| ask(bus, question.clone(), DEADLINE)));
    let answering = async {
        let mut held: Vec<_> = requests.take(questions.len()).collect().await;
        while let Some(request) = held.pop() {
            let answer = request.payload.clone();
            request.reply(answer);
        }
    };
    let (answers, ()) = futures::join!(asking, within(answering));
    let answers: Vec<_> = answers.into_iter().map(|answer| answer.expect("answered")).collect();
    assert_eq!(answers, questions);
}

/// Long before the timeout.
pub async fn nobody_serving_is_known_at_once(bus: &dyn Bus) {
    let begin = Instant::now();
    assert_eq!(
        ask(bus, "", DEADLINE).await,
        Err(BusError::NoResponder(SUBJECT.to_owned()))
    );
    assert!(begin.elapsed() < DEADLINE / 4);
}

/// Dropping the stream of requests ends the service.
pub async fn who_has_stopped_serving_is_not_asked(bus: &dyn Bus) {
    let requests = bus.serve(SUBJECT).await.expect("the bus works");
    drop(requests);
    let gone = async {
        while ask(bus, "", QUIET).await != Err(BusError::NoResponder(SUBJECT.to_owned())) {
            tokio::task::yield_now().await;
        }
    };
    within(gone).await;
}

/// The request is there, and nobody answers.
pub async fn no_answer_is_a_timeout(bus: &dyn Bus) {
    let mut requests = bus.serve(SUBJECT).await.expect("the bus works");
    assert_eq!(ask(bus, "", QUIET).await, Err(BusError::Timeout(SUBJECT.to_owned())));
    next(&mut requests).await.reply(Bytes::from_static(b"too late"));
}

/// As if it were not answered.
pub async fn a_dropped_request_is_a_timeout(bus: &dyn Bus) {
    let mut requests = bus.serve(SUBJECT).await.expect("the bus works");
    let (answer, ()) = futures::join!(ask(bus, "", QUIET), async { drop(next(&mut requests).await) });
    assert_eq!(answer, Err(BusError::Timeout(SUBJECT.to_owned())));
}

/// Nothing is done twice while a desk changes its owner.
pub async fn one_of_several_servers_gets_a_request(bus: &dyn Bus) {
    let one = bus.serve(SUBJECT).await.expect("the bus works");
    let other = bus.serve(SUBJECT).await.expect("the bus works");
    let served = futures::stream::select(one, other)
        .map(|request| request.reply(Bytes::new()))
        .take_until(tokio::time::sleep(QUIET))
        .count();
    let asking = join_all((0..20).map(|_| ask(bus, "", DEADLINE)));
    let (answers, served) = futures::join!(asking, served);
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(served, answers.len());
}

/// A server that does not keep up costs bounded memory, and serves on.
pub async fn more_requests_than_a_server_takes_time_out(bus: &dyn Bus) {
    let requests = bus.serve(SUBJECT).await.expect("the bus works");
    let asking = (0..MAX_WAITING_REQUESTS + 200).map(|_| ask(bus, "", QUIET * 3));
    assert!(
        join_all(asking)
            .await
            .iter()
            .all(|answer| matches!(answer, Err(BusError::Timeout(_))))
    );
    let waiting = requests.take_until(tokio::time::sleep(QUIET)).count().await;
    assert!((1..=MAX_WAITING_REQUESTS).contains(&waiting), "{waiting}");
}

/// It is refused at once.
pub async fn a_request_that_is_too_large_is_refused(bus: &dyn Bus) {
    let _requests = bus.serve(SUBJECT).await.expect("the bus works");
    let answer = ask(bus, vec![0; MAX_PAYLOAD + 1], DEADLINE).await;
    assert!(matches!(answer, Err(BusError::TooLarge { .. })), "{answer:?}");
}

/// Rather than leaving it to its timeout: asking again would not help.
pub async fn an_answer_that_is_too_large_is_known_to_the_asker(bus: &dyn Bus) {
    let mut requests = bus.serve(SUBJECT).await.expect("the bus works");
    let answering = async { next(&mut requests).await.reply(vec![0; MAX_PAYLOAD + 1].into()) };
    let (answer, ()) = futures::join!(ask(bus, "", DEADLINE), answering);
    assert_eq!(
        answer,
        Err(BusError::TooLarge {
            size: MAX_PAYLOAD + 1,
            limit: MAX_PAYLOAD
        })
    );
}
