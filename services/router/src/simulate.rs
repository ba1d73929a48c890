//! Dry runs: a recorded stretch of a desk's journal through the same engine, as it was or under another version.
//!
//! The live desk hears nothing of it: the journal is read, never written. One dry run a desk at a time, on threads of its own;
//! it stops when its caller goes.

mod stretch;

use std::ops::ControlFlow;

use tandem_domain::routing::RoutingEvent;
use tandem_domain::{DeskId, ErrorCode, Event};
use tandem_routing::dry_run::{Comparison, DryRun, Plan, Rerun, Unfinished};
use tandem_service_kit::error::ApiError;
use tandem_store::Store;
use tokio_util::sync::CancellationToken;

use crate::errors::Failure;
use crate::history;
use crate::one_at_a_time::OneAtATime;

pub(crate) use stretch::{Stretch, assumptions, differences};

/// What came of a dry run, and the `seq` of the first difference, if there is one.
pub(crate) struct Simulated {
    pub(crate) comparison: Comparison,
    pub(crate) diverged_at: Option<u64>,
}

/// A dry run under way, with where its stretch is in the journal.
struct Running {
    run: DryRun,
    /// Of the stretch's first event and of each that does not follow the one before: how many come before it, and its `seq`.
    places: Vec<(u64, u64)>,
    last_seq: u64,
}

/// Runs a stretch of the desk's journal dry.
pub(crate) async fn simulate(
    simulations: &OneAtATime,
    store: &dyn Store,
    desk: &DeskId,
    stretch: Stretch,
    plan: Plan,
) -> Result<Simulated, Failure> {
    let turn = simulations.begin(desk, "another simulation of this desk is under way: wait for it to end")?;
    let running = Running {
        run: DryRun::new(desk, plan),
        places: Vec::new(),
        last_seq: 0,
    };
    let taken = history::go_through(store, desk, running, move |running, seq, event| {
        running.take(&stretch, seq, event)
    })
    .await?;
    if taken.run.events() > stretch.max_events {
        return Err(stretch.too_long());
    }
    let wanted = CancellationToken::new();
    let _stops = wanted.clone().drop_guard();
    let finished = tokio::task::spawn_blocking(move || {
        // Whoever asks next waits until this one has really ended.
        let _turn = turn;
        taken.finish(&stretch, &|| !wanted.is_cancelled())
    });
    finished.await.map_err(ApiError::internal)?
}

impl Running {
    fn take(&mut self, stretch: &Stretch, seq: u64, event: Event<RoutingEvent>) -> ControlFlow<()> {
        if event.at > stretch.to || self.run.events() > stretch.max_events {
            return ControlFlow::Break(());
        }
        let before = self.run.events();
        self.run.take(event);
        if self.run.events() > before && (self.places.is_empty() || seq != self.last_seq + 1) {
            self.places.push((before, seq));
        }
        self.last_seq = seq;
        ControlFlow::Continue(())
    }

    fn finish(self, stretch: &Stretch, go_on: &dyn Fn() -> bool) -> Result<Simulated, Failure> {
        let Self { run, places, .. } = self;
        let comparison = run.finish(stretch.to, go_on).map_err(|why| unfinished(&why))?;
        let diverged_at = match &comparison.rerun {
            Rerun::Diverged(divergence) => Some(seq_of(&places, divergence.at)),
            Rerun::Exact | Rerun::Other(_) => None,
        };
        Ok(Simulated {
            comparison,
            diverged_at,
        })
    }
}

fn seq_of(places: &[(u64, u64)], event: u64) -> u64 {
    let place = places.iter().rev().find(|(before, _)| *before <= event);
    place.map_or(0, |(before, seq)| seq + (event - before))
}

fn unfinished(unfinished: &Unfinished) -> Failure {
    match unfinished {
        Unfinished::Refused(_) => ApiError::new(ErrorCode::FailedPrecondition, unfinished.to_string()).into(),
        Unfinished::Stopped => ApiError::new(ErrorCode::Aborted, unfinished.to_string()).into(),
    }
}
