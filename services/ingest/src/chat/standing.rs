//! What a visitor is told of where the request stands: only what has changed, and nothing else that the router knows.

use tandem_domain::routing::Standing;
use tandem_domain::{AgentId, RoutingState};

use super::protocol::{State, Status};

/// What a visitor's side knows already.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    status: Option<Status>,
    agent: Option<AgentId>,
    typing: bool,
}

/// Something to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// Where the request stands.
    Status(Status),
    /// An agent came.
    Joined(AgentId),
    /// An agent is not there any more.
    Left(AgentId),
    /// Whether the agent is writing.
    Typing(bool),
}

impl Told {
    /// The news in a standing; none before the router knows of the visitor's first message.
    pub(super) fn standing(&mut self, standing: Option<&Standing>) -> Vec<News> {
        let agent = standing.and_then(|standing| standing.agent.clone());
        let mut news = Vec::new();
        if agent != self.agent {
            news.extend(self.typing(false));
            news.extend(self.agent.take().map(News::Left));
            news.extend(agent.clone().map(News::Joined));
            self.agent = agent;
        }
        news.extend(self.status(standing.map_or(WAITING, status)));
        news
    }

    /// The news that nothing was said yet.
    pub(super) fn nothing_said(&mut self) -> Vec<News> {
        self.status(Status {
            state: State::Open,
            ..WAITING
        })
    }

    /// The news that something was said, before the router knows.
    pub(super) fn said(&mut self) -> Vec<News> {
        let is_first = self.status.is_none_or(|status| status.state == State::Open);
        if is_first { self.status(WAITING) } else { Vec::new() }
    }

    /// The news that the agent is writing or has paused.
    pub(super) fn typing(&mut self, typing: bool) -> Vec<News> {
        let is_news = std::mem::replace(&mut self.typing, typing) != typing;
        is_news.then_some(News::Typing(typing)).into_iter().collect()
    }

    fn status(&mut self, status: Status) -> Vec<News> {
        let is_news = self.status.replace(status) != Some(status);
        is_news.then_some(News::Status(status)).into_iter().collect()
    }
}

const WAITING: Status = Status {
    state: State::Waiting,
    position: None,
    estimated_wait_seconds: None,
    unservable: None,
};

fn status(standing: &Standing) -> Status {
    let is_with_agent = matches!(
        standing.state,
        RoutingState::Assigned | RoutingState::OnHold | RoutingState::WrappingUp | RoutingState::Done
    );
    if is_with_agent {
        return Status {
            state: State::WithAgent,
            ..WAITING
        };
    }
    Status {
        position: standing.position,
        estimated_wait_seconds: standing.estimated_wait.map(|wait| wait.as_secs()),
        unservable: standing.unservable,
        ..WAITING
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tandem_domain::TicketId;
    use tandem_domain::routing::Unservable;

    use super::*;

    fn queued(position: u32) -> Standing {
        Standing {
            ticket: TicketId(1),
            state: RoutingState::Queued,
            position: Some(position),
            estimated_wait: Some(Duration::from_millis(61_900)),
            agent: None,
            language: None,
            answers: 0,
            ended: false,
            unservable: None,
        }
    }

    fn with(agent: &str) -> Standing {
        Standing {
            state: RoutingState::Assigned,
            position: None,
            estimated_wait: None,
            agent: Some(agent.parse().unwrap()),
            ..queued(1)
        }
    }

    const WITH_AGENT: Status = Status {
        state: State::WithAgent,
        ..WAITING
    };

    #[test]
    fn only_changes_are_told() {
        let mut told = Told::default();
        assert_eq!(told.nothing_said().len(), 1);
        assert_eq!(told.nothing_said(), []);
        assert_eq!(told.standing(None), [News::Status(WAITING)]);
        let second = Status {
            position: Some(2),
            estimated_wait_seconds: Some(61),
            ..WAITING
        };
        assert_eq!(told.standing(Some(&queued(2))), [News::Status(second)]);
        assert_eq!(told.standing(Some(&queued(2))), []);
    }

    #[test]
    fn who_waits_in_vain_is_told_why() {
        let in_vain = Standing {
            position: None,
            estimated_wait: None,
            unservable: Some(Unservable::Language),
            ..queued(1)
        };
        let told = Status {
            unservable: Some(Unservable::Language),
            ..WAITING
        };
        assert_eq!(Told::default().standing(Some(&in_vain)), [News::Status(told)]);
    }

    #[test]
    fn an_agent_comes_is_replaced_and_goes() {
        let (ana, ben) = (with("ana"), with("ben"));
        let mut told = Told::default();
        let joined = |standing: &Standing| News::Joined(standing.agent.clone().unwrap());
        let left = |standing: &Standing| News::Left(standing.agent.clone().unwrap());
        assert_eq!(told.standing(Some(&ana)), [joined(&ana), News::Status(WITH_AGENT)]);
        assert_eq!(told.typing(true), [News::Typing(true)]);
        assert_eq!(told.typing(true), []);
        assert_eq!(
            told.standing(Some(&ben)),
            [News::Typing(false), left(&ana), joined(&ben)]
        );
        assert_eq!(told.standing(Some(&queued(1))).first(), Some(&left(&ben)));
    }
}
