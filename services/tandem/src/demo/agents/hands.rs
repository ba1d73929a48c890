//! What an agent has in hand, and when the next thing is done.

use std::ops::Range;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tandem_proto::v1;
use tokio::time::Instant;

/// How long a mail takes an agent, in life.
const WORK: Range<f64> = 60.0..180.0;
/// How long an agent looks at an offer before answering it, or writes a line in a chat, in life.
const LOOK: Range<f64> = 5.0..40.0;

/// Something that the agent will do.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Plan {
    /// Accept or decline an offer.
    Decide(u64),
    /// Answer a mail, which settles it.
    Reply {
        ticket: u64,
        language: String,
    },
    /// Say something first in a chat.
    Greet {
        ticket: u64,
        language: String,
    },
    /// Say something last in a chat.
    Farewell {
        ticket: u64,
        language: String,
    },
    Finish(u64),
}

/// The plans.
pub(super) struct Hands {
    pub(super) rng: StdRng,
    speed: f64,
    plans: Vec<(Instant, Plan)>,
    /// Plans that were carried out, while what they rest on has not changed.
    done: Vec<Plan>,
}

impl Hands {
    pub(super) fn new(seed: u64, times: f64) -> Self {
        Self {
            rng: StdRng::seed_from_u64(seed),
            speed: times,
            plans: Vec::new(),
            done: Vec::new(),
        }
    }

    /// Plans what is new on the list, and drops what is not on it any more.
    pub(super) fn look_at(&mut self, list: &v1::WorkList) {
        let wanted: Vec<_> = list.tickets.iter().filter_map(plan).collect();
        self.plans.retain(|(_, plan)| wanted.contains(plan));
        self.done.retain(|plan| wanted.contains(plan));
        for plan in wanted {
            if !self.done.contains(&plan) && !self.plans.iter().any(|(_, known)| *known == plan) {
                let seconds = self.rng.random_range(effort(&plan)) / self.speed;
                self.plans
                    .push((Instant::now() + Duration::from_secs_f64(seconds), plan));
            }
        }
    }

    /// The next plan, when its time has come.
    pub(super) async fn next(&mut self) -> Plan {
        let first = self.plans.iter().enumerate().min_by_key(|(_, (due, _))| *due);
        let Some((index, (due, _))) = first else {
            return std::future::pending().await;
        };
        tokio::time::sleep_until(*due).await;
        let (_, plan) = self.plans.swap_remove(index);
        self.done.push(plan.clone());
        plan
    }
}

fn effort(plan: &Plan) -> Range<f64> {
    match plan {
        Plan::Reply { .. } => WORK,
        Plan::Decide(_) | Plan::Greet { .. } | Plan::Farewell { .. } | Plan::Finish(_) => LOOK,
    }
}

/// What a ticket asks of its agent now.
fn plan(ticket: &v1::Ticket) -> Option<Plan> {
    let needs = ticket.requirement.clone().unwrap_or_default();
    let (is_chat, id) = (needs.channel() == v1::Channel::Chat, ticket.ticket_id);
    let language = needs.language.map(|level| level.language).unwrap_or_default();
    match (ticket.state(), &ticket.offer) {
        (v1::RoutingState::Offered, Some(offer)) => Some(Plan::Decide(offer.offer_id)),
        (v1::RoutingState::WrappingUp, _) => Some(Plan::Finish(id)),
        (v1::RoutingState::Assigned, _) if !is_chat => Some(Plan::Reply { ticket: id, language }),
        (v1::RoutingState::Assigned, _) => {
            // Between the visitor's lines there is nothing to say.
            ticket.waiting_since?;
            Some(match ticket.answered_at {
                None => Plan::Greet { ticket: id, language },
                Some(_) => Plan::Farewell { ticket: id, language },
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chat(waits: bool, answered: bool) -> v1::Ticket {
        v1::Ticket {
            ticket_id: 7,
            state: v1::RoutingState::Assigned.into(),
            requirement: Some(v1::Requirement {
                channel: v1::Channel::Chat.into(),
                ..v1::Requirement::default()
            }),
            waiting_since: waits.then(prost_types::Timestamp::default),
            answered_at: answered.then(prost_types::Timestamp::default),
            ..v1::Ticket::default()
        }
    }

    #[test]
    fn a_chat_is_greeted_then_waited_for_then_ended() {
        let (ticket, language) = (7, String::new());
        assert_eq!(
            plan(&chat(true, false)),
            Some(Plan::Greet {
                ticket,
                language: language.clone()
            })
        );
        assert_eq!(plan(&chat(false, true)), None);
        assert_eq!(plan(&chat(true, true)), Some(Plan::Farewell { ticket, language }));
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_done_is_not_done_again_while_the_list_is_the_same() {
        let mut hands = Hands::new(1, 60.0);
        let list = v1::WorkList {
            tickets: vec![chat(true, false)],
            ..v1::WorkList::default()
        };
        hands.look_at(&list);
        hands.next().await;
        hands.look_at(&list);
        assert!(hands.plans.is_empty());
        hands.look_at(&v1::WorkList::default());
        hands.look_at(&list);
        assert_eq!(hands.plans.len(), 1);
    }
}
