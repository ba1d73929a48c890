//! How the bus is set up and ended.

use std::time::Duration;

use futures::StreamExt;
use tandem_bus::conformance::{event, next, publish, within};
use tandem_bus::nats::{NatsBus, NatsConfig, NatsTls, STREAM, Weakness};
use tandem_bus::{Bus, BusError, Headers};
use tandem_test_support::nats::Nats;

use super::{config, connect, start};

const WITH_PASSWORD: &str = "authorization { user: tandem, password: \"s3cret\" }";

#[tokio::test]
async fn user_and_password_come_from_the_address() {
    let Some(nats) = Nats::start_with(WITH_PASSWORD).await else {
        return;
    };
    let bus = connect(&format!("nats://tandem:s3cret@127.0.0.1:{}", nats.port())).await;
    publish(&bus, 0..1).await;
}

#[tokio::test]
async fn a_wrong_password_leaves_the_bus_unavailable() {
    let Some(nats) = Nats::start_with(WITH_PASSWORD).await else {
        return;
    };
    let bus = connect(&format!("nats://tandem:wrong@127.0.0.1:{}", nats.port())).await;
    assert!(!bus.is_connected());
    assert!(matches!(bus.publish(event("0")).await, Err(BusError::Unavailable(_))));
}

#[tokio::test]
async fn with_tls_only_a_server_of_a_trusted_authority_is_talked_to() {
    let directory = tempfile::tempdir().unwrap();
    let server = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let (certificate, key) = (directory.path().join("server.pem"), directory.path().join("server.key"));
    std::fs::write(&certificate, server.cert.pem()).unwrap();
    std::fs::write(&key, server.signing_key.serialize_pem()).unwrap();
    let settings = format!("tls {{ cert_file: {certificate:?}, key_file: {key:?} }}");
    let Some(nats) = Nats::start_with(&settings).await else {
        return;
    };

    let trusting = Some(NatsTls {
        ca_file: Some(certificate),
        identity: None,
    });
    let bus = NatsBus::connect(NatsConfig {
        tls: trusting,
        ..config(&nats.url())
    })
    .await
    .unwrap();
    publish(&bus, 0..1).await;
    let unknowing = Some(NatsTls {
        ca_file: None,
        identity: None,
    });
    let bus = NatsBus::connect(NatsConfig {
        tls: unknowing,
        ..config(&nats.url())
    })
    .await
    .unwrap();
    assert!(!bus.is_connected());
}

#[tokio::test]
async fn an_address_or_file_that_makes_no_sense_is_refused() {
    let address = NatsBus::connect(NatsConfig::new("nats://user:secret@:::"))
        .await
        .err()
        .expect("refused");
    assert!(!address.to_string().contains("secret"));
    let credentials_file = Some("/nowhere/tandem.creds".into());
    let file = NatsBus::connect(NatsConfig {
        credentials_file,
        ..NatsConfig::new("nats://127.0.0.1:1")
    })
    .await;
    assert!(
        file.err()
            .expect("refused")
            .to_string()
            .contains("/nowhere/tandem.creds")
    );
}

#[tokio::test]
async fn a_stream_with_other_settings_is_changed_to_ours() {
    let Some(nats) = Nats::start().await else { return };
    let context = async_nats::jetstream::new(async_nats::connect(nats.url()).await.unwrap());
    let other = async_nats::jetstream::stream::Config {
        name: STREAM.to_owned(),
        subjects: vec!["tandem.events.acme.>".to_owned()],
        ..Default::default()
    };
    context.create_stream(other).await.unwrap();
    let bus = connect(&nats.url()).await;
    let mut of_other_desk = event("0");
    of_other_desk.subject = "tandem.events.other.Created".to_owned();
    bus.publish(of_other_desk).await.unwrap();
    let stream = context.get_stream(STREAM).await.unwrap();
    let settings = &stream.cached_info().config;
    assert_eq!(settings.discard, async_nats::jetstream::stream::DiscardPolicy::New);
    assert_eq!(settings.max_age, Duration::from_hours(7 * 24));
}

#[tokio::test]
async fn a_server_that_may_lose_events_is_found_out() {
    let Some(nats) = Nats::start().await else { return };
    let asking = NatsConfig {
        monitor: Some(nats.monitor()),
        ..config(&nats.url())
    };
    let bus = NatsBus::connect(asking).await.unwrap();
    assert_eq!(
        bus.weaknesses().await,
        Ok(vec![Weakness::OneReplica, Weakness::SyncedLater])
    );
    let not_asking = connect(&nats.url()).await;
    let weaknesses = not_asking.weaknesses().await.unwrap();
    assert!(
        matches!(weaknesses[..], [Weakness::OneReplica, Weakness::SyncUnknown(_)]),
        "{weaknesses:?}"
    );
}

#[tokio::test]
async fn a_full_stream_refuses_new_events_and_keeps_the_old() {
    let Some(nats) = Nats::start().await else { return };
    let small = NatsConfig {
        max_bytes: Some(4_000),
        ..config(&nats.url())
    };
    let bus = NatsBus::connect(small).await.unwrap();
    let mut events = bus.events("one", "tandem.events.>").await.unwrap();
    let mut published = 0_u32;
    let refusal = loop {
        let mut event = event(&published.to_string());
        event.payload = vec![0; 500].into();
        match bus.publish(event).await {
            Ok(()) => published += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(refusal, BusError::Unavailable(_)), "{refusal}");
    assert!(published > 1);
    assert_eq!(next(&mut events).await.id, "0");
}

#[tokio::test]
async fn closing_sends_what_is_to_be_sent_and_ends_all_streams() {
    let Some((bus, nats)) = start().await else { return };
    let asker = connect(&nats.url()).await;
    let mut requests = bus.serve("tandem.cmd.router.acme").await.unwrap();
    let mut events = bus.events("one", "tandem.events.>").await.unwrap();
    let mut hints = bus.hints("tandem.hint.>").await.unwrap();
    // The other connection's server may not know of ours yet.
    let asking = async {
        loop {
            let reply = asker
                .request(
                    "tandem.cmd.router.acme",
                    Headers::new(),
                    "".into(),
                    Duration::from_secs(20),
                )
                .await;
            if !matches!(reply, Err(BusError::NoResponder(_))) {
                return reply;
            }
        }
    };
    let answering = async {
        next(&mut requests).await.reply("answer".into());
        tokio::task::yield_now().await;
        bus.close().await;
    };
    let (answer, ()) = futures::join!(within(asking), within(answering));
    assert_eq!(answer, Ok("answer".into()));
    assert!(within(requests.next()).await.is_none());
    assert!(within(events.next()).await.is_none());
    assert!(within(hints.next()).await.is_none());
    assert!(matches!(bus.publish(event("0")).await, Err(BusError::Unavailable(_))));
}
