//! Customers write, agents work, everything goes wrong; the router's promises hold.

mod desk_file;
mod lists;
mod oracle;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use rand::RngExt;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tandem_desk::{DeskError, RequestMark, Submission};
use tandem_domain::routing::{AfterAnswer, Answer, Command, DeclineReason, Query, Reply, TicketView, TransferTarget};
use tandem_domain::{Actor, AgentId, DeskId, MessageId, OfferId, Presence, RoutingState, TicketId, Trace};
use tandem_routing::RoutingCore;
use tokio::time::sleep;
use uuid::Uuid;

use super::cluster::{Cluster, DESKS, Workload};
use super::sometimes::Sometimes;
use crate::support::{agent, desk};
use desk_file::{AGENTS, compiled, intake};

const MESSAGES_PER_CUSTOMER: u64 = 20;
const CUSTOMERS: usize = 3;

pub(crate) struct Routers {
    cluster: Arc<Cluster<RoutingCore>>,
    /// On which ticket each acknowledged message is, per desk.
    acknowledged: Mutex<BTreeMap<DeskId, BTreeMap<MessageId, TicketId>>>,
    finished: BTreeMap<DeskId, AtomicUsize>,
}

#[async_trait(?Send)]
impl Workload for Routers {
    type Core = RoutingCore;

    const ALSO: &'static [&'static str] = &["waiting ticket explained", "list of open and ended tickets"];

    async fn start(cluster: Arc<Cluster<RoutingCore>>, seed: u64) -> Self {
        let (mut rng, sometimes) = (StdRng::seed_from_u64(seed), Sometimes::default());
        for name in DESKS {
            let activate = submission(
                "activate",
                Actor::service("test"),
                Command::Activate(Box::new(compiled())),
            );
            cluster
                .insist(&desk(name), activate, &mut rng, &sometimes)
                .await
                .unwrap();
        }
        let finished = DESKS.map(|name| (desk(name), AtomicUsize::new(0))).into();
        Self {
            cluster,
            acknowledged: Mutex::default(),
            finished,
        }
    }

    async fn client(self: Arc<Self>, desk: DeskId, number: u64, mut rng: StdRng, sometimes: &Sometimes) {
        if number % 4 < CUSTOMERS as u64 {
            self.customer(&desk, number, &mut rng, sometimes).await;
            self.finished[&desk].fetch_add(1, Ordering::Relaxed);
        } else {
            self.team(&desk, &mut rng, sometimes).await;
        }
    }

    async fn check(&self) {
        let mut seen = BTreeSet::new();
        for name in DESKS {
            let journal = self.cluster.journal(name).await;
            let told = oracle::check(name, &journal, &compiled());
            let acknowledged = self
                .acknowledged
                .lock()
                .unwrap()
                .get(&desk(name))
                .cloned()
                .unwrap_or_default();
            assert_eq!(
                acknowledged.len() as u64,
                CUSTOMERS as u64 * MESSAGES_PER_CUSTOMER,
                "{name}"
            );
            for (message, ticket) in &acknowledged {
                assert_eq!(
                    told.messages.get(message),
                    Some(ticket),
                    "{name}: {message} is not where it was said to be"
                );
            }
            assert_eq!(
                told.messages.len(),
                acknowledged.len(),
                "{name}: messages that nobody sent"
            );
            assert!(
                told.messages.keys().all(|message| seen.insert(*message)),
                "{name}: messages of another desk"
            );
            assert_eq!(told.open, BTreeSet::new(), "{name}: a ticket starved");
            self.readers_agree(name, told.tickets).await;
        }
    }
}

fn submission(id: &str, actor: Actor, command: Command) -> Submission<Command> {
    let request = RequestMark {
        method: "Test".to_owned(),
        id: id.to_owned(),
        forever: true,
    };
    Submission {
        command,
        actor,
        request,
        rows: Vec::new(),
        trace: Trace::default(),
    }
}

impl Routers {
    async fn customer(&self, desk: &DeskId, number: u64, rng: &mut StdRng, sometimes: &Sometimes) {
        let mut conversation = Uuid::from_u128(rng.random());
        for n in 0..MESSAGES_PER_CUSTOMER {
            if rng.random_bool(0.7) {
                conversation = Uuid::from_u128(rng.random());
            }
            let message = MessageId(Uuid::from_u128(u128::from(number * 1000 + n)));
            let command = Command::Intake(Box::new(intake(message, conversation, rng)));
            let submission = submission(&message.to_string(), Actor::service("ingest"), command);
            let reply = self.cluster.insist(desk, submission, rng, sometimes).await.unwrap();
            let Reply::OnTicket { ticket, .. } = reply else {
                panic!("{reply:?}")
            };
            self.acknowledged
                .lock()
                .unwrap()
                .entry(desk.clone())
                .or_default()
                .insert(message, ticket);
            self.write_nonsense(desk, rng, n).await;
            self.explain(desk, ticket, rng, sometimes).await;
            sleep(Duration::from_millis(rng.random_range(0..5000))).await;
        }
    }

    /// Bad input is refused with a clear error, or not answered because of the trouble; never anything else.
    async fn write_nonsense(&self, desk: &DeskId, rng: &mut StdRng, n: u64) {
        let Some(desks) = self.cluster.any(rng) else { return };
        let nobody: AgentId = agent("nobody");
        let command = match n % 3 {
            0 => Command::Hold {
                ticket: TicketId(999_999),
            },
            1 => Command::Accept {
                agent: agent(AGENTS[0]),
                offer: OfferId(999_999),
            },
            _ => Command::SetPresence {
                agent: nobody,
                presence: Presence::Online,
            },
        };
        let id = format!("nonsense-{}", rng.random::<u64>());
        let outcome = desks
            .submit(desk, submission(&id, Actor::service("test"), command))
            .await;
        let refused = matches!(outcome, Err(DeskError::Rejected(_)));
        assert!(
            refused || outcome.as_ref().is_err_and(|error| error.code().is_retryable()),
            "{outcome:?}"
        );
    }

    /// Never 4: after the commands at hand, no ticket waits beside an agent who could have it.
    async fn explain(&self, desk: &DeskId, ticket: TicketId, rng: &mut StdRng, sometimes: &Sometimes) {
        let Some(desks) = self.cluster.any(rng) else { return };
        let Ok(Answer::Explain(Some(why))) = desks.query(desk, Query::Explain(ticket)).await else {
            return;
        };
        if why.ticket.state == RoutingState::Queued {
            sometimes.hit("waiting ticket explained");
            let idle = why.candidates.iter().find(|candidate| candidate.lacks.is_empty());
            assert!(idle.is_none(), "{desk}: {ticket} waits beside {idle:?}");
        }
    }

    /// All agents of a desk, until there is nothing left to do.
    async fn team(&self, desk: &DeskId, rng: &mut StdRng, sometimes: &Sometimes) {
        while !self.is_done(desk).await {
            for name in AGENTS {
                self.work(desk, name, rng, sometimes).await;
            }
            lists::look(&self.cluster, desk, rng, sometimes).await;
            sleep(Duration::from_millis(rng.random_range(50..1500))).await;
        }
    }

    async fn is_done(&self, desk: &DeskId) -> bool {
        let customers_done = self.finished[desk].load(Ordering::Relaxed) == CUSTOMERS;
        customers_done && oracle::open_tickets(&self.cluster.journal(desk.as_str()).await).is_empty()
    }

    async fn work(&self, desk: &DeskId, name: &str, rng: &mut StdRng, sometimes: &Sometimes) {
        let me = agent(name);
        let Some(desks) = self.cluster.any(rng) else { return };
        let _ = desks.touch(desk, vec![me.clone()]).await;
        let Ok(Answer::WorkList(Some(list))) = desks.query(desk, Query::WorkList(me.clone())).await else {
            return;
        };
        sometimes.hit("read answered during trouble");
        let presence = if rng.random_bool(0.05) {
            Presence::Away
        } else {
            Presence::Online
        };
        if list.agent.presence != presence {
            self.act(
                desk,
                &me,
                Command::SetPresence {
                    agent: me.clone(),
                    presence,
                },
                rng,
                sometimes,
            )
            .await;
        }
        for item in list.items {
            if let Some(command) = next_step(&me, &item, rng) {
                self.act(desk, &me, command, rng, sometimes).await;
            }
        }
    }

    async fn act(&self, desk: &DeskId, me: &AgentId, command: Command, rng: &mut StdRng, sometimes: &Sometimes) {
        let actor = Actor {
            role: tandem_domain::Role::Agent,
            subject: me.as_str().into(),
        };
        let submission = submission(&rng.random::<u64>().to_string(), actor, command);
        let outcome = self.cluster.insist(desk, submission, rng, sometimes).await;
        assert!(matches!(outcome, Ok(_) | Err(DeskError::Rejected(_))), "{outcome:?}");
    }

    /// What readers see are all tickets, and what the journal says of them.
    async fn readers_agree(&self, name: &str, tickets: usize) {
        let known = lists::all_tickets(&self.cluster, &desk(name), &mut StdRng::seed_from_u64(0)).await;
        let known = known.expect("all is healed");
        assert_eq!(known.len(), tickets, "{name}");
        for (ticket, view) in known {
            assert_eq!(view.state, RoutingState::Done, "{name}: {ticket}");
        }
    }
}

fn answer(me: &AgentId, ticket: TicketId, rng: &mut StdRng, then: AfterAnswer) -> Command {
    Command::Answer {
        ticket,
        message: MessageId(Uuid::from_u128(rng.random())),
        author: Some(me.clone()),
        visible: true,
        then,
    }
}

/// What an agent does with a ticket on the work list.
fn next_step(me: &AgentId, item: &TicketView, rng: &mut StdRng) -> Option<Command> {
    let ticket = item.id;
    let chance = rng.random_range(0..20);
    Some(match item.state {
        RoutingState::Offered => {
            let (agent, offer) = (me.clone(), item.offer.as_ref()?.id);
            match chance {
                0..=2 => Command::Decline {
                    agent,
                    offer,
                    reason: DeclineReason::Busy,
                },
                3..=5 => return None,
                _ => Command::Accept { agent, offer },
            }
        }
        RoutingState::Assigned => match chance {
            0 => Command::Hold { ticket },
            1 => Command::Requeue { ticket },
            2 => Command::Transfer {
                ticket,
                to: TransferTarget::Queue("support".parse().ok()?),
                seen: None,
            },
            3 => answer(me, ticket, rng, AfterAnswer::AwaitCustomer),
            4 => answer(me, ticket, rng, AfterAnswer::Resolve),
            5..=7 => return None,
            _ => Command::Resolve { ticket },
        },
        RoutingState::OnHold => Command::Resume { ticket },
        RoutingState::WrappingUp if chance < 10 => Command::FinishWrapUp { ticket },
        _ => return None,
    })
}
