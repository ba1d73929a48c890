//! What is made of a mail: whose it is to answer, in which language, and whether anybody's at all.

use std::time::Duration;

use tandem_domain::routing::{Intake, RoutingEvent};
use tandem_domain::{Priority, SkillLevel};
use tandem_ingest::mail::MailSecret;
use tandem_proto::v1;
use tandem_store::DocumentStore;
use uuid::Uuid;

use crate::harness::{ACME, SECRET, Service, World, desk_file_with, eventually, key};
use crate::letter::{ANN, Letter};

const HOUR: Duration = Duration::from_hours(1);

const RULES: &str = r#"
rules:
  - name: advertising
    when: message.subject.contains("casino")
    then: {unrouted: spam}
    stop: true
  - name: invoices
    when: message.subject.contains("invoice")
    then: {queue: second, priority: high, skills: {billing: 2}, tags: [money], language: fr, tandem: north}
  - name: reminders
    when: message.subject.contains("last reminder") && message.from == "ann@customer.example"
    then: {priority: urgent, skills: {billing: 3}, tags: [reminder]}
  - name: undecidable
    when: 1 / (message.size - message.size) == 1
    then: {tags: [never]}
"#;

async fn with_rules() -> (World, tandem_desk::Desks<tandem_routing::RoutingCore>, Service) {
    let (world, router, service) = World::started().await;
    // The other address shows when the rules are in force.
    let text = desk_file_with(ACME, "support", RULES);
    world.apply(&router, ACME, &text).await;
    service.knows(&["support@acme.example"]).await;
    (world, router, service)
}

/// A letter to the desk with rules.
fn letter(id: &str) -> Letter {
    Letter::new(id).to(&["support@acme.example"])
}

/// Sends mails and gives the desk's messages.
async fn messages(world: &World, service: &Service, letters: &[Letter]) -> Vec<v1::Message> {
    for letter in letters {
        assert_eq!(service.takes(letter).await, 250);
        // One after the other, so that each finds what the others left.
        world.settled(service, ACME).await;
    }
    world.settled(service, ACME).await
}

async fn intake(world: &World, service: &Service, letter: Letter) -> Intake {
    messages(world, service, &[letter]).await;
    world.opened(ACME).await.remove(0)
}

#[tokio::test]
async fn an_automatic_mail_joins_an_open_conversation() {
    let (world, _router, service) = World::started().await;
    let answer = Letter::new("m2")
        .answers("m1")
        .field("Auto-Submitted: auto-replied")
        .unanswerable();
    let messages = messages(&world, &service, &[Letter::new("m1"), answer]).await;
    assert_eq!((messages[0].ticket_id, messages[1].ticket_id), (1, 1));
    let events = world.events(ACME).await;
    let joined = |body: &RoutingEvent| matches!(body, RoutingEvent::MessageAdded { automatic: true, .. });
    assert!(events.iter().any(|event| joined(&event.body)));
}

#[tokio::test]
async fn machines_mail_of_no_conversation_is_unrouted_with_its_reason() {
    let (world, _router, service) = World::started().await;
    let bounce = Letter::new("m3")
        .from("MAILER-DAEMON@customer.example")
        .field("Subject: Undelivered Mail Returned to Sender")
        .unanswerable();
    let letters = [
        Letter::new("m1").field("Auto-Submitted: auto-generated"),
        Letter::new("m2").field("Precedence: bulk"),
        bounce,
        Letter::new("m4").answers("m1"),
    ];
    let messages = messages(&world, &service, &letters).await;
    let reasons: Vec<_> = messages
        .iter()
        .map(|message| message.unrouted_reason.as_str())
        .collect();
    assert_eq!(reasons, ["automatic", "automatic", "bounce", ""]);
    assert_eq!(world.opened(ACME).await.len(), 1, "who writes about it opens a ticket");
    let known = messages.iter().filter(|message| !message.conversation_id.is_empty());
    assert_eq!(known.count(), 1, "what is unrouted begins no conversation");
}

#[tokio::test]
async fn a_bounce_of_our_answer_joins_the_conversation_and_our_answer_itself_is_a_loop() {
    let (world, _router, service) = World::started().await;
    let first = messages(&world, &service, &[Letter::new("m1")]).await.remove(0);
    let (secret, desk) = (MailSecret::new(SECRET), key(ACME));
    let conversation = tandem_domain::ConversationId(first.conversation_id.parse().unwrap());
    let token = secret.token(&desk, conversation, ANN);
    let ours = secret.message_id(&desk, &token, Uuid::from_u128(1), "acme.example");
    let bounce = Letter::new("m2")
        .from("MAILER-DAEMON@customer.example")
        .answers(&ours)
        .unanswerable();
    let messages = messages(
        &world,
        &service,
        &[bounce, Letter::new(&ours).from("help@acme.example")],
    )
    .await;
    assert_eq!((messages[1].ticket_id, messages[1].unrouted_reason.as_str()), (1, ""));
    assert_eq!(
        (messages[2].ticket_id, messages[2].unrouted_reason.as_str()),
        (0, "loop")
    );
}

#[tokio::test]
async fn a_rules_verdict_unrouted_wins_even_inside_a_conversation() {
    let (world, _router, service) = with_rules().await;
    let letters = [
        letter("m1").field("Subject: Hello"),
        letter("m2").answers("m1").field("Subject: casino"),
        letter("m3")
            .field("Subject: casino")
            .field("Auto-Submitted: auto-generated"),
        letter("m4").answers("m2").says("Gehört das zu dem Brief davor?"),
    ];
    let messages = messages(&world, &service, &letters).await;
    let reasons: Vec<_> = messages
        .iter()
        .map(|message| message.unrouted_reason.as_str())
        .collect();
    assert_eq!(reasons, ["", "spam", "spam", ""]);
    assert_eq!(messages[1].rules, ["advertising"]);
    assert_ne!(
        messages[3].ticket_id, messages[0].ticket_id,
        "the verdict's mail leads nowhere"
    );
}

#[tokio::test]
async fn rules_decide_on_queue_priority_skills_tags_and_language() {
    let (world, _router, service) = with_rules().await;
    let intake = intake(&world, &service, letter("m1").field("Subject: invoice, last reminder")).await;
    assert_eq!(intake.queue, key("second"));
    assert_eq!(intake.priority, Priority::Urgent);
    assert_eq!(intake.tandem, Some(key("north")));
    let skills: Vec<_> = intake.skills.into_iter().collect();
    assert_eq!(skills, [(key("billing"), SkillLevel::try_from(3).unwrap())]);
    let tags: Vec<_> = intake.tags.iter().map(ToString::to_string).collect();
    assert_eq!(tags, ["money", "reminder"]);
    assert_eq!(intake.language, Some(key("fr")));
    let message = world.settled(&service, ACME).await.remove(0);
    assert_eq!(message.rules, ["invoices", "reminders"]);
    assert_eq!((message.language.as_str(), message.language_confidence), ("fr", 1.0));
}

#[tokio::test]
async fn a_customer_is_known_again_by_the_address_and_nothing_of_it_leaves_ingest() {
    let (world, _router, service) = World::started().await;
    let letters = [
        Letter::new("m1"),
        Letter::new("m2").from(&ANN.to_uppercase()),
        Letter::new("m3").from("eve@customer.example"),
    ];
    messages(&world, &service, &letters).await;
    let customers: Vec<_> = world.opened(ACME).await.iter().map(|intake| intake.customer).collect();
    assert!(customers[0].is_some());
    assert_eq!(customers[0], customers[1]);
    assert_ne!(customers[0], customers[2]);
    let told = format!("{:?}", world.events(ACME).await).to_lowercase();
    assert!(!told.contains("customer.example"));
}

#[tokio::test]
async fn without_rules_the_account_decides_and_the_priority_is_normal() {
    let (world, _router, service) = with_rules().await;
    let intake = intake(&world, &service, letter("m1").to(&["sales@acme.example"])).await;
    assert_eq!((intake.queue, intake.priority), (key("second"), Priority::Normal));
    assert!(intake.skills.is_empty() && intake.tags.is_empty());
}

#[tokio::test]
async fn a_language_below_the_desks_threshold_is_left_to_the_desks_default() {
    let (world, router, service) = World::started().await;
    let strict = desk_file_with(ACME, "support", "").replace("language_threshold: 0.7", "language_threshold: 1.0");
    world.apply(&router, ACME, &strict).await;
    service.knows(&["support@acme.example"]).await;
    let intake = intake(&world, &service, letter("m1").says("ok")).await;
    assert_eq!(intake.language, None);
    let message = world.settled(&service, ACME).await.remove(0);
    assert!(
        !message.language.is_empty() && message.language_confidence < 1.0,
        "{message:?}"
    );
    let ticket = world.events(ACME).await.into_iter().find_map(|event| match event.body {
        RoutingEvent::TicketOpened { requirement, .. } => Some(requirement),
        _ => None,
    });
    let (language, _) = ticket.unwrap().language.clone().unwrap();
    assert_eq!(language, key("en"), "the desk's default");
}

#[tokio::test]
async fn a_mail_without_words_has_no_language() {
    let (world, _router, service) = World::started().await;
    let intake = intake(&world, &service, Letter::new("m1").says("12345 :-)")).await;
    assert_eq!(intake.language, None);
}

#[tokio::test]
async fn an_automatic_mail_that_overtakes_the_first_mail_is_listed_and_the_first_one_opens_the_ticket() {
    let (world, router, service) = World::started().await;
    router.shutdown().await;
    assert_eq!(service.takes(&Letter::new("m1")).await, 250);
    // Another replica has the first one in its hands, and dies with it.
    eventually(async || !world.store.claim(1, HOUR).await.unwrap().is_empty()).await;
    let _router = world.router();
    let answer = Letter::new("m2")
        .answers("m1")
        .field("Auto-Submitted: auto-replied")
        .unanswerable();
    assert_eq!(service.takes(&answer).await, 250);
    let unrouted = async || world.store.unrouted(&key(ACME), None, 10).await.unwrap();
    eventually(async || !unrouted().await.is_empty()).await;
    world.store.clock().advance(HOUR);
    let messages = world.settled(&service, ACME).await;
    assert_eq!((messages[0].ticket_id, messages[1].ticket_id), (1, 0));
    assert_eq!(messages[1].unrouted_reason, "no_open_ticket");
    assert_eq!(messages[0].conversation_id, messages[1].conversation_id);
}
