//! What was seen on both sides, brought together.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Instant;

use crate::customers::Sent;

/// So long the last offers are waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// Something that a customer or an agent saw.
pub(crate) enum Note {
    /// Ingest has committed the message.
    Taken {
        conversation: String,
        sent: Instant,
        at: Instant,
    },
    /// Ingest had no room, and said so.
    Refused { sent: Instant },
    /// An agent was offered the ticket.
    Offered { conversation: String, at: Instant },
}

#[derive(Default)]
struct Way {
    sent: Option<Instant>,
    taken: Option<Instant>,
    offered: Option<Instant>,
}

/// The latencies of one rate, ascending.
pub(crate) struct Figures {
    from_commit: Vec<Duration>,
    from_call: Vec<Duration>,
    refused: usize,
    lost: usize,
}

/// Waits until every message that was taken is offered, or for so long that it counts as lost.
pub(crate) async fn gather(sent: Sent, noted: &mut UnboundedReceiver<Note>) -> Figures {
    let mut ways: BTreeMap<String, Way> = BTreeMap::new();
    let (mut complete, mut refused) = (0, 0);
    let until = Instant::now() + PATIENCE;
    while complete + refused < sent.count {
        let Ok(Some(note)) = tokio::time::timeout_at(until, noted.recv()).await else {
            break;
        };
        match note {
            Note::Taken {
                conversation,
                sent: call,
                at,
            } => {
                let way = ways.entry(conversation).or_default();
                (way.sent, way.taken) = (Some(call), Some(at));
                complete += usize::from(call >= sent.since && way.offered.is_some());
            }
            Note::Refused { sent: call } => refused += usize::from(call >= sent.since),
            Note::Offered { conversation, at } => {
                let way = ways.entry(conversation).or_default();
                // An agent who comes back sees the same offer again.
                if way.offered.replace(way.offered.unwrap_or(at)).is_none() {
                    complete += usize::from(way.sent.is_some_and(|call| call >= sent.since));
                }
            }
        }
    }
    Figures::of(&ways, &sent, refused)
}

impl Figures {
    fn of(ways: &BTreeMap<String, Way>, sent: &Sent, refused: usize) -> Self {
        let counted = ways
            .values()
            .filter(|way| way.sent.is_some_and(|call| call >= sent.since));
        // The answer about the commit and the offer race over two connections: an offer may be seen first.
        let latency = |from: Option<Instant>, way: &Way| Some(way.offered?.saturating_duration_since(from?));
        let mut from_commit: Vec<_> = counted.clone().filter_map(|way| latency(way.taken, way)).collect();
        let mut from_call: Vec<_> = counted.filter_map(|way| latency(way.sent, way)).collect();
        from_commit.sort_unstable();
        from_call.sort_unstable();
        let lost = sent.count.saturating_sub(from_commit.len() + refused);
        Self {
            from_commit,
            from_call,
            refused,
            lost,
        }
    }

    /// The latency from the commit that so many percent of the tickets kept within.
    pub(crate) fn since_commit(&self, percent: f64) -> Duration {
        percentile(&self.from_commit, percent)
    }

    /// The latency from the customer's call that so many percent of the tickets kept within.
    pub(crate) fn since_call(&self, percent: f64) -> Duration {
        percentile(&self.from_call, percent)
    }

    pub(crate) fn print_head() {
        println!(
            "{:<9} {:>7} {:>9} {:>9} {:>9} {:>9} {:>11} {:>9} {:>8} {:>6}",
            "", "per s", "tickets", "p50 ms", "p99 ms", "p99.9 ms", "call p50", "call p99", "refused", "lost"
        );
    }

    pub(crate) fn print(&self, name: &str, rate: u32) {
        let millis = |of: &[Duration], percent| millis(percentile(of, percent));
        println!(
            "{name:<9} {rate:>7} {:>9} {:>9.2} {:>9.2} {:>9.2} {:>11.2} {:>9.2} {:>8} {:>6}",
            self.from_commit.len(),
            millis(&self.from_commit, 50.0),
            millis(&self.from_commit, 99.0),
            millis(&self.from_commit, 99.9),
            millis(&self.from_call, 50.0),
            millis(&self.from_call, 99.0),
            self.refused,
            self.lost,
        );
    }
}

pub(crate) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn percentile(ascending: &[Duration], percent: f64) -> Duration {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index into a list of thousands"
    )]
    let at = (ascending.len().saturating_sub(1) as f64 * percent / 100.0).round() as usize;
    ascending.get(at).copied().unwrap_or(Duration::MAX)
}
