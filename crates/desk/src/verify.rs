//! For audits: whether what is stored beside a journal says what the journal says.

use tandem_store::{JournalStore, Snapshot, StoreError, Stream};

use crate::replay::thaw;
use crate::shell_event::{Recorded, decode_record};
use crate::{DecodeError, Journaled};

const CHUNK: usize = 5_000;

/// What is wrong with a snapshot, if anything: it must be the state that the journal's records up to its `seq`
/// lead to. One of an older format, or one that came of such, says less than that state and need only be readable.
///
/// # Errors
/// When the store cannot be read.
pub async fn snapshot_fault<C: Journaled>(
    store: &(impl JournalStore + ?Sized),
    stream: &Stream,
    snapshot: &Snapshot,
) -> Result<Option<String>, StoreError> {
    let at_seq = store.read(stream, snapshot.seq, 1).await?;
    let thawed = match thaw::<C>(stream, snapshot, at_seq.first()) {
        Ok(thawed) => thawed,
        Err(reason) => return Ok(Some(reason)),
    };
    if !thawed.core.is_complete() {
        return Ok(None);
    }
    let replayed = match replay::<C>(store, stream, snapshot.seq).await? {
        Ok(core) => core,
        Err(error) => return Ok(Some(error.to_string())),
    };
    let same = thawed.core.snapshot() == replayed.snapshot();
    Ok((!same).then(|| "it is not the state that the journal leads to".to_owned()))
}

async fn replay<C: Journaled>(
    store: &(impl JournalStore + ?Sized),
    stream: &Stream,
    up_to: u64,
) -> Result<Result<C, DecodeError>, StoreError> {
    let mut core = C::new(&stream.desk);
    let mut next = 1;
    while next <= up_to {
        let chunk = store.read(stream, next, CHUNK).await?;
        for record in chunk.iter().take_while(|record| record.seq <= up_to) {
            match decode_record::<C>(record) {
                Ok(Recorded::Core(event)) => core.apply(&event),
                Ok(Recorded::Shell(_)) => {}
                Err(error) => return Ok(Err(error)),
            }
        }
        let Some(last) = chunk.last() else { break };
        next = last.seq + 1;
    }
    Ok(Ok(core))
}
