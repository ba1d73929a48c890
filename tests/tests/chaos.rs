//! Processes die by `kill -9` under traffic, and nothing is lost. `make chaos` does the same for much longer.

use tandem_tests::chaos::{Mode, Plan, run};

/// Enough to hit each kind of process, in well under a minute.
const KILLS: u64 = 12;
const SEED: u64 = 7;

#[tokio::test(flavor = "multi_thread")]
async fn embedded_nothing_is_lost_when_the_process_is_killed() {
    nothing_is_lost(Mode::Embedded).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_cluster_nothing_is_lost_when_processes_and_servers_are_killed() {
    nothing_is_lost(Mode::Cluster).await;
}

async fn nothing_is_lost(mode: Mode) {
    let Some(report) = run(Plan {
        mode,
        kills: KILLS,
        seed: SEED,
    })
    .await
    else {
        return;
    };
    println!("{report}");
    assert!(report.violations().is_empty(), "{report}");
}
