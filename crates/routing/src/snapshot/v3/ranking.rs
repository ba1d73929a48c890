//! Why an agent was chosen, in format 3.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tandem_domain::desk::Choice;
use tandem_domain::explain::{Deciding, Rank, Ranking};
use tandem_domain::{RestoreError, Timestamp};

use super::shared::Shared;

#[derive(Serialize, Deserialize)]
pub(super) struct RankingV3<'a> {
    considered: u32,
    fit: u32,
    free: u32,
    #[serde(borrow)]
    winner: RankV3<'a>,
    #[serde(borrow)]
    runners_up: Vec<RankV3<'a>>,
    direct: bool,
    step: u16,
    choice: Choice,
    deciding: Option<Deciding>,
}

#[derive(Serialize, Deserialize)]
struct RankV3<'a> {
    agent: &'a str,
    used: u32,
    capacity: u32,
    idle_since: Timestamp,
    score: i64,
    order: u32,
}

impl<'a> RankingV3<'a> {
    pub(super) fn of(ranking: &'a Ranking) -> Self {
        Self {
            considered: ranking.considered,
            fit: ranking.fit,
            free: ranking.free,
            winner: RankV3::of(&ranking.winner),
            runners_up: ranking.runners_up.iter().map(RankV3::of).collect(),
            direct: ranking.direct,
            step: ranking.step,
            choice: ranking.choice,
            deciding: ranking.deciding,
        }
    }

    pub(super) fn restore(self, shared: &mut Shared<'a>) -> Result<Arc<Ranking>, RestoreError> {
        let runners_up = self.runners_up.into_iter();
        Ok(Arc::new(Ranking {
            considered: self.considered,
            fit: self.fit,
            free: self.free,
            winner: self.winner.restore(shared)?,
            runners_up: runners_up.map(|rank| rank.restore(shared)).collect::<Result<_, _>>()?,
            direct: self.direct,
            step: self.step,
            choice: self.choice,
            deciding: self.deciding,
        }))
    }
}

impl<'a> RankV3<'a> {
    fn of(rank: &'a Rank) -> Self {
        Self {
            agent: rank.agent.as_str(),
            used: rank.used,
            capacity: rank.capacity,
            idle_since: rank.idle_since,
            score: rank.score,
            order: rank.order,
        }
    }

    fn restore(self, shared: &mut Shared<'a>) -> Result<Rank, RestoreError> {
        Ok(Rank {
            agent: shared.agent(self.agent)?,
            used: self.used,
            capacity: self.capacity,
            idle_since: self.idle_since,
            score: self.score,
            order: self.order,
        })
    }
}
