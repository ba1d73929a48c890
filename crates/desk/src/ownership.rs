//! Who tries to own which desk. Leases share the desks out among the replicas; they keep nobody from
//! writing, the journal's key does that.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use futures::StreamExt;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use tandem_domain::{DeskId, Timestamp};
use tandem_store::{Lease, StoreError, Stream};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use crate::Journaled;
use crate::owned::{Owned, Parts, Running, take_up};
use crate::shared::random;
use crate::store_calls::within;

/// Leases that are renewed at the same time.
const AT_ONCE: usize = 16;

/// The desks that this process owns at the moment.
pub(crate) type Registry<C> = RwLock<HashMap<DeskId, Arc<Owned<C>>>>;

/// Takes, renews and hands over desks.
pub(crate) struct Ownership<C: Journaled> {
    parts: Parts,
    registry: Arc<Registry<C>>,
    replica: String,
    held: HashMap<DeskId, (Arc<Owned<C>>, Running)>,
    leaving: JoinSet<DeskId>,
    leaving_desks: HashSet<DeskId>,
    rng: StdRng,
}

/// What is known of the others in one round.
struct View {
    now: Timestamp,
    streams: Vec<Stream>,
    replicas: usize,
    taken: HashSet<String>,
}

impl<C: Journaled> Ownership<C> {
    pub(crate) fn new(parts: Parts, registry: Arc<Registry<C>>) -> Self {
        let seed = random(parts.ids.as_ref(), Timestamp::EPOCH);
        let replica = parts.ids.next(Timestamp::EPOCH).to_string();
        Self {
            parts,
            registry,
            replica,
            held: HashMap::new(),
            leaving: JoinSet::new(),
            leaving_desks: HashSet::new(),
            rng: StdRng::seed_from_u64(seed),
        }
    }

    /// Shares desks out until `stop`; then gives all of them up in good order.
    pub(crate) async fn run(mut self, wake: Arc<Notify>, stop: CancellationToken) {
        let mut rounds = interval(self.parts.settings.lease_every);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = rounds.tick() => {}
                () = wake.notified() => {}
                Some(Ok(desk)) = self.leaving.join_next() => { self.leaving_desks.remove(&desk); continue }
            }
            if let Err(error) = self.round().await {
                tracing::warn!(service = C::SERVICE, %error, "leases not looked after; tried again");
            }
        }
        self.leave().await;
    }

    async fn round(&mut self) -> Result<(), StoreError> {
        self.drop_finished();
        self.renew().await;
        self.lease(&self.replica_lease()).await?;
        let view = self.look().await?;
        let share = view.streams.len().div_ceil(view.replicas.max(1));
        self.hand_over(share);
        self.take(&view, share).await
    }

    /// Desks whose wheel has stopped by itself; they may be taken again.
    fn drop_finished(&mut self) {
        let registry = &self.registry;
        self.held.retain(|desk, (_, running)| {
            let finished = running.is_finished();
            if finished {
                forget(registry, desk);
            }
            !finished
        });
    }

    async fn renew(&self) {
        let renewals = self.held.values().map(|(owned, _)| self.renew_one(owned));
        futures::stream::iter(renewals)
            .for_each_concurrent(AT_ONCE, |renewal| renewal)
            .await;
    }

    async fn renew_one(&self, owned: &Owned<C>) {
        let shared = &owned.shared;
        let renewed = match self.lease(&lease_name(&shared.stream)).await {
            Ok(Some(valid_until)) => shared.lease.extend(valid_until),
            Ok(None) => false,
            Err(error) => return tracing::warn!(stream = %shared.stream, %error, "lease not renewed"),
        };
        if !renewed {
            shared.lease.revoke();
            shared.stop.cancel();
        }
    }

    /// Takes or renews a lease; until when it stands by this process's clock, or none: it is somebody else's.
    async fn lease(&self, name: &str) -> Result<Option<Instant>, StoreError> {
        let settings = &self.parts.settings;
        let asked_at = Instant::now();
        let asking = self.parts.store.lease(name, &self.replica, settings.lease_ttl);
        let ours = within(settings.lease_ttl, asking).await?;
        // Counted from before it was asked for, so it ends here before it ends in the store.
        Ok(ours.then(|| asked_at + settings.lease_ttl.saturating_sub(settings.lease_margin)))
    }

    async fn look(&self) -> Result<View, StoreError> {
        let (store, limit) = (&self.parts.store, self.parts.settings.store_timeout);
        let now = within(limit, store.now()).await?;
        let streams = within(limit, store.streams(C::SERVICE)).await?;
        let replicas = within(limit, store.leases(&replica_prefix::<C>())).await?;
        let desks = within(limit, store.leases(&desk_prefix::<C>())).await?;
        let stands = |lease: &Lease| lease.expires_at > now;
        Ok(View {
            now,
            streams,
            replicas: replicas.iter().filter(|lease| stands(lease)).count(),
            taken: desks.into_iter().filter(stands).map(|lease| lease.name).collect(),
        })
    }

    /// Gives up what is more than this replica's share; the wheel finishes its turn first.
    fn hand_over(&mut self, share: usize) {
        let surplus = self.held.len().saturating_sub(share);
        let desks: Vec<_> = self.held.keys().take(surplus).cloned().collect();
        for desk in desks {
            tracing::info!(service = C::SERVICE, %desk, "desk handed over");
            self.give_up(&desk);
        }
    }

    fn give_up(&mut self, desk: &DeskId) {
        let Some((owned, running)) = self.held.remove(desk) else {
            return;
        };
        forget(&self.registry, desk);
        owned.shared.stop.cancel();
        self.leaving_desks.insert(desk.clone());
        self.leaving
            .spawn(finish_and_release(owned, running, self.replica.clone()));
    }

    async fn take(&mut self, view: &View, share: usize) -> Result<(), StoreError> {
        let room = share.saturating_sub(self.held.len());
        let free = |stream: &&Stream| {
            let ours = self.held.contains_key(&stream.desk) || self.leaving_desks.contains(&stream.desk);
            !ours && !view.taken.contains(&lease_name(stream))
        };
        let mut free: Vec<_> = view.streams.iter().filter(free).cloned().collect();
        // In another order than the other replicas, which look at the same list.
        free.shuffle(&mut self.rng);
        for stream in free.into_iter().take(room) {
            if let Some(valid_until) = self.lease(&lease_name(&stream)).await? {
                tracing::info!(%stream, at = %view.now, "desk taken");
                self.open(stream, valid_until);
            }
        }
        Ok(())
    }

    fn open(&mut self, stream: Stream, valid_until: Instant) {
        let desk = stream.desk.clone();
        let (owned, running) = take_up(&self.parts, stream, valid_until);
        let mut registry = self.registry.write().unwrap_or_else(PoisonError::into_inner);
        registry.insert(desk.clone(), owned.clone());
        self.held.insert(desk, (owned, running));
    }

    /// First the replica's own lease goes, so that the others count without it.
    async fn leave(mut self) {
        let store = self.parts.store.clone();
        if let Err(error) = store.release(&self.replica_lease(), &self.replica).await {
            tracing::warn!(%error, "replica not signed off; its lease runs out by itself");
        }
        for desk in self.held.keys().cloned().collect::<Vec<_>>() {
            self.give_up(&desk);
        }
        if timeout(self.parts.settings.shutdown_timeout, self.leaving.join_all())
            .await
            .is_err()
        {
            tracing::warn!(service = C::SERVICE, "desks not finished in time; they are cut off");
        }
    }

    fn replica_lease(&self) -> String {
        format!("{}{}", replica_prefix::<C>(), self.replica)
    }
}

async fn finish_and_release<C: Journaled>(owned: Arc<Owned<C>>, running: Running, replica: String) -> DeskId {
    running.finished().await;
    let shared = &owned.shared;
    shared.lease.revoke();
    if let Err(error) = shared.store.release(&lease_name(&shared.stream), &replica).await {
        tracing::warn!(stream = %shared.stream, %error, "lease not released; it runs out by itself");
    }
    shared.stream.desk.clone()
}

fn forget<C: Journaled>(registry: &Registry<C>, desk: &DeskId) {
    registry.write().unwrap_or_else(PoisonError::into_inner).remove(desk);
}

fn replica_prefix<C: Journaled>() -> String {
    format!("replica.{}.", C::SERVICE)
}

fn desk_prefix<C: Journaled>() -> String {
    format!("desk.{}.", C::SERVICE)
}

fn lease_name(stream: &Stream) -> String {
    format!("desk.{stream}")
}
