//! Gathering a batch: the first call, timer or stop; then whatever else is there already, without waiting.

use std::collections::VecDeque;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::call::Call;
use crate::{DeskError, Journaled};

/// A desk's mailbox, and the calls of a batch that failed and is handled again.
pub(crate) struct Gather<C: Journaled> {
    mailbox: mpsc::Receiver<Call<C>>,
    carried: VecDeque<Call<C>>,
    one_by_one: bool,
}

impl<C: Journaled> Gather<C> {
    pub(crate) fn new(mailbox: mpsc::Receiver<Call<C>>) -> Self {
        Self {
            mailbox,
            carried: VecDeque::new(),
            one_by_one: false,
        }
    }

    /// Whether each call makes a batch of its own.
    pub(crate) fn is_one_by_one(&self) -> bool {
        self.one_by_one
    }

    /// The next calls; there are none when `wake_at` came first; none at all: stop. Nothing is lost if this is dropped.
    pub(crate) async fn next(
        &mut self,
        wake_at: Option<Instant>,
        stop: &CancellationToken,
        max: usize,
    ) -> Option<Vec<Call<C>>> {
        let mut calls = Vec::new();
        if stop.is_cancelled() {
            return None;
        }
        if self.carried.is_empty() {
            self.one_by_one = false;
            tokio::select! {
                biased;
                () = stop.cancelled() => return None,
                call = self.mailbox.recv() => calls.push(call?),
                () = sleep_until(wake_at.unwrap_or_else(Instant::now)), if wake_at.is_some() => {}
            }
        }
        self.fill(&mut calls, max);
        Some(calls)
    }

    fn fill(&mut self, calls: &mut Vec<Call<C>>, max: usize) {
        let max = if self.one_by_one { 1 } else { max };
        while calls.len() < max {
            match self.carried.pop_front().or_else(|| self.mailbox.try_recv().ok()) {
                Some(call) => calls.push(call),
                None => return,
            }
        }
    }

    /// These calls come first in the next batch; they were handled, but nothing came of it.
    pub(crate) fn carry(&mut self, calls: Vec<Call<C>>) {
        for call in calls.into_iter().rev() {
            self.carried.push_front(call);
        }
    }

    /// Hands the carried calls out one by one, to find the one that makes the core panic.
    pub(crate) fn one_by_one(&mut self) {
        self.one_by_one = true;
    }

    /// Waits for `duration`, or until `stop`; calls that come meanwhile stay unless there is a `refusal`.
    pub(crate) async fn pause(
        &mut self,
        until: Instant,
        stop: &CancellationToken,
        refusal: Option<DeskError<C::Rejection>>,
    ) {
        let Some(refusal) = refusal else {
            tokio::select! { () = stop.cancelled() => {}, () = sleep_until(until) => {} }
            return;
        };
        self.carried.drain(..).for_each(|call| call.refuse(refusal.clone()));
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep_until(until) => return,
                call = self.mailbox.recv() => match call {
                    Some(call) => call.refuse(refusal.clone()),
                    None => return,
                },
            }
        }
    }

    /// Takes no more calls and refuses all that wait.
    pub(crate) fn close(&mut self, error: &DeskError<C::Rejection>) {
        self.mailbox.close();
        self.carried.drain(..).for_each(|call| call.refuse(error.clone()));
        while let Ok(call) = self.mailbox.try_recv() {
            call.refuse(error.clone());
        }
    }
}
