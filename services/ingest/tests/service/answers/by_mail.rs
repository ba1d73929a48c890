//! Answers to mails, by a smarthost that takes them, defers, refuses, breaks off or is not there.

use tandem_desk::Desks;
use tandem_domain::Role;
use tandem_proto::v1;
use tandem_routing::RoutingCore;

use super::{by_callback, ends, fates, give, started};
use crate::harness::{ACME, Service, World, eventually};
use crate::letter::{ANN, Letter};
use crate::smarthost::{Mood, Smarthost};
use crate::smtp_client;

async fn started_with(
    smarthost: &Smarthost,
    own: &[(&str, &str)],
) -> (World, Desks<RoutingCore>, Service, v1::Message) {
    let port = smarthost.port();
    let settings = [
        ("TANDEM_SMARTHOST__HOST", "127.0.0.1"),
        ("TANDEM_SMARTHOST__PORT", port.as_str()),
        ("TANDEM_SMARTHOST__TLS", "none"),
        ("TANDEM_SMARTHOST__TIMEOUT", "5s"),
        ("TANDEM_DELIVERIES__FIRST_RETRY", "20ms"),
        ("TANDEM_DELIVERIES__LONGEST_RETRY", "50ms"),
    ];
    let (world, router, service) = started(&[&settings[..], own].concat()).await;
    let letter = Letter::new("q1@customer.example").field("Subject: Paket");
    assert_eq!(service.takes(&letter).await, 250);
    let question = world.settled(&service, ACME).await.remove(0);
    (world, router, service, question)
}

#[tokio::test]
async fn an_answer_goes_out_in_its_thread_and_what_is_answered_to_it_comes_back_to_the_ticket() {
    let smarthost = Smarthost::start(Mood::Take).await;
    let (world, router, service, question) = started_with(&smarthost, &[]).await;
    let message = give(&world, &router, &service, &question, "Es kommt morgen.\n.\nGruß").await;
    ends(&world, message, &["delivered"]).await;
    let [mail] = &smarthost.taken()[..] else {
        panic!("one answer is one mail: {:?}", smarthost.taken());
    };
    assert_eq!(mail.to, ANN);
    assert_eq!(mail.field("To").unwrap(), ANN);
    assert_eq!(mail.field("From").unwrap(), "help@acme.example");
    assert_eq!(mail.field("Subject").unwrap(), "Re: Paket");
    assert_eq!(mail.field("In-Reply-To").unwrap(), "<q1@customer.example>");
    assert_eq!(mail.field("References").unwrap(), "<q1@customer.example>");

    let reply_to = mail.field("Reply-To").unwrap();
    let thanks = Letter::new("q2@customer.example").to(&[&reply_to]);
    assert_eq!(service.takes(&thanks).await, 250);
    let messages = world.settled(&service, ACME).await;
    let tickets: Vec<u64> = messages.iter().map(|message| message.ticket_id).collect();
    assert_eq!(tickets, [1, 1, 1]);
    assert_eq!(messages[1].direction(), v1::MessageDirection::Answer);
    assert_eq!(messages[1].text, "Es kommt morgen.\n.\nGruß");

    give(&world, &router, &service, &question, "Gern geschehen.").await;
    eventually(async || smarthost.taken().len() == 2).await;
    let second = &smarthost.taken()[1];
    assert_eq!(second.field("In-Reply-To").unwrap(), "<q2@customer.example>");
}

#[tokio::test]
async fn a_deferred_answer_is_tried_until_it_is_taken_once() {
    let smarthost = Smarthost::start(Mood::Defer).await;
    let (world, router, service, question) = started_with(&smarthost, &[]).await;
    let message = give(&world, &router, &service, &question, "Es kommt morgen.").await;
    eventually(async || smarthost.asked() >= 2).await;
    let mut reader = world.caller(&service, Role::Reader, "reader").await;
    let open = v1::ListDeliveriesRequest {
        desk: ACME.to_owned(),
        ..Default::default()
    };
    let waiting = reader.list_deliveries(open).await.unwrap().into_inner().deliveries;
    assert_eq!(waiting.len(), 1);
    assert_eq!(
        (&waiting[0].message_id, waiting[0].parked_reason.as_str()),
        (&message.to_string(), "")
    );
    smarthost.is(Mood::HangUp);
    let before = smarthost.asked();
    eventually(async || smarthost.asked() > before).await;
    assert_eq!(fates(&world, message).await, [""; 0]);
    smarthost.is(Mood::Take);
    ends(&world, message, &["delivered"]).await;
    assert_eq!(smarthost.taken().len(), 1);
}

#[tokio::test]
async fn what_waits_for_the_smarthost_is_listed_and_retried_beside_what_waits_for_others() {
    let smarthost = Smarthost::start(Mood::Defer).await;
    let pace = [
        ("TANDEM_DELIVERIES__FIRST_RETRY", "1h"),
        ("TANDEM_DELIVERIES__LONGEST_RETRY", "1h"),
    ];
    let (world, router, service, question) = started_with(&smarthost, &pace).await;
    let mut expected = vec![give(&world, &router, &service, &question, "One.").await];
    let submitted = by_callback::question(&world, &service).await;
    expected.push(give(&world, &router, &service, &submitted, "Two.").await);
    expected.push(give(&world, &router, &service, &question, "Three.").await);
    eventually(async || smarthost.asked() == 2).await;
    let mut boss = world.caller(&service, Role::Supervisor, "boss").await;
    let mut asked = v1::ListDeliveriesRequest {
        desk: ACME.to_owned(),
        page_size: 1,
        ..Default::default()
    };
    let mut listed = Vec::new();
    loop {
        let found = boss.list_deliveries(asked.clone()).await.unwrap().into_inner();
        listed.extend(found.deliveries.into_iter().map(|delivery| delivery.message_id));
        asked.page_token = found.next_page_token;
        if asked.page_token.is_empty() {
            break;
        }
    }
    let expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
    assert_eq!(listed, expected);

    let retry = v1::RetryDeliveryRequest {
        desk: ACME.to_owned(),
        request_id: "one".to_owned(),
        message_id: expected[2].clone(),
    };
    // One that is being worked on is let be, so it is asked for until it is tried again.
    eventually(async || {
        let again = boss.retry_delivery(retry.clone()).await.unwrap().into_inner();
        assert!(again.retried);
        smarthost.asked() > 2
    })
    .await;
}

#[tokio::test]
async fn what_waits_for_the_smarthost_survives_a_restart() {
    let smarthost = Smarthost::start(Mood::Defer).await;
    let (world, router, service, question) = started_with(&smarthost, &[]).await;
    let message = give(&world, &router, &service, &question, "Es kommt morgen.").await;
    eventually(async || smarthost.asked() >= 1).await;
    service.stop().await;
    smarthost.is(Mood::Take);
    let port = smarthost.port();
    let config = world.config_with(&[
        ("TANDEM_SMARTHOST__HOST", "127.0.0.1"),
        ("TANDEM_SMARTHOST__PORT", port.as_str()),
        ("TANDEM_SMARTHOST__TLS", "none"),
    ]);
    let _service = world.ingest_of(world.bus.clone(), config).await;
    ends(&world, message, &["delivered"]).await;
    assert_eq!(smarthost.taken().len(), 1);
}

#[tokio::test]
async fn a_refused_answer_is_not_tried_again_and_the_ticket_is_told() {
    let smarthost = Smarthost::start(Mood::Refuse).await;
    let (world, router, service, question) = started_with(&smarthost, &[]).await;
    let message = give(&world, &router, &service, &question, "Es kommt morgen.").await;
    ends(&world, message, &["refused"]).await;
    assert_eq!(smarthost.asked(), 1);
}

#[tokio::test]
async fn an_answer_that_is_too_old_is_given_up() {
    let smarthost = Smarthost::start(Mood::Defer).await;
    let soon = [("TANDEM_DELIVERIES__GIVE_UP_AFTER", "1ms")];
    let (world, router, service, question) = started_with(&smarthost, &soon).await;
    let message = give(&world, &router, &service, &question, "Es kommt morgen.").await;
    ends(&world, message, &["expired"]).await;
}

#[tokio::test]
async fn without_a_smarthost_the_ticket_is_told_at_once() {
    let (world, router, service) = started(&[]).await;
    assert_eq!(service.takes(&Letter::new("m1")).await, 250);
    let question = world.settled(&service, ACME).await.remove(0);
    let message = give(&world, &router, &service, &question, "Es kommt morgen.").await;
    ends(&world, message, &["no_address"]).await;
}

/// A report as mail servers write it, in answer to a mail of ours.
fn report(to: &str, action: &str, returned: &str) -> Letter {
    let body = format!(
        "--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n\
         Final-Recipient: rfc822; {ANN}\r\nAction: {action}\r\nStatus: 5.1.1\r\n\r\n\
         --b\r\nContent-Type: text/rfc822-headers\r\n\r\n{returned}\r\n--b--\r\n"
    );
    Letter::new(&format!("{action}@mx.example"))
        .from("mailer-daemon@mx.example")
        .to(&[to])
        .unanswerable()
        .field("MIME-Version: 1.0")
        .field("Content-Type: multipart/report; report-type=delivery-status; boundary=b")
        .says(&body)
}

#[tokio::test]
async fn a_bounce_is_told_to_the_ticket_and_listed_on_it() {
    let smarthost = Smarthost::start(Mood::Take).await;
    let (world, router, service, question) = started_with(&smarthost, &[]).await;
    let message = give(&world, &router, &service, &question, "Es kommt morgen.").await;
    ends(&world, message, &["delivered"]).await;
    let return_path = smarthost.taken()[0].from.clone();
    let takes = async |letter: Letter| {
        let raw = letter.raw_by("mx.example");
        smtp_client::send_raw(service.smtp, &letter, &raw).await
    };
    assert_eq!(takes(report(&return_path, "delayed", "Subject: x")).await, 250);
    assert_eq!(takes(report(&return_path, "failed", "Subject: x")).await, 250);
    ends(&world, message, &["delivered", "bounced"]).await;
    let messages = world.settled(&service, ACME).await;
    let tickets: Vec<u64> = messages.iter().map(|message| message.ticket_id).collect();
    assert_eq!(tickets, [1, 1, 1, 1], "{messages:?}");
    assert_eq!(world.opened(ACME).await.len(), 1);
}

#[tokio::test]
async fn a_bounce_that_names_only_our_message_id_counts_and_a_forged_one_does_not() {
    let smarthost = Smarthost::start(Mood::Take).await;
    let (world, router, service, question) = started_with(&smarthost, &[]).await;
    let message = give(&world, &router, &service, &question, "Es kommt morgen.").await;
    ends(&world, message, &["delivered"]).await;
    let id = smarthost.taken()[0].field("Message-ID").unwrap();
    let (seal, domain) = id.rsplit_once('@').unwrap();
    let forged = format!("{}@{domain}", &seal[..seal.len() - 1]);
    for returned in [forged, id] {
        let letter = report("help@acme.example", "failed", &format!("Message-ID: {returned}"));
        let raw = letter.raw_by("mx.example");
        assert_eq!(smtp_client::send_raw(service.smtp, &letter, &raw).await, 250);
        world.settled(&service, ACME).await;
    }
    ends(&world, message, &["delivered", "bounced"]).await;
}

#[tokio::test]
async fn an_out_of_office_note_at_the_return_path_is_no_bounce_and_nobody_answers_it() {
    let smarthost = Smarthost::start(Mood::Take).await;
    let (world, router, service, question) = started_with(&smarthost, &[]).await;
    let message = give(&world, &router, &service, &question, "Es kommt morgen.").await;
    ends(&world, message, &["delivered"]).await;
    let note = Letter::new("away@customer.example")
        .to(&[&smarthost.taken()[0].from])
        .unanswerable()
        .field("Auto-Submitted: auto-replied")
        .answers("q1@customer.example");
    assert_eq!(service.takes(&note).await, 250);
    assert_eq!(world.settled(&service, ACME).await.len(), 3);
    let again = give(&world, &router, &service, &question, "Noch etwas.").await;
    ends(&world, again, &["delivered"]).await;
    let second = &smarthost.taken()[1];
    assert_eq!(second.field("In-Reply-To").unwrap(), "<q1@customer.example>");
    assert_eq!(fates(&world, message).await, ["delivered"]);
}
