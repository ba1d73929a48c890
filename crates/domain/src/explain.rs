//! Why a ticket is where it is, from stored facts and the live state.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::desk::Choice;
use crate::routing::TicketView;
use crate::ticket::named_enum;
use crate::{AgentId, LanguageTag, Presence, Proficiency, SkillId, SkillLevel, TeamId, Timestamp};

/// The facts that chose an agent; the journal keeps them with each offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ranking {
    /// Agents of the desk that were looked at.
    pub considered: u32,
    /// Of these, those who have team, skills and language.
    pub fit: u32,
    /// Of these, those who were online, had room and were not passed over.
    pub free: u32,
    /// The agent who was chosen, with what decided it.
    pub winner: Rank,
    /// The next best, at most three.
    pub runners_up: Vec<Rank>,
    /// Chosen by hand (a transfer to the agent), not by rank.
    pub direct: bool,
    /// The routing step in which it was offered, counted from 0.
    #[serde(default)]
    pub step: u16,
    /// By what agents were ordered.
    #[serde(default)]
    pub choice: Choice,
    /// What put the winner before the next best; none where nobody else was free, or chosen by hand.
    #[serde(default)]
    pub deciding: Option<Deciding>,
}

named_enum!(
    /// What put one agent before another.
    Deciding {
        /// The value by which the queue chooses.
        Score = "score",
        /// Equal there, but longer idle.
        LongerIdle = "longer_idle",
        /// Equal in everything, but earlier in the desk file.
        FileOrder = "file_order",
        /// It was the queue's turn with this agent.
        Turn = "turn",
        /// Several agents and tickets met, and this serves the most of them.
        Batch = "batch",
    }
);

/// What agents are ordered by: first what the queue chooses by, then the longer idle, then the file's order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rank {
    /// The agent.
    pub agent: AgentId,
    /// Units taken before this ticket.
    pub used: u32,
    /// Units that there are.
    pub capacity: u32,
    /// When the agent last got an offer or became free.
    pub idle_since: Timestamp,
    /// The value by which the queue chooses, the smaller first; 0 where it chooses by load or idle time alone.
    #[serde(default)]
    pub score: i64,
    /// The agent's place in the desk file, from 0.
    #[serde(default)]
    pub order: u32,
}

/// One thing that keeps an agent from a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lack {
    /// In none of the queue's teams.
    Team {
        /// The teams that serve the queue.
        needs: Vec<TeamId>,
    },
    /// A skill too low or missing.
    Skill {
        /// The skill.
        skill: SkillId,
        /// The least level.
        needs: SkillLevel,
        /// The agent's, if any.
        has: Option<SkillLevel>,
    },
    /// A language too weak or missing.
    Language {
        /// The language.
        language: LanguageTag,
        /// The least proficiency.
        needs: Proficiency,
        /// The agent's best, if any.
        has: Option<Proficiency>,
    },
    /// Some of what the queue or its step requires besides teams, skills and language.
    Term {
        /// The term, as desk files write it.
        needs: String,
    },
    /// The ticket is kept for somebody else in this step.
    Reserved {
        /// For whom.
        only: Vec<AgentId>,
    },
    /// Not online.
    Presence {
        /// What the agent is doing.
        is: Presence,
    },
    /// Online, but outside the hours in which the agent can be offered work.
    OutOfHours {
        /// Until then; none: for good.
        until: Option<Timestamp>,
    },
    /// No room for the ticket's units.
    Capacity {
        /// Units that the ticket costs.
        needs: u32,
        /// Units that are free.
        free: u32,
    },
    /// The channel's maximum is reached.
    ChannelMaximum {
        /// Tickets of the channel at hand.
        has: u32,
        /// The most allowed.
        maximum: u32,
    },
    /// Declined or missed this ticket lately.
    PassedOver {
        /// Until then.
        until: Timestamp,
    },
}

/// An agent as seen from one ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The agent.
    pub agent: AgentId,
    /// What is missing; empty: would be offered it.
    pub lacks: Vec<Lack>,
    /// Place among those who lack nothing, from 1.
    pub rank: Option<u32>,
}

/// Something that will change by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// When.
    pub at: Timestamp,
    /// What, in a few words.
    pub what: String,
}

/// Something that is not so; if it were, the ticket would not wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// What would have to be true, in a sentence.
    pub what: String,
    /// Who would have it then; none: somebody whom the desk does not have.
    pub agent: Option<AgentId>,
    /// Since then at the latest.
    pub since: Timestamp,
}

/// Why a ticket is where it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The ticket.
    pub ticket: TicketView,
    /// How long since it was opened.
    pub age: Duration,
    /// One sentence: what it waits for, or who has it and why.
    pub summary: String,
    /// Its place among the tickets with an equal requirement, from 1, while it is queued.
    pub position: Option<u32>,
    /// Its place in its queue, whatever the others ask for, from 1, while it is queued or offered.
    #[serde(default)]
    pub queue_position: Option<u32>,
    /// How long it may be expected to wait from now; none where too little is known.
    #[serde(default)]
    pub estimated_wait: Option<Duration>,
    /// How many routing steps its queue has; the ticket says in which it is.
    #[serde(default)]
    pub steps: u16,
    /// Why the agent who has the offer or the ticket was chosen.
    pub chosen: Option<Ranking>,
    /// Agents, and what each lacks now; best first, at most 200: the others are many, and further away.
    pub candidates: Vec<Candidate>,
    /// How many agents the desk has.
    #[serde(default)]
    pub agents: u32,
    /// How many of them have team, skills, language and all else that is asked for.
    #[serde(default)]
    pub fit: u32,
    /// When the situation next changes by itself.
    pub next_change: Option<Timestamp>,
    /// What changes by itself, soonest first, at most five.
    #[serde(default)]
    pub changes: Vec<Change>,
    /// What would have to be true for it not to wait, at most five.
    #[serde(default)]
    pub wishes: Vec<Wish>,
}
