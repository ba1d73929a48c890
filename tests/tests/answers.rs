//! Answers by mail: out over the smarthost whatever it does, under one Message-ID, and back onto the ticket.

use tandem_proto::v1::{self, RoutingState, UndeliveredReason};
use tandem_tests::agent::{Desktop, request_id};
use tandem_tests::cluster::{Cluster, OwnSetting, Service};
use tandem_tests::desks::{ACME, address, file_with};
use tandem_tests::embedded::Embedded;
use tandem_tests::lists;
use tandem_tests::mail::{Mail, bounce, deliver_surely, message_id};
use tandem_tests::site::Site;
use tandem_tests::smarthost::{Mood, TakenMail};
use tandem_tests::wait::eventually;

/// Tests do not wait as long as customers.
const SOON: [(&str, &str); 3] = [
    ("TANDEM_DELIVERIES__FIRST_RETRY", "100ms"),
    ("TANDEM_DELIVERIES__LONGEST_RETRY", "200ms"),
    ("TANDEM_SMARTHOST__TIMEOUT", "2s"),
];

/// Whoever answers has an hour for it.
const AN_HOUR: &str = "sla: [{name: all, targets: {first_response: 1h}}]\n";

#[tokio::test(flavor = "multi_thread")]
async fn answers_go_out_in_their_thread_whichever_replica_was_asked() {
    let Some(mut cluster) = Cluster::start().await else {
        return;
    };
    let site = &cluster.site;
    let ticket = site.ticket_about(ACME, "parcel").await;
    let mut ana = open(site, 0, "ana").await;
    ana.take(ticket).await;
    ana.reply(&request_id(), ticket, "On its way.")
        .await
        .expect("it is hers");
    let first = mails(site, 1).await.remove(0);
    assert_eq!(first.to, "maria@customer.example");
    assert_eq!(first.field("From"), address(ACME));
    assert_eq!(first.field("Subject"), "Re: parcel");
    assert_eq!(first.field("In-Reply-To"), message_id("parcel"));
    assert_eq!(first.field("References"), message_id("parcel"));

    // Back by the address that the answer names, and by its Message-ID alone: both times to the other replica.
    let by_address = Mail {
        to: first.field("Reply-To"),
        ..Mail::new(ACME, "thanks")
    };
    deliver_surely(site.smtp[1], &by_address).await;
    assert_eq!(site.ticket_of(ACME, "thanks").await, ticket);
    let refers = [("In-Reply-To", first.field("Message-ID"))];
    deliver_surely(site.smtp[1], &Mail::with_fields(ACME, "and when", &refers)).await;
    assert_eq!(site.ticket_of(ACME, "and when").await, ticket);

    // The same request at both replicas is one answer.
    let (elsewhere, request) = (open(site, 1, "ana").await, request_id());
    let message = elsewhere.reply(&request, ticket, "Tomorrow.").await.expect("hers");
    assert_eq!(ana.reply(&request, ticket, "Tomorrow.").await.expect("hers"), message);
    let second = mails(site, 2).await.remove(1);
    assert_eq!(second.field("In-Reply-To"), message_id("and when"));
    let references = format!("{} {}", first.field("Message-ID"), message_id("and when"));
    assert_eq!(second.field("References"), references);
    assert_ne!(second.field("Message-ID"), first.field("Message-ID"));
    answered(site, ticket).await;
    drop((ana, elsewhere));
    assert_eq!(cluster.stop_and_audit().await, [""; 0]);
    assert_eq!(cluster.site.smarthost.mails().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_outlives_every_mood_of_the_smarthost_under_one_message_id() {
    let mut tandem = Embedded::start_with(&SOON).await;
    tandem.site.smarthost.set(Mood::PutsOff);
    let (ticket, message) = ask_and_answer(&tandem.site).await;
    tried(&tandem.site, 2).await;
    tandem.site.smarthost.set(Mood::HangsUp);
    tried(&tandem.site, 2).await;
    tandem.site.smarthost.disappear().await;
    let attempts = attempts(&tandem.site, &message).await;
    eventually("it is tried in vain", async || {
        (self::attempts(&tandem.site, &message).await > attempts).then_some(())
    })
    .await;
    tandem.process.kill9();
    tandem.revive();
    tandem.serve().await;
    let waiting = tandem.site.ticket(ACME, ticket).await.expect("a ticket");
    assert_eq!(waiting.undelivered, [], "nothing is given up yet");

    tandem.site.smarthost.set(Mood::TakesAndHangsUp);
    tandem.site.smarthost.come_back().await;
    mails(&tandem.site, 2).await;
    tandem.site.smarthost.set(Mood::Takes);
    on_its_way(&tandem.site, 0).await;
    let sent = tandem.site.smarthost.mails();
    assert!(sent.iter().all(|mail| mail.raw == sent[0].raw), "{sent:?}");
    answered(&tandem.site, ticket).await;
    assert_eq!(tandem.stop_and_audit().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_answer_shows_on_the_ticket_and_the_customer_still_waits() {
    let mut tandem = Embedded::start_with(&SOON).await;
    let site = &tandem.site;
    site.smarthost.set(Mood::Refuses);
    let (ticket, message) = ask_and_answer(site).await;
    let failed = undelivered(site, ticket, &message, UndeliveredReason::Refused).await;
    assert_eq!(failed.waiting_since, failed.opened_at);
    assert_eq!(site.smarthost.sessions(), 1, "a refusal is final");

    site.smarthost.set(Mood::Takes);
    let ana = open(site, 0, "ana").await;
    ana.reply(&request_id(), ticket, "Once more.")
        .await
        .expect("it is hers");
    mails(site, 1).await;
    answered(site, ticket).await;
    drop(ana);
    assert_eq!(tandem.stop_and_audit().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_wait_for_the_smarthost_are_sent_once_by_whichever_replica_is_left() {
    let own = SOON.map(|(name, value)| -> OwnSetting { (Service::Ingest, name, value) });
    let Some(mut cluster) = Cluster::start_with(&own).await else {
        return;
    };
    cluster.site.smarthost.disappear().await;
    let mut tickets = Vec::new();
    let mut ana = open(&cluster.site, 0, "ana").await;
    for number in 0..6 {
        let ticket = cluster.site.ticket_about(ACME, &format!("parcel {number}")).await;
        ana.take(ticket).await;
        let text = format!("answer {number}");
        ana.reply(&request_id(), ticket, &text).await.expect("it is hers");
        tickets.push(ticket);
    }
    on_its_way(&cluster.site, 6).await;
    for killed in [0, 1] {
        cluster.process((Service::Ingest, killed)).kill9();
        cluster.revive((Service::Ingest, killed));
    }
    cluster.process((Service::Ingest, 0)).kill9();
    cluster.site.smarthost.come_back().await;
    for ticket in tickets {
        answered(&cluster.site, ticket).await;
    }
    cluster.revive((Service::Ingest, 0));
    cluster.site.take_mail().await;
    on_its_way(&cluster.site, 0).await;
    drop(ana);
    assert_eq!(cluster.stop_and_audit().await, [""; 0]);
    let sent = cluster.site.smarthost.mails();
    let mut ids: Vec<String> = sent.iter().map(|mail| mail.field("Message-ID")).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((sent.len(), ids.len()), (6, 6), "{sent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bounce_shows_on_the_ticket_and_starts_the_response_clock_again() {
    let Some(mut cluster) = Cluster::start().await else {
        return;
    };
    let site = &cluster.site;
    site.apply(ACME, &file_with(ACME, AN_HOUR)).await;
    let (ticket, message) = ask_and_answer(site).await;
    let sent = mails(site, 1).await.remove(0);
    let met = clock(site, ticket, v1::ClockState::Met).await;
    answered(site, ticket).await;

    deliver_surely(site.smtp[1], &bounce(&sent)).await;
    let failed = undelivered(site, ticket, &message, UndeliveredReason::Bounced).await;
    assert_eq!(failed.waiting_since, failed.opened_at);
    let runs = clock(site, ticket, v1::ClockState::Running).await;
    assert_eq!(runs.occurrence, met.occurrence, "it is the clock that had stopped");
    assert_eq!(runs.started_at, met.started_at);
    assert_eq!(
        site.ticket_of(ACME, "Undelivered Mail Returned to Sender").await,
        ticket
    );
    assert_eq!(lists::tickets(&site.admin(0), ACME).await.expect("a list").len(), 1);
    assert_eq!(cluster.stop_and_audit().await, [""; 0]);
}

/// A customer asks and Ana answers: the ticket, and the answer's message.
async fn ask_and_answer(site: &Site) -> (u64, String) {
    let ticket = site.ticket_about(ACME, "parcel").await;
    let mut ana = open(site, 0, "ana").await;
    ana.take(ticket).await;
    let answer = ana.reply(&request_id(), ticket, "On its way.").await;
    (ticket, answer.expect("it is hers"))
}

async fn open(site: &Site, router: usize, agent: &str) -> Desktop {
    let clients = site.agent(router, ACME, agent);
    Desktop::open(&clients, ACME, agent).await.expect("a stream")
}

/// Waits until the smarthost has taken so many mails.
async fn mails(site: &Site, count: usize) -> Vec<TakenMail> {
    eventually(&format!("{count} mails"), async || {
        Some(site.smarthost.mails()).filter(|mails| mails.len() >= count)
    })
    .await
}

/// Waits until so many tries more have begun.
async fn tried(site: &Site, times: usize) {
    let before = site.smarthost.sessions();
    eventually("it is tried", async || {
        (site.smarthost.sessions() >= before + times).then_some(())
    })
    .await;
}

async fn attempts(site: &Site, message: &str) -> u32 {
    eventually("it is on its way", async || {
        let deliveries = lists::deliveries(&site.messages(0), ACME).await.ok()?;
        let delivery = deliveries.into_iter().find(|delivery| delivery.message_id == message)?;
        assert_eq!(delivery.parked_reason, "");
        Some(delivery.attempts)
    })
    .await
}

/// Waits until so many answers are on their way.
async fn on_its_way(site: &Site, count: usize) {
    eventually(&format!("{count} answers are on their way"), async || {
        let deliveries = lists::deliveries(&site.messages(0), ACME).await.ok()?;
        (deliveries.len() == count).then_some(())
    })
    .await;
}

/// Waits until the customer has an answer.
async fn answered(site: &Site, ticket: u64) {
    eventually(&format!("ticket {ticket} is answered"), async || {
        let ticket = site.ticket(ACME, ticket).await.ok()?;
        assert_eq!(ticket.undelivered, []);
        (ticket.answered_at.is_some() && ticket.waiting_since.is_none()).then_some(())
    })
    .await;
}

/// Waits until the ticket shows that the answer did not arrive.
async fn undelivered(site: &Site, ticket: u64, message: &str, reason: UndeliveredReason) -> v1::Ticket {
    let ticket = eventually("the ticket shows it", async || {
        let ticket = site.ticket(ACME, ticket).await.ok()?;
        (!ticket.undelivered.is_empty()).then_some(ticket)
    })
    .await;
    assert_eq!(ticket.state(), RoutingState::Assigned);
    let [failed] = &ticket.undelivered[..] else {
        panic!("one answer failed: {ticket:?}")
    };
    assert_eq!((failed.message_id.as_str(), failed.reason()), (message, reason));
    ticket
}

/// Waits until a ticket's only clock is in a state.
async fn clock(site: &Site, ticket: u64, state: v1::ClockState) -> v1::SlaClock {
    eventually(&format!("the clock is {state:?}"), async || {
        let mut clocks = lists::clocks(&site.clocks(1), ACME, ticket).await.ok()?;
        assert!(clocks.len() <= 1, "{clocks:?}");
        clocks.pop().filter(|clock| clock.state() == state)
    })
    .await
}
