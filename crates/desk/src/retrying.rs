//! Retrying by hand what was parked.

use tokio::time::Instant;

use crate::call::Outcome;
use crate::effects::{self, EffectBody};
use crate::owned::Owned;
use crate::parking::{self, Stored, command_prefix, effect_prefix};
use crate::shared::Shared;
use crate::store_calls::{commit_within, within};
use crate::{DeskError, Journaled, Submission};

/// Retries a parked command or effect. Done or refused, it is not parked any more.
pub(crate) async fn retry_parked<C: Journaled>(owned: &Owned<C>, id: &str, deadline: Instant) -> Outcome<C, ()> {
    if id.starts_with(&command_prefix(C::SERVICE)) {
        let stored: Stored<Submission<C::Command>> = load::<C, _>(&owned.shared, id).await?;
        owned.retry(id, stored.body, deadline).await.map(drop)
    } else if id.starts_with(&effect_prefix(C::SERVICE)) {
        let stored: Stored<EffectBody> = load::<C, _>(&owned.shared, id).await?;
        retry_effect::<C>(&owned.shared, id, &stored.body).await
    } else {
        Err(DeskError::NotParked(id.to_owned()))
    }
}

async fn load<C: Journaled, T: serde::de::DeserializeOwned>(shared: &Shared, id: &str) -> Outcome<C, Stored<T>> {
    let loading = parking::load(shared.store.as_ref(), &shared.stream.desk, id);
    let stored = within(shared.settings.store_timeout, loading).await;
    let stored = stored.map_err(|error| DeskError::Unavailable(error.to_string()))?;
    stored.ok_or_else(|| DeskError::NotParked(id.to_owned()))
}

async fn retry_effect<C: Journaled>(shared: &Shared, id: &str, effect: &EffectBody) -> Outcome<C, ()> {
    let sent = effects::send(shared, effect).await;
    sent.map_err(|failed| DeskError::Unavailable(failed.reason))?;
    let commit = tandem_store::Commit {
        rows: vec![parking::removal(&shared.stream.desk, id)],
        ..tandem_store::Commit::default()
    };
    let removed = commit_within(shared.settings.store_timeout, shared.store.as_ref(), commit).await;
    removed.map_err(|error| DeskError::Unavailable(error.to_string()))
}
