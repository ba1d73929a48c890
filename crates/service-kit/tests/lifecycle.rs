//! How a process stops: in order, in time, and with the right exit code.

use std::future::pending;
use std::io;
use std::pin::pin;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::stream::{self, Stream, StreamExt};
use tandem_service_kit::config::LifecycleConfig;
use tandem_service_kit::lifecycle::{Exit, Lifecycle, signals};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tokio_stream::wrappers::UnboundedReceiverStream;

const CONFIG: LifecycleConfig = LifecycleConfig {
    drain_timeout: Duration::from_secs(20),
    abort_timeout: Duration::from_secs(5),
};

fn life() -> Lifecycle {
    Lifecycle::new(CONFIG)
}

fn one_signal() -> impl Stream<Item = &'static str> + Send {
    stream::iter(["SIGTERM"]).chain(stream::pending())
}

/// A task that ends when it is asked to.
async fn obedient(life: Lifecycle) -> io::Result<()> {
    life.draining().cancelled().await;
    Ok(())
}

/// A task that does not care.
async fn hanging() -> io::Result<()> {
    pending().await
}

#[tokio::test(start_paused = true)]
async fn the_first_signal_lets_work_finish() {
    let life = life();
    life.spawn("server", obedient(life.clone()));
    let (done, mut finished) = mpsc::unbounded_channel();
    life.spawn_brief(async move {
        tokio::time::sleep(Duration::from_secs(3)).await;
        done.send(()).unwrap();
    });
    assert_eq!(life.run(one_signal()).await, Exit::Ok);
    assert!(finished.try_recv().is_ok(), "the work at hand was finished");
}

#[tokio::test(start_paused = true)]
async fn the_second_signal_cuts_work_off() {
    let life = life();
    life.spawn("server", hanging());
    let (kill, received) = mpsc::unbounded_channel();
    kill.send("SIGTERM").unwrap();
    let draining = life.draining();
    let second = async {
        draining.cancelled().await;
        kill.send("SIGINT").unwrap();
        pending::<()>().await;
    };
    let begun = Instant::now();
    let exit = tokio::select! {
        exit = life.run(UnboundedReceiverStream::new(received)) => exit,
        () = second => unreachable!("it waits for ever"),
    };
    assert_eq!(exit, Exit::Aborted);
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "nobody waited for the drain's end"
    );
}

#[tokio::test(start_paused = true)]
async fn a_task_that_hangs_is_cut_off_when_its_time_is_over() {
    let life = life();
    life.spawn("server", hanging());
    let begun = Instant::now();
    assert_eq!(life.run(one_signal()).await, Exit::Aborted);
    assert!(begun.elapsed() >= CONFIG.drain_timeout);
    assert!(begun.elapsed() < CONFIG.drain_timeout + CONFIG.abort_timeout);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_dies_stops_the_process_with_a_failing_exit_code() {
    for death in ["ends", "fails", "panics"] {
        let life = life();
        life.spawn("server", obedient(life.clone()));
        life.spawn("worker", async move {
            match death {
                "ends" => Ok(()),
                "fails" => Err(io::Error::other("the disk is gone")),
                _ => panic!("a bug"),
            }
        });
        assert_eq!(life.run(stream::pending()).await, Exit::Internal, "{death}");
    }
}

#[tokio::test(start_paused = true)]
async fn closing_steps_run_after_the_tasks_in_order_and_each_in_its_time() {
    let life = life();
    let log = Arc::new(Mutex::new(Vec::new()));
    let note = |what: &'static str| {
        let log = Arc::clone(&log);
        async move { log.lock().unwrap().push(what) }
    };
    let (task, flushed, hung, released) = (note("task"), note("flush"), note("hung"), note("release"));
    let draining = life.draining();
    life.spawn("server", async move {
        draining.cancelled().await;
        task.await;
        io::Result::Ok(())
    });
    life.at_end("flush", Duration::from_secs(1), flushed);
    life.at_end("hang", Duration::from_secs(1), async move {
        pending::<()>().await;
        hung.await;
    });
    life.at_end("release", Duration::from_secs(1), released);
    assert_eq!(life.run(one_signal()).await, Exit::Aborted, "a step was cut off");
    assert_eq!(*log.lock().unwrap(), ["task", "flush", "release"]);
}

#[test]
fn exit_codes_are_told_apart() {
    let codes = [
        Exit::Ok,
        Exit::BadConfiguration,
        Exit::Internal,
        Exit::Temporary,
        Exit::Aborted,
    ];
    assert_eq!(codes.map(|exit| exit as u8), [0, 64, 70, 75, 130]);
}

#[tokio::test]
async fn the_systems_signals_arrive_by_name() {
    let mut signals = pin!(signals().unwrap());
    let me = std::process::id().to_string();
    for (option, name) in [("-TERM", "SIGTERM"), ("-INT", "SIGINT")] {
        assert!(Command::new("kill").args([option, &me]).status().unwrap().success());
        assert_eq!(
            timeout(Duration::from_secs(20), signals.next()).await.unwrap(),
            Some(name)
        );
    }
}
