//! How offers end, and how many of a ticket are open at once.

use tandem_domain::routing::{DeclineReason, RevokeReason};

use super::*;

type End = fn(OfferId) -> E;

#[test]
fn an_offer_is_answered_in_time_and_by_whom_it_was_made_to() {
    let ends: [(&str, u64, End); 6] = [
        ("accepted at its end", 300, |offer| accepted(offer, "ana")),
        ("declined after its end", 301, |offer| declined(offer, "ana")),
        ("expired before its end", 299, expired),
        ("accepted by another", 1, |offer| accepted(offer, "ben")),
        ("declined by another", 1, |offer| declined(offer, "ben")),
        ("another offer revoked", 1, |_| revoked(OfferId(9))),
    ];
    for (what, seconds, end) in ends {
        let mut tale = Tale::begin();
        tale.open(T1, mail(1));
        tale.offer(1, T1, "ana");
        tale.pass(Duration::from_secs(seconds));
        tale.tell(end(OfferId(1)));
        let found = tale.findings.list.iter().map(|finding| finding.kind);
        assert_eq!(found.collect::<Vec<_>>(), [Kind::FalseAnswer], "{what}");
    }
}

#[test]
fn a_ticket_is_offered_to_as_many_at_once_as_its_queue_says_and_accepted_by_one() {
    let mut tale = Tale::begin();
    tale.change(|desk| {
        desk.queues.iter_mut().for_each(|queue| queue.offers_at_once = 2);
        desk.agents[1].languages = desk.agents[0].languages.clone();
    });
    tale.open(T1, mail(1));
    tale.offer(1, T1, "ana");
    tale.offer(2, T1, "ben");
    tale.finds(&[]);
    tale.offer(3, T1, "ana");
    tale.finds(&[Kind::TwoOwners]);
    tale.tell(revoked(OfferId(3)));
    tale.accept(2, T1, "ben");
    tale.finds(&[Kind::TwoOwners]);
}

#[test]
fn an_offer_ends_once() {
    let mut tale = Tale::begin();
    tale.open(T1, mail(1));
    tale.give(1, T1, "ana");
    tale.tell(expired(OfferId(1)));
    tale.finds(&[Kind::FalseAnswer]);
}

fn accepted(offer: OfferId, agent: &str) -> E {
    let agent = key(agent);
    E::OfferAccepted {
        offer,
        ticket: T1,
        agent,
    }
}

fn declined(offer: OfferId, agent: &str) -> E {
    E::OfferDeclined {
        offer,
        ticket: T1,
        agent: key(agent),
        reason: DeclineReason::Busy,
        until: Timestamp::EPOCH,
    }
}

fn expired(offer: OfferId) -> E {
    E::OfferExpired {
        offer,
        ticket: T1,
        agent: key("ana"),
        until: Timestamp::EPOCH,
    }
}

fn revoked(offer: OfferId) -> E {
    E::OfferRevoked {
        offer,
        ticket: T1,
        agent: key("ana"),
        reason: RevokeReason::AgentLeft,
    }
}
