//! What can be killed, and how it comes back.

use clap::ValueEnum;
use rand::RngExt;
use rand::rngs::StdRng;

use crate::cluster::Cluster;
use crate::embedded::Embedded;
use crate::site::Site;

/// A way of running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// `tandem up`.
    Embedded,
    /// Two replicas each of ingest and router, with their servers.
    Cluster,
}

/// A running Tandem that is about to be killed.
pub(super) enum Arena {
    Embedded(Box<Embedded>),
    Cluster(Box<Cluster>),
}

/// What dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Victim {
    Up,
    Ingest(usize),
    Router(usize),
    Nats,
    Postgres,
}

/// Tandem's own processes die more often than the servers below.
const CLUSTER: [Victim; 10] = [
    Victim::Ingest(0),
    Victim::Ingest(1),
    Victim::Ingest(0),
    Victim::Router(0),
    Victim::Router(1),
    Victim::Router(1),
    Victim::Nats,
    Victim::Nats,
    Victim::Postgres,
    Victim::Postgres,
];

impl Victim {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Up => "tandem up",
            Self::Ingest(_) => "ingest",
            Self::Router(_) => "router",
            Self::Nats => "nats-server",
            Self::Postgres => "postgres",
        }
    }
}

impl Arena {
    pub(super) async fn start(mode: Mode) -> Option<Self> {
        match mode {
            Mode::Embedded => Some(Self::Embedded(Box::new(Embedded::start().await))),
            Mode::Cluster => Cluster::start().await.map(|cluster| Self::Cluster(Box::new(cluster))),
        }
    }

    pub(super) fn site(&self) -> &Site {
        match self {
            Self::Embedded(embedded) => &embedded.site,
            Self::Cluster(cluster) => &cluster.site,
        }
    }

    pub(super) fn choose(&self, rng: &mut StdRng) -> Victim {
        match self {
            Self::Embedded(_) => Victim::Up,
            Self::Cluster(_) => CLUSTER[rng.random_range(0..CLUSTER.len())],
        }
    }

    pub(super) fn kill(&mut self, victim: Victim) {
        match (self, victim) {
            (Self::Embedded(embedded), _) => embedded.process.kill9(),
            (Self::Cluster(cluster), Victim::Ingest(replica)) => cluster.ingests[replica].kill9(),
            (Self::Cluster(cluster), Victim::Router(replica)) => cluster.routers[replica].kill9(),
            (Self::Cluster(cluster), Victim::Nats) => cluster.nats.kill9(),
            (Self::Cluster(cluster), _) => cluster.postgres.kill9(),
        }
    }

    /// Starts it again; a server is ready then, a process of Tandem's gets ready.
    pub(super) async fn revive(&mut self, victim: Victim) {
        match (self, victim) {
            (Self::Embedded(embedded), _) => embedded.revive(),
            (Self::Cluster(cluster), Victim::Ingest(replica)) => cluster.revive_ingest(replica),
            (Self::Cluster(cluster), Victim::Router(replica)) => cluster.revive_router(replica),
            (Self::Cluster(cluster), Victim::Nats) => cluster.nats.restart().await,
            (Self::Cluster(cluster), _) => cluster.postgres.start_again().await,
        }
    }

    /// Processes of Tandem's that have ended by themselves, with what they said last.
    pub(super) fn ended_by_themselves(&mut self) -> Vec<String> {
        let processes = match self {
            Self::Embedded(embedded) => vec![&mut embedded.process],
            Self::Cluster(cluster) => cluster.ingests.iter_mut().chain(&mut cluster.routers).collect(),
        };
        let ended = processes.into_iter().filter_map(|process| {
            let status = process.ended()?;
            Some(format!(
                "a process ended by itself ({status}): {}",
                process.last_words()
            ))
        });
        ended.collect()
    }

    pub(super) async fn stop_and_audit(&mut self) -> Vec<String> {
        match self {
            Self::Embedded(embedded) => embedded.stop_and_audit().await,
            Self::Cluster(cluster) => cluster.stop_and_audit().await,
        }
    }
}
