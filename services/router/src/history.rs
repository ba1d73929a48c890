//! Going through a desk's journal in the background: it is fetched here, read from its bytes on one thread, and shown to `take`
//! on another one, so that no other call waits for it. Memory is bounded: so much is read ahead.

use std::ops::ControlFlow;

use tandem_desk::{Journaled, Lexicon, Recorded, read_record};
use tandem_domain::routing::RoutingEvent;
use tandem_domain::{DeskId, ErrorCode, Event};
use tandem_routing::RoutingCore;
use tandem_service_kit::error::ApiError;
use tandem_store::{Record, Store, Stream};
use tokio::sync::mpsc;

use crate::errors::Failure;

/// Records that are fetched at once.
const CHUNK: usize = 5_000;
/// Chunks that are fetched ahead.
const AHEAD: usize = 3;
/// Events that change threads together: enough of them that waking up the other thread costs nothing, and few enough that
/// they are still in the caches.
const PORTION: usize = 256;
/// Portions that are read ahead.
const PORTIONS_AHEAD: usize = 16;

type Portion = Vec<(u64, Event<RoutingEvent>)>;

/// Shows `take` every event of the desk's journal in order, with its `seq`, until it breaks off or the journal ends. When the
/// call is dropped, so is this.
pub(crate) async fn go_through<S: Send + 'static>(
    store: &dyn Store,
    desk: &DeskId,
    mut state: S,
    take: impl Fn(&mut S, u64, Event<RoutingEvent>) -> ControlFlow<()> + Send + 'static,
) -> Result<S, Failure> {
    let (ahead, chunks) = mpsc::channel(AHEAD);
    let (out, mut portions) = mpsc::channel::<Portion>(PORTIONS_AHEAD);
    let reader = tokio::task::spawn_blocking(move || read_out(chunks, &out));
    let taker = tokio::task::spawn_blocking(move || {
        while let Some(portion) = portions.blocking_recv() {
            for (seq, event) in portion {
                if take(&mut state, seq, event).is_break() {
                    return (state, ControlFlow::Break(()));
                }
            }
        }
        (state, ControlFlow::Continue(()))
    });
    fetch_ahead(store, desk, &ahead).await?;
    drop(ahead);
    let (state, shown) = taker.await.map_err(ApiError::internal)?;
    let read = reader.await.map_err(ApiError::internal)?;
    match shown {
        // What cannot be read behind the end is nobody's concern.
        ControlFlow::Break(()) => Ok(state),
        ControlFlow::Continue(()) => read.map(|()| state),
    }
}

/// Fetches until the journal ends, or nobody wants more of it.
async fn fetch_ahead(store: &dyn Store, desk: &DeskId, ahead: &mpsc::Sender<Vec<Record>>) -> Result<(), Failure> {
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

/// Reads records from their bytes until there are no more, or nobody wants more of them.
fn read_out(mut chunks: mpsc::Receiver<Vec<Record>>, out: &mpsc::Sender<Portion>) -> Result<(), Failure> {
    let mut lexicon = Lexicon::default();
    while let Some(chunk) = chunks.blocking_recv() {
        for records in chunk.chunks(PORTION) {
            // What was read before something that cannot be is shown all the same.
            let (portion, failed) = read(records, &mut lexicon);
            if out.blocking_send(portion).is_err() {
                return Ok(());
            }
            if let Some(failure) = failed {
                return Err(failure);
            }
        }
    }
    Ok(())
}

fn read(records: &[Record], lexicon: &mut Lexicon) -> (Portion, Option<Failure>) {
    let mut portion = Vec::with_capacity(records.len());
    for record in records {
        match read_record::<RoutingCore>(record, lexicon) {
            Ok(Recorded::Core(event)) => portion.push((record.seq, event)),
            Ok(Recorded::Shell(_)) => {}
            Err(error) => {
                let failure = ApiError::new(ErrorCode::DataLoss, format!("seq {}: {error}", record.seq));
                return (portion, Some(failure.into()));
            }
        }
    }
    (portion, None)
}
