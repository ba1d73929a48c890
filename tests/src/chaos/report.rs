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
    /// Kills that fell between a commit and its answer.
    hits: u64,
    violations: Vec<String>,
}

impl Report {
    pub(super) fn new(plan: Plan, tally: &Tally) -> Self {
        let kills = tally.kills_of().into_iter();
        let mut report = Self {
            plan,
            rows: kills.map(|(name, kills)| (format!("kills of {name}"), kills)).collect(),
            hits: tally.kills_after_a_write(),
            violations: Vec::new(),
        };
        report.add_kills(tally);
        report.add_traffic(tally);
        report
    }

    fn add_kills(&mut self, tally: &Tally) {
        self.add(
            "kills while a mail waited for its answer",
            tally.kills_with_mail_waiting.get(),
        );
        self.add(
            "kills while a write waited for its answer",
            tally.kills_with_write_waiting.get(),
        );
        self.add("kills that cut a write's answer off", tally.kills_that_cut_a_write());
        self.add(
            "kills between a write's commit and its answer",
            tally.kills_after_a_write(),
        );
        self.add(
            "kills while the last one was recovered from",
            tally.kills_while_recovering.get(),
        );
        self.add(
            "processes that gave up starting, and were started again",
            tally.started_again.get(),
        );
    }

    fn add_traffic(&mut self, tally: &Tally) {
        self.add("mails answered 250", tally.mails_taken.get());
        self.add("mails put off (4xx)", tally.mails_refused.get());
        self.add("mails that found no server", tally.mails_not_sent.get());
        self.add("mails left without an answer", tally.mails_unanswered.get());
        self.add("mails sent again after that", tally.mails_sent_again.get());
        self.add("writes done", tally.writes_done.get());
        self.add("writes refused by the state", tally.writes_refused.get());
        self.add("writes left without an answer", tally.writes_unanswered.get());
        self.add("of these found to be done", tally.writes_unanswered_and_done.get());
        self.add("writes repeated", tally.writes_repeated.get());
        self.add("offers accepted", tally.offers_taken.get());
        self.add("agents' streams ended", tally.streams_lost.get());
        self.add("lines of visitors acknowledged", tally.chats_taken.get());
        self.add(
            "visitors' sockets lost with a line unacknowledged",
            tally.chats_cut.get(),
        );
        self.add("visitors who were answered", tally.chats_answered.get());
        self.add(
            "answers written",
            tally.all_answers().values().filter(|answer| answer.is_certain).count() as u64,
        );
    }

    pub(super) fn found(&mut self, found: &Found) {
        let hits = found.kills_after_a_commit.len() as u64;
        self.hits += hits;
        self.add("kills between a mail's commit and its answer", hits);
        self.add("mails without an answer that were stored", found.unanswered_and_stored);
        self.add("mails without an answer that were not", found.unanswered_and_not_stored);
        self.add("mails sent in all", found.mails);
        self.add("of these on a ticket", found.on_tickets);
        self.add("of these unrouted", found.unrouted);
        self.add("of these compared byte by byte", found.compared);
        self.add("tickets", found.tickets);
    }

    pub(super) fn audited(&mut self, findings: Vec<String>) {
        self.add("audit findings", findings.len() as u64);
        let findings = findings.into_iter().map(|finding| format!("audit: {finding}"));
        self.violations.extend(findings);
    }

    /// Adds what went wrong on the way; a run that hit nothing has proved nothing.
    pub(super) fn judge(&mut self, tally: &Tally) {
        self.violations.extend(tally.violations());
        let aims = [
            ("while a mail waited", tally.kills_with_mail_waiting.get(), 1),
            ("while a write waited", tally.kills_with_write_waiting.get(), 1),
            ("while a visitor's line waited", tally.chats_cut.get(), MANY_KILLS),
            ("between a commit and its answer", self.hits, MANY_KILLS),
        ];
        for (when, hits, kills_needed) in aims {
            if hits == 0 && self.plan.kills >= kills_needed {
                self.violations
                    .push(format!("the run proves nothing: no kill fell {when}"));
            }
        }
    }

    fn add(&mut self, name: &str, count: u64) {
        self.rows.push((name.to_owned(), count));
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
