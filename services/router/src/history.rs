//! Going through a desk's journal in the background: it is read here, and read out to `take` on a thread of its own, so
//! that no other call waits for it. Memory is bounded: so much is read ahead.

use std::ops::ControlFlow;

use tandem_desk::{Journaled, Lexicon, Recorded, read_record};
use tandem_domain::routing::RoutingEvent;
use tandem_domain::{DeskId, ErrorCode, Event};
use tandem_routing::RoutingCore;
use tandem_service_kit::error::ApiError;
use tandem_store::{Record, Store, Stream};
use tokio::sync::mpsc;

use crate::errors::Failure;

/// Records that are read at once.
const CHUNK: usize = 5_000;
/// Chunks that are read ahead.
const AHEAD: usize = 3;

/// Shows `take` every event of the desk's journal in order, with its `seq`, until it breaks off or the journal ends. When the
/// call is dropped, so is this.
pub(crate) async fn go_through<S: Send + 'static>(
    store: &dyn Store,
    desk: &DeskId,
    mut state: S,
    take: impl Fn(&mut S, u64, Event<RoutingEvent>) -> ControlFlow<()> + Send + 'static,
) -> Result<S, Failure> {
    let (ahead, mut chunks) = mpsc::channel::<Vec<Record>>(AHEAD);
    let reader = tokio::task::spawn_blocking(move || {
        let mut lexicon = Lexicon::default();
        while let Some(chunk) = chunks.blocking_recv() {
            if read_out(&chunk, &mut lexicon, &mut state, &take)?.is_break() {
                break;
            }
        }
        Ok(state)
    });
    read_ahead(store, desk, &ahead).await?;
    drop(ahead);
    reader.await.map_err(ApiError::internal)?
}

/// Reads on until the journal ends, or nobody wants more of it.
async fn read_ahead(store: &dyn Store, desk: &DeskId, ahead: &mpsc::Sender<Vec<Record>>) -> Result<(), Failure> {
    let stream = Stream::new(RoutingCore::SERVICE, desk.clone());
    let mut next = 1;
    loop {
        let chunk = store.read(&stream, next, CHUNK).await?;
        let (last, full) = (chunk.last().map(|record| record.seq), chunk.len() == CHUNK);
        if ahead.send(chunk).await.is_err() || !full {
            return Ok(());
        }
        next = last.map_or(next, |seq| seq + 1);
    }
}

fn read_out<S>(
    chunk: &[Record],
    lexicon: &mut Lexicon,
    state: &mut S,
    take: &impl Fn(&mut S, u64, Event<RoutingEvent>) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, Failure> {
    for record in chunk {
        let unreadable = |error| ApiError::new(ErrorCode::DataLoss, format!("seq {}: {error}", record.seq));
        let recorded = read_record::<RoutingCore>(record, lexicon).map_err(unreadable)?;
        if let Recorded::Core(event) = recorded
            && take(state, record.seq, event).is_break()
        {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}
