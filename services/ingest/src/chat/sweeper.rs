//! Marks the chats that have sockets here, and ends those whose visitors were away for too long, whoever held their
//! sockets. Every process does it; a chat ends once.

use std::sync::Arc;

use tandem_domain::{ConversationId, DeskId, Trace};
use tandem_store::StoreError;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::protocol::EndedBy;
use super::session::Phase;
use super::shared::Chats;
use crate::ROUTER;

/// Chats that are marked, looked at or forgotten at once.
const PORTION: usize = 500;

/// Sweeps until `shutdown`. Breaking off is harmless: the next start, or another process, goes on.
pub(super) async fn run(chats: Arc<Chats>, shutdown: CancellationToken) {
    shutdown.run_until_cancelled(sweep_on(&chats)).await;
}

async fn sweep_on(chats: &Chats) {
    let mut due = interval(chats.config.mark_every());
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // After a start or a failure of the store nobody is ended for a whole grace: marks may be missing for no fault
    // of the visitors.
    let mut calm_since = Instant::now();
    loop {
        due.tick().await;
        let is_calm = calm_since.elapsed() >= chats.config.grace;
        if let Err(error) = pass(chats, is_calm).await {
            tracing::warn!(%error, "chats cannot be looked after");
            calm_since = Instant::now();
        }
    }
}

async fn pass(chats: &Chats, is_calm: bool) -> Result<(), StoreError> {
    for portion in chats.live.chats().chunks(PORTION) {
        chats.sessions.mark(portion).await?;
    }
    if !is_calm {
        return Ok(());
    }
    for stream in chats.store.streams(ROUTER).await? {
        end_silent(chats, &stream.desk).await?;
        forget_old(chats, &stream.desk).await?;
    }
    Ok(())
}

async fn end_silent(chats: &Chats, desk: &DeskId) -> Result<(), StoreError> {
    let before = chats.sessions.now().await?.minus(chats.config.grace);
    let mut after: Option<String> = None;
    loop {
        let (silent, more) = chats.sessions.silent(desk, before, after.as_deref(), PORTION).await?;
        for chat in silent {
            end(chats, desk, chat).await?;
        }
        let Some(more) = more else { return Ok(()) };
        after = Some(more);
    }
}

async fn end(chats: &Chats, desk: &DeskId, chat: ConversationId) -> Result<(), StoreError> {
    if let Phase::Over(_) = chats.sessions.phase(desk, chat).await? {
        return chats.sessions.unmark(desk, chat).await;
    }
    let (by, trace) = (EndedBy::Timeout, Trace::default());
    chats.sessions.end(desk, chat, by, trace).await?;
    tracing::info!(%desk, %chat, "a visitor has left");
    chats.left.notify_one();
    chats.hint(desk, chat).await;
    Ok(())
}

/// What is over is remembered for as long as its tokens would be good.
async fn forget_old(chats: &Chats, desk: &DeskId) -> Result<(), StoreError> {
    let before = chats.sessions.now().await?.minus(chats.config.max_life);
    chats.sessions.forget(desk, before, PORTION).await
}
