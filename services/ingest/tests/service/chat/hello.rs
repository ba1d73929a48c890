//! Who comes in: contact tokens and resume tokens, good and bad.

use std::time::Duration;

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tandem_domain::{Clock, Role};
use tandem_proto::v1;
use tandem_service_kit::ids::SystemClock;

use super::client::{Visitor, open, text, upgrade, with_type, world_with};
use crate::harness::{ACME, CONTACT_SECRET, GLOBEX, World};

/// A contact token with these claims beside the usual ones.
fn contact(claims: &Value) -> String {
    let in_a_minute = SystemClock.now().plus(Duration::from_mins(1)).as_micros() / 1_000_000;
    let mut all = json!({"sub": "c-17", "aud": "acme/widget", "exp": in_a_minute, "name": "Ann Lee"});
    for (key, value) in claims.as_object().unwrap() {
        all[key] = value.clone();
    }
    let key = EncodingKey::from_secret(CONTACT_SECRET.as_bytes());
    encode(&Header::new(Algorithm::HS256), &all, &key).unwrap()
}

async fn says_hello(visitor: &mut Visitor, hello: Value) {
    visitor.say(&with_type("hello", hello)).await;
}

#[tokio::test]
async fn a_site_says_who_its_visitor_is() {
    let (world, _router, service) = World::started().await;
    let token = contact(&json!({"email": "Ann@customer.example"}));
    let (mut visitor, _) = Visitor::welcome(&service, json!({"contact": token})).await;
    visitor.writes("m-1", "hello").await;
    let message = world.settled(&service, ACME).await.remove(0);
    let mut client = world.caller(&service, Role::Agent, "ana").await;
    let request = v1::GetMessageRequest {
        desk: ACME.to_owned(),
        message_id: message.message_id,
        with_raw: false,
    };
    let found = client.get_message(request).await.unwrap().into_inner().message.unwrap();
    let from = found.from.unwrap();
    assert_eq!(
        (from.name.as_str(), from.address.as_str()),
        ("Ann Lee", "ann@customer.example")
    );
    service.stop().await;
}

#[tokio::test]
async fn forged_expired_and_foreign_contact_tokens_are_refused() {
    let (_world, _router, service) = World::started().await;
    let hour_ago = SystemClock.now().minus(Duration::from_hours(1)).as_micros() / 1_000_000;
    let good = contact(&json!({}));
    let mut forged = good.clone();
    forged.replace_range(good.len() - 4.., "AAAA");
    let bad = [
        forged,
        contact(&json!({"exp": hour_ago})),
        contact(&json!({"aud": "globex/widget"})),
        "nonsense".to_owned(),
    ];
    for token in bad {
        let mut visitor = Visitor::at(&service).await;
        says_hello(&mut visitor, json!({"contact": token})).await;
        visitor.is_sent_away("bad_contact", 1008).await;
    }
    service.stop().await;
}

#[tokio::test]
async fn forged_and_foreign_resume_tokens_are_refused() {
    let (_world, _router, service) = World::started().await;
    let (mut visitor, token) = Visitor::new(&service).await;
    visitor.writes("m-1", "hello").await;
    let mut forged = token.clone();
    forged.replace_range(..1, if token.starts_with('A') { "B" } else { "A" });
    for bad in [forged.as_str(), "", "nonsense", &token[1..]] {
        let mut other = Visitor::at(&service).await;
        says_hello(&mut other, json!({"resume": bad})).await;
        other.is_sent_away("bad_resume", 1008).await;
    }
    let mut elsewhere = open(service.chat, upgrade(service.chat, GLOBEX)).await.unwrap();
    says_hello(&mut elsewhere, json!({"resume": token})).await;
    elsewhere.is_sent_away("bad_resume", 1008).await;
    service.stop().await;
}

#[tokio::test]
async fn a_resume_token_is_not_good_for_another_contact() {
    let (_world, _router, service) = World::started().await;
    let ann = contact(&json!({}));
    let (mut visitor, welcome) = Visitor::welcome(&service, json!({"contact": ann})).await;
    visitor.writes("m-1", "hello").await;
    let token = text(&welcome, "resume");
    let mut eve = Visitor::at(&service).await;
    says_hello(
        &mut eve,
        json!({"contact": contact(&json!({"sub": "c-18"})), "resume": token}),
    )
    .await;
    eve.is_sent_away("bad_resume", 1008).await;
    let (_ann, again) = Visitor::welcome(&service, json!({"contact": ann, "resume": token})).await;
    assert_eq!(again["resumed"], true);
    service.stop().await;
}

#[tokio::test]
async fn a_token_that_expired_is_refused() {
    let (_world, _router, service) = world_with(&[("TANDEM_CHAT__MAX_LIFE", "300ms")]).await;
    let (mut visitor, token) = Visitor::new(&service).await;
    assert_eq!(visitor.hears("ended").await["by"], "timeout");
    let mut late = Visitor::at(&service).await;
    says_hello(&mut late, json!({"resume": token})).await;
    late.is_sent_away("bad_resume", 1008).await;
    service.stop().await;
}

#[tokio::test]
async fn a_language_that_is_none_is_refused() {
    let (_world, _router, service) = World::started().await;
    let mut visitor = Visitor::at(&service).await;
    says_hello(&mut visitor, json!({"language": "de_DE"})).await;
    visitor.is_sent_away("bad_language", 1008).await;
    service.stop().await;
}
