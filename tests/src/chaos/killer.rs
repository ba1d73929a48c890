//! Who kills, and when.

use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;

use super::arena::Arena;
use super::tally::Tally;
use crate::wait::found_within;

/// How long the killer waits for the moment in which an answer is due.
const AIM_LIMIT: Duration = Duration::from_millis(300);

/// How long it may take until mail is taken and offers are accepted again, after everything is back.
const RECOVERY_LIMIT: Duration = Duration::from_secs(40);

/// Kills so many times.
pub(super) async fn kill(arena: &mut Arena, tally: &Tally, kills: u64, rng: &mut StdRng) {
    flowing(arena, tally, "before the first kill").await;
    for number in 1..=kills {
        pause(rng.random_range(0..250)).await;
        if rng.random_bool(0.75) {
            aim(tally).await;
        }
        let victim = arena.choose(rng);
        arena.supervise(tally);
        note(tally);
        tally.killed(victim.name());
        arena.kill(victim);
        pause(rng.random_range(0..200)).await;
        arena.revive(victim).await;
        // One in four strikes while the last one is still being recovered from.
        if rng.random_bool(0.75) || number == kills {
            flowing(arena, tally, &format!("after kill {number}, of {}", victim.name())).await;
        } else {
            tally.kills_while_recovering.add();
        }
    }
}

/// Waits for a moment in which somebody waits for an answer.
async fn aim(tally: &Tally) {
    let moment = async {
        while tally.mails_waiting.get() + tally.writes_waiting.get() == 0 {
            pause(1).await;
        }
    };
    // Where nobody waits for so long, any moment is as good.
    let _ = tokio::time::timeout(AIM_LIMIT, moment).await;
}

fn note(tally: &Tally) {
    if tally.mails_waiting.get() > 0 {
        tally.kills_with_mail_waiting.add();
    }
    if tally.writes_waiting.get() > 0 {
        tally.kills_with_write_waiting.add();
    }
}

/// Progress is demanded, not hoped for: mail is taken, and offers are accepted.
async fn flowing(arena: &mut Arena, tally: &Tally, when: &str) {
    let (mails, offers) = (tally.mails_taken.get(), tally.offers_taken.get());
    let flows = || tally.mails_taken.get() > mails && tally.offers_taken.get() > offers;
    let flowing = found_within(RECOVERY_LIMIT, async || {
        arena.supervise(tally);
        flows().then_some(())
    });
    if flowing.await.is_none() {
        let (mails, offers) = (tally.mails_taken.get() - mails, tally.offers_taken.get() - offers);
        tally.violation(format!(
            "{when}: within {RECOVERY_LIMIT:?} {mails} mails and {offers} offers were taken"
        ));
    }
}

async fn pause(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}
