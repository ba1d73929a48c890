//! What a run has shown.

use std::fmt;

use super::Plan;
use super::check::Found;
use super::tally::Tally;

/// From so many kills on, a run must have hit what it aims at.
const MANY_KILLS: u64 = 100;

/// What a run has shown.
pub struct Report {
    plan: Plan,
    rows: Vec<(String, u64)>,
    kills_after_a_commit: u64,
    violations: Vec<String>,
}

impl Report {
    pub(super) fn new(plan: Plan, tally: &Tally) -> Self {
        let counts = [
            ("mails answered 250", &tally.mails_taken),
            ("mails put off (4xx)", &tally.mails_refused),
            ("mails that found no server", &tally.mails_not_sent),
            ("mails left without an answer", &tally.mails_unanswered),
            ("mails sent again after that", &tally.mails_sent_again),
            ("writes done", &tally.writes_done),
            ("writes refused by the state", &tally.writes_refused),
            ("writes left without an answer", &tally.writes_unanswered),
            ("writes repeated", &tally.writes_repeated),
            ("offers accepted", &tally.offers_taken),
            ("agents' streams ended", &tally.streams_lost),
            (
                "processes that gave up starting, and were started again",
                &tally.started_again,
            ),
        ];
        let mut rows: Vec<_> = tally
            .kills_of()
            .into_iter()
            .map(|(name, kills)| (format!("kills of {name}"), kills))
            .collect();
        rows.extend([
            (
                "kills while a mail waited for its answer".to_owned(),
                tally.kills_with_mail_waiting.get(),
            ),
            (
                "kills while a write waited for its answer".to_owned(),
                tally.kills_with_write_waiting.get(),
            ),
            (
                "kills that cut a write's answer off".to_owned(),
                tally.kills_that_cut_a_write(),
            ),
            (
                "kills while the last one was recovered from".to_owned(),
                tally.kills_while_recovering.get(),
            ),
        ]);
        rows.extend(counts.map(|(name, counter)| (name.to_owned(), counter.get())));
        Self {
            plan,
            rows,
            kills_after_a_commit: 0,
            violations: Vec::new(),
        }
    }

    pub(super) fn found(&mut self, found: &Found) {
        self.kills_after_a_commit = found.kills_after_a_commit.len() as u64;
        self.rows.extend(
            [
                (
                    "kills between a mail's commit and its answer",
                    self.kills_after_a_commit,
                ),
                ("mails without an answer that were stored", found.unanswered_and_stored),
                ("mails without an answer that were not", found.unanswered_and_not_stored),
                ("mails sent in all", found.mails),
                ("of these on a ticket", found.on_tickets),
                ("of these unrouted", found.unrouted),
                ("of these compared byte by byte", found.compared),
                ("tickets", found.tickets),
            ]
            .map(|(name, count)| (name.to_owned(), count)),
        );
    }

    pub(super) fn audited(&mut self, findings: Vec<String>) {
        self.rows.push(("audit findings".to_owned(), findings.len() as u64));
        self.violations
            .extend(findings.into_iter().map(|finding| format!("audit: {finding}")));
    }

    /// Adds what went wrong on the way; a run that hit nothing has proved nothing.
    pub(super) fn judge(&mut self, tally: &Tally) {
        self.violations.extend(tally.violations());
        let hits = [
            ("a mail", tally.kills_with_mail_waiting.get(), 1),
            ("a write", tally.kills_with_write_waiting.get(), 1),
            ("a mail's answer", self.kills_after_a_commit, MANY_KILLS),
            ("a write's answer", tally.kills_that_cut_a_write(), MANY_KILLS),
        ];
        for (what, hit, kills_needed) in hits {
            if hit == 0 && self.plan.kills >= kills_needed {
                self.violations
                    .push(format!("the run proves nothing: no kill hit {what}"));
            }
        }
    }

    /// What must never happen, and did.
    pub fn violations(&self) -> &[String] {
        &self.violations
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plan { mode, kills, seed } = self.plan;
        writeln!(f, "{mode:?}, {kills} kills, seed {seed}")?;
        for (name, count) in &self.rows {
            writeln!(f, "  {name:<58} {count:>8}")?;
        }
        for violation in &self.violations {
            writeln!(f, "  VIOLATED: {violation}")?;
        }
        Ok(())
    }
}
