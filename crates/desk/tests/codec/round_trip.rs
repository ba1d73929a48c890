//! Written and read back.

use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;
use tandem_desk::{DecodeError, Journaled, Lexicon};
use tandem_proto::v1;
use tandem_routing::RoutingCore;

use super::events::event;

proptest! {
    #[test]
    fn every_event_is_read_back_as_it_was_written(event in event()) {
        let encoded = RoutingCore::encode(&event);
        prop_assert_eq!(encoded.level, 1);
        prop_assert_eq!(RoutingCore::decode(encoded.kind, &encoded.payload), Ok(event));
    }

    #[test]
    fn what_was_read_before_changes_nothing_of_what_is_read(events in vec(event(), 1..12)) {
        let mut lexicon = Lexicon::default();
        for event in events.iter().chain(&events) {
            let encoded = RoutingCore::encode(event);
            let read = RoutingCore::read(encoded.kind, &encoded.payload, &mut lexicon);
            prop_assert_eq!(read.as_ref(), Ok(event));
        }
    }

    #[test]
    fn a_field_that_a_newer_version_added_is_ignored(event in event()) {
        let encoded = RoutingCore::encode(&event);
        let mut newer = encoded.payload.to_vec();
        // Field 1000, length-delimited, three bytes.
        newer.extend([0xc2, 0x3e, 3, b'n', b'e', b'w']);
        prop_assert_eq!(RoutingCore::decode(encoded.kind, &newer), Ok(event));
    }

    #[test]
    fn an_event_of_an_unknown_kind_is_refused(event in event(), kind in "[A-Z][a-z]{3,8}Invented") {
        let encoded = RoutingCore::encode(&event);
        let unknown = Err(DecodeError::UnknownKind(kind.clone()));
        prop_assert_eq!(RoutingCore::decode(&kind, &encoded.payload), unknown);
    }

    #[test]
    fn damaged_bytes_never_panic(event in event(), at in any::<prop::sample::Index>(), value in any::<u8>()) {
        let encoded = RoutingCore::encode(&event);
        let mut damaged = encoded.payload.to_vec();
        let at = at.index(damaged.len());
        damaged[at] = value;
        let _ = RoutingCore::decode(encoded.kind, &damaged);
        let _ = RoutingCore::decode(encoded.kind, &encoded.payload[..at]);
    }
}

#[test]
fn an_event_of_another_kind_than_its_record_says_is_damage() {
    let held = v1::RouterEvent {
        at: Some(prost_types::Timestamp::default()),
        actor: Some(v1::Actor {
            role: v1::Role::Agent.into(),
            subject: "ana".to_owned(),
        }),
        cause: Some(v1::Cause {
            kind: Some(v1::cause::Kind::Timer(v1::TimerCause {})),
        }),
        traceparent: String::new(),
        body: Some(v1::router_event::Body::TicketHeld(v1::TicketHeld { ticket_id: 1 })),
    };
    let payload = held.encode_to_vec();
    assert!(RoutingCore::decode("TicketHeld", &payload).is_ok());
    assert!(matches!(
        RoutingCore::decode("TicketDone", &payload),
        Err(DecodeError::Damaged(_))
    ));
}

#[test]
fn an_enumeration_value_of_a_newer_version_is_damage_and_not_guessed() {
    let held = v1::RouterEvent {
        at: Some(prost_types::Timestamp::default()),
        actor: Some(v1::Actor {
            role: 99,
            subject: "ana".to_owned(),
        }),
        cause: Some(v1::Cause {
            kind: Some(v1::cause::Kind::Timer(v1::TimerCause {})),
        }),
        traceparent: String::new(),
        body: Some(v1::router_event::Body::TicketHeld(v1::TicketHeld { ticket_id: 1 })),
    };
    let refused = RoutingCore::decode("TicketHeld", &held.encode_to_vec());
    assert!(
        matches!(&refused, Err(DecodeError::Damaged(why)) if why.contains("actor.role")),
        "{refused:?}"
    );
}
