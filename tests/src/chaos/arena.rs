//! What can be killed, and how it comes back.

use clap::ValueEnum;
use rand::RngExt;
use rand::rngs::StdRng;

use super::tally::Tally;
use crate::cluster::{Cluster, Replica, Service, replicas};
use crate::embedded::Embedded;
use crate::process::Process;
use crate::site::Site;

/// `EX_TEMPFAIL`: a server that is needed cannot be reached, and starting again may help.
const TEMPORARY: i32 = 75;

/// A way of running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// `tandem up`.
    Embedded,
    /// Two replicas of each service, with their servers.
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
    One(Replica),
    Nats,
    Postgres,
}

/// Tandem's own processes die more often than the servers below.
const CLUSTER: [Victim; 12] = [
    Victim::One((Service::Ingest, 0)),
    Victim::One((Service::Ingest, 1)),
    Victim::One((Service::Router, 0)),
    Victim::One((Service::Router, 1)),
    Victim::One((Service::Escalation, 0)),
    Victim::One((Service::Escalation, 1)),
    Victim::One((Service::Metrics, 0)),
    Victim::One((Service::Metrics, 1)),
    Victim::Nats,
    Victim::Nats,
    Victim::Postgres,
    Victim::Postgres,
];

impl Victim {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Up => "tandem up",
            Self::One((service, _)) => service.name(),
            Self::Nats => "nats-server",
            Self::Postgres => "postgres",
        }
    }
}

impl Arena {
    pub(super) async fn start(mode: Mode) -> Option<Self> {
        let arena = match mode {
            Mode::Embedded => Self::Embedded(Box::new(Embedded::start().await)),
            Mode::Cluster => Self::Cluster(Box::new(Cluster::start().await?)),
        };
        arena.site().promise().await;
        Some(arena)
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
            (Self::Cluster(cluster), Victim::One(replica)) => cluster.process(replica).kill9(),
            (Self::Cluster(cluster), Victim::Nats) => cluster.nats.kill9(),
            (Self::Cluster(cluster), _) => cluster.postgres.kill9(),
        }
    }

    /// Starts it again; a server is ready then, a process of Tandem's gets ready.
    pub(super) async fn revive(&mut self, victim: Victim) {
        match (self, victim) {
            (Self::Embedded(embedded), _) => embedded.revive(),
            (Self::Cluster(cluster), Victim::One(replica)) => cluster.revive(replica),
            (Self::Cluster(cluster), Victim::Nats) => cluster.nats.restart().await,
            (Self::Cluster(cluster), _) => cluster.postgres.start_again().await,
        }
    }

    /// Starts processes of Tandem's again that ended by themselves because a server was away, as Kubernetes would; to
    /// end for any other reason is a fault.
    pub(super) fn supervise(&mut self, tally: &Tally) {
        match self {
            Self::Embedded(embedded) => {
                if has_ended(&mut embedded.process, tally) {
                    embedded.revive();
                }
            }
            Self::Cluster(cluster) => {
                for replica in replicas() {
                    if has_ended(cluster.process(replica), tally) {
                        cluster.revive(replica);
                    }
                }
            }
        }
    }

    pub(super) async fn stop_and_audit(&mut self) -> Vec<String> {
        match self {
            Self::Embedded(embedded) => embedded.stop_and_audit().await,
            Self::Cluster(cluster) => cluster.stop_and_audit().await,
        }
    }
}

fn has_ended(process: &mut Process, tally: &Tally) -> bool {
    let Some(status) = process.ended() else { return false };
    if status.code() == Some(TEMPORARY) {
        tally.started_again.add();
    } else {
        tally.violation(format!(
            "a process ended by itself ({status}): {}",
            process.last_words()
        ));
    }
    true
}
