//! One ticket's life, and what of it counts.

use std::time::Duration;

use tandem_domain::routing::{Opening, RequeueReason, RoutingEvent};
use tandem_domain::{AgentId, Channel, CompiledDesk, LanguageTag, MessageId, Requirement, TeamId, Timestamp};

use super::Step;

/// Something that counts.
pub(crate) struct Fact {
    pub(crate) seq: u64,
    pub(crate) at: Timestamp,
    place: String,
    teams: Vec<TeamId>,
    pub(crate) what: What,
}

/// What counts.
#[derive(Clone, Copy)]
pub(crate) enum What {
    /// Something happened, once.
    Happened(&'static str),
    /// Something took so long.
    Took(&'static str, Duration),
}

impl Fact {
    /// The places in which it counts: for all, and for each team.
    pub(crate) fn places(&self) -> Vec<String> {
        let teams = self.teams.iter().map(TeamId::as_str);
        let places = ["-"].into_iter().chain(teams);
        places.map(|team| format!("{}/{team}", self.place)).collect()
    }

    pub(crate) fn change_of_waiting(&self) -> i64 {
        match self.what {
            What::Happened("began_waiting") => 1,
            What::Happened("ceased_waiting") => -1,
            _ => 0,
        }
    }
}

/// A ticket's life so far.
#[derive(Default)]
pub(crate) struct Life {
    pub(crate) facts: Vec<Fact>,
    opened_at: Timestamp,
    place: String,
    /// In which it is served, as far as that is known.
    language: Option<LanguageTag>,
    /// None before it is opened and after it is over.
    channel: Option<Channel>,
    serving: Vec<TeamId>,
    waits: bool,
    wraps_up: bool,
    owner: Option<AgentId>,
    in_hand_since: Option<Timestamp>,
    worked: Option<Duration>,
    scheduled_since: Option<Timestamp>,
    /// For how long it waited for a time that was set.
    scheduled: Duration,
    was_accepted: bool,
    answers: Vec<MessageId>,
}

impl Life {
    pub(crate) fn follow(&mut self, step: &Step, file: &CompiledDesk) {
        if let Some(Opening {
            intake, requirement, ..
        }) = step.body.opening()
        {
            self.opened_at = intake.received_at.min(step.at);
            self.language.clone_from(&intake.language);
            self.enter(requirement, file);
            self.note(step, &self.serving.clone(), What::Happened("received"));
            self.wait(step, true);
        } else if self.channel.is_some() {
            self.go_on(step, file);
        }
    }

    fn go_on(&mut self, step: &Step, file: &CompiledDesk) {
        use RoutingEvent as E;
        match &step.body {
            E::OfferIssued { agent, .. } => self.did(step, file, Some(agent), "offered"),
            E::OfferDeclined { agent, .. } => self.did(step, file, Some(agent), "declined"),
            E::OfferExpired { agent, .. } => self.did(step, file, Some(agent), "missed"),
            E::OfferAccepted { agent, .. } => self.accepted(step, file, agent),
            E::OwnerChanged { to, .. } => self.taken(step, file, to),
            E::TicketScheduled { .. } => {
                self.put_down(step.at);
                self.wait(step, false);
                self.owner = None;
                self.scheduled_since = Some(step.at);
            }
            E::TicketHeld { .. } => self.put_down(step.at),
            E::TicketResumed { .. } => self.take_up(step.at),
            E::TicketRequeued {
                requirement, reason, ..
            } => {
                if *reason == RequeueReason::Reopened {
                    self.did(step, file, None, "reopened");
                }
                self.come_due(step.at);
                self.put_down(step.at);
                self.wait(step, false);
                self.owner = None;
                self.wraps_up = false;
                self.enter(requirement, file);
                self.wait(step, true);
            }
            E::WrapUpStarted { .. } => {
                self.take_up(step.at);
                self.wraps_up = true;
                self.did(step, file, self.owner.clone().as_ref(), "resolved");
            }
            E::WrapUpInterrupted { .. } => {
                self.wraps_up = false;
                self.did(step, file, None, "reopened");
            }
            E::TicketDone { .. } => self.done(step, file),
            E::TicketAbandoned { .. } => self.abandoned(step, file),
            E::TicketCancelled { .. } | E::TicketClosed { .. } | E::TicketMerged { .. } => self.end(step),
            E::AnswerAdded {
                message,
                author,
                visible: true,
                ..
            } => {
                if self.answers.is_empty() {
                    let by = author.clone().or_else(|| self.owner.clone());
                    self.took(step, file, by.as_ref(), "first_response", step.at.since(self.opened_at));
                }
                self.answers.push(*message);
            }
            E::AnswerFailed { message, .. } => {
                self.answers.retain(|answer| answer != message);
                self.did(step, file, None, "undelivered");
            }
            _ => {}
        }
    }

    fn accepted(&mut self, step: &Step, file: &CompiledDesk, agent: &AgentId) {
        self.did(step, file, Some(agent), "accepted");
        self.taken(step, file, agent);
    }

    fn taken(&mut self, step: &Step, file: &CompiledDesk, agent: &AgentId) {
        self.come_due(step.at);
        self.wait(step, false);
        self.owner = Some(agent.clone());
        self.take_up(step.at);
        if self.was_accepted {
            return;
        }
        self.was_accepted = true;
        let waited = step.at.since(self.opened_at).saturating_sub(self.scheduled);
        self.took(step, file, Some(agent), "time_to_accept", waited);
        if let Some(within) = self.level(file) {
            self.did(step, file, Some(agent), "level_due");
            if waited <= within {
                self.did(step, file, Some(agent), "level_met");
            }
        }
    }

    fn abandoned(&mut self, step: &Step, file: &CompiledDesk) {
        self.did(step, file, None, "abandoned");
        self.come_due(step.at);
        let waited = step.at.since(self.opened_at).saturating_sub(self.scheduled);
        if !self.was_accepted && self.level(file).is_some_and(|within| waited > within) {
            self.did(step, file, None, "level_due");
        }
        self.end(step);
    }

    fn done(&mut self, step: &Step, file: &CompiledDesk) {
        let owner = self.owner.clone();
        if !std::mem::take(&mut self.wraps_up) {
            self.did(step, file, owner.as_ref(), "resolved");
        }
        self.wait(step, false);
        self.put_down(step.at);
        if let Some(worked) = self.worked.take() {
            self.took(step, file, owner.as_ref(), "handling", worked);
        }
    }

    fn end(&mut self, step: &Step) {
        self.wait(step, false);
        self.channel = None;
    }

    fn level(&self, file: &CompiledDesk) -> Option<Duration> {
        Some(file.service_levels.get(&self.channel?)?.within)
    }

    fn enter(&mut self, requirement: &Requirement, file: &CompiledDesk) {
        self.language = requirement.language_or(self.language.as_ref());
        let language = self.language.as_ref().map_or("-", LanguageTag::as_str);
        self.place = format!("{}/{}/{language}", requirement.queue, requirement.channel);
        self.channel = Some(requirement.channel);
        let queue = file.queues.iter().find(|queue| queue.id == requirement.queue);
        self.serving = queue.map(|queue| queue.teams.clone()).unwrap_or_default();
    }

    fn take_up(&mut self, at: Timestamp) {
        self.in_hand_since = self.in_hand_since.or(Some(at));
    }

    fn come_due(&mut self, at: Timestamp) {
        if let Some(since) = self.scheduled_since.take() {
            self.scheduled += at.since(since);
        }
    }

    fn put_down(&mut self, at: Timestamp) {
        if let Some(since) = self.in_hand_since.take() {
            self.worked = Some(self.worked.unwrap_or_default() + at.since(since));
        }
    }

    fn wait(&mut self, step: &Step, waits: bool) {
        if self.waits != waits {
            self.waits = waits;
            let what = if waits { "began_waiting" } else { "ceased_waiting" };
            self.note(step, &self.serving.clone(), What::Happened(what));
        }
    }

    fn did(&mut self, step: &Step, file: &CompiledDesk, agent: Option<&AgentId>, what: &'static str) {
        let teams = self.teams(file, agent);
        self.note(step, &teams, What::Happened(what));
    }

    fn took(&mut self, step: &Step, file: &CompiledDesk, agent: Option<&AgentId>, what: &'static str, time: Duration) {
        let teams = self.teams(file, agent);
        self.note(step, &teams, What::Took(what, time));
    }

    /// Those of the agent's teams that serve the queue, all of the agent's if none does; the queue's if nobody did it.
    fn teams(&self, file: &CompiledDesk, agent: Option<&AgentId>) -> Vec<TeamId> {
        let profile = agent.and_then(|agent| file.agents.iter().find(|profile| profile.id == *agent));
        let Some(profile) = profile else {
            return self.serving.clone();
        };
        let own: Vec<TeamId> = profile.teams.clone();
        let fitting: Vec<TeamId> = own.iter().filter(|team| self.serving.contains(team)).cloned().collect();
        if fitting.is_empty() { own } else { fitting }
    }

    fn note(&mut self, step: &Step, teams: &[TeamId], what: What) {
        self.facts.push(Fact {
            seq: step.seq,
            at: step.at,
            place: self.place.clone(),
            teams: teams.to_vec(),
            what,
        });
    }
}
