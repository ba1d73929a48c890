//! `tandem up`, from the customer's mail to the agent's answer, through real processes.

use std::path::Path;
use std::process::Command;

use tandem_domain::Role;
use tandem_proto::v1::{self, RoutingState};
use tandem_test_support::port::free_port;
use tandem_tests::agent::Desktop;
use tandem_tests::desks::{ACME, GLOBEX, INITECH};
use tandem_tests::embedded::Embedded;
use tandem_tests::lists;
use tandem_tests::mail::{Delivery, Mail, deliver, deliver_surely, message_id};
use tandem_tests::process::Process;
use tandem_tests::programs::{program, tandem, text};
use tandem_tests::wait::eventually;
use tempfile::TempDir;
use tonic::Code;

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_offered_accepted_and_resolved() {
    let mut tandem = Embedded::start().await;
    let site = &tandem.site;
    let mut ana = Desktop::open(&site.agent(0, ACME, "ana"), ACME, "ana")
        .await
        .expect("a stream");
    let ticket = site.ticket_about(ACME, "late parcel").await;
    let made = ana.offer_of(ticket).await;
    let offer = made.offer.expect("an offer");
    assert_eq!(offer.agent, "ana");
    assert_eq!(
        made.ranking.and_then(|ranking| ranking.winner).expect("a reason").agent,
        "ana"
    );
    assert_eq!(ana.accept(offer.offer_id).await.failure, None);
    assert_eq!(site.ticket_in(ACME, ticket, RoutingState::Assigned).await.owner, "ana");
    ana.resolve(ticket).await.expect("it is hers");
    let done = site.ticket_in(ACME, ticket, RoutingState::Done).await;
    assert_eq!(done.status(), v1::TicketStatus::Resolved);
    drop(ana);
    assert_eq!(tandem.stop_and_audit().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_the_skill_gets_the_offer() {
    let tandem = Embedded::start().await;
    let site = &tandem.site;
    let mut ben = Desktop::open(&site.agent(0, ACME, "ben"), ACME, "ben")
        .await
        .expect("a stream");
    let _ana = Desktop::open(&site.agent(0, ACME, "ana"), ACME, "ana")
        .await
        .expect("a stream");
    for subject in ["invoice 1", "invoice 2", "invoice 3"] {
        let ticket = site.ticket_about(ACME, subject).await;
        let offer = ben.offer_of(ticket).await.offer.expect("an offer");
        assert_eq!(offer.agent, "ben", "only Ben does billing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_ran_out_goes_to_the_next_and_cannot_be_accepted_any_more() {
    let tandem = Embedded::start().await;
    let site = &tandem.site;
    let mut ana = Desktop::open(&site.agent(0, ACME, "ana"), ACME, "ana")
        .await
        .expect("a stream");
    let ticket = site.ticket_about(ACME, "slow").await;
    let missed = ana.offer_of(ticket).await.offer.expect("an offer");
    let mut ben = Desktop::open(&site.agent(0, ACME, "ben"), ACME, "ben")
        .await
        .expect("a stream");
    let next = ben.offer_of(ticket).await.offer.expect("an offer");
    let late = ana.accept(missed.offer_id).await.failure.expect("too late");
    assert_eq!(late.code, i32::from(Code::FailedPrecondition), "{late:?}");
    assert_eq!(ben.accept(next.offer_id).await.failure, None);
    assert_eq!(site.ticket_in(ACME, ticket, RoutingState::Assigned).await.owner, "ben");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_joins_the_ticket_and_an_automatic_one_opens_none() {
    let tandem = Embedded::start().await;
    let site = &tandem.site;
    let ticket = site.ticket_about(ACME, "question").await;
    let refers = [("References", message_id("question"))];
    deliver_surely(site.smtp[0], &Mail::with_fields(ACME, "Re: question", &refers)).await;
    assert_eq!(site.ticket_of(ACME, "Re: question").await, ticket);
    let automatic = [("Auto-Submitted", "auto-replied".to_owned())];
    deliver_surely(site.smtp[0], &Mail::with_fields(ACME, "out of office", &automatic)).await;
    let unrouted = lists::unrouted(&site.messages(0), ACME).await.expect("a list");
    assert_eq!(
        unrouted
            .iter()
            .map(|message| message.subject.as_str())
            .collect::<Vec<_>>(),
        ["out of office"]
    );
    assert_eq!(lists::tickets(&site.admin(0), ACME).await.expect("a list").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_is_closed_to_whose_token_does_not_name_it() {
    let tandem = Embedded::start().await;
    let site = &tandem.site;
    let ticket_id = site.ticket_about(INITECH, "secret").await;
    let stranger = site.role(Role::Supervisor, &[ACME, GLOBEX]);
    let denied = |code: Code| assert_eq!(code, Code::PermissionDenied);
    denied(
        lists::tickets(&stranger, INITECH)
            .await
            .expect_err("a foreign desk")
            .code(),
    );
    denied(
        lists::messages(&stranger, INITECH)
            .await
            .expect_err("a foreign desk")
            .code(),
    );
    let request = v1::CancelTicketRequest {
        desk: INITECH.into(),
        request_id: "mine".into(),
        ticket_id,
    };
    denied(
        stranger
            .tickets()
            .cancel_ticket(request)
            .await
            .expect_err("a foreign desk")
            .code(),
    );
    let request = v1::ListDesksRequest::default();
    let desks = stranger
        .desks()
        .list_desks(request)
        .await
        .expect("a list")
        .into_inner()
        .desks;
    assert_eq!(desks, [ACME, GLOBEX]);
    for desk in desks {
        assert!(
            lists::messages(&stranger, &desk)
                .await
                .expect("its own desk")
                .is_empty()
        );
    }
    assert_eq!(
        site.ticket(INITECH, ticket_id).await.expect("a ticket").state(),
        RoutingState::Queued
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_there_is_there_after_a_stop_and_a_crash() {
    let mut tandem = Embedded::start().await;
    let ticket = tandem.site.ticket_about(ACME, "kept").await;
    assert_eq!(tandem.stop_and_audit().await, [""; 0]);
    tandem.revive();
    tandem.serve().await;
    let clients = tandem.site.agent(0, ACME, "ana");
    let mut ana = Desktop::open(&clients, ACME, "ana").await.expect("a stream");
    let offer = ana.offer_of(ticket).await.offer.expect("an offer");
    assert_eq!(ana.accept(offer.offer_id).await.failure, None);
    tandem.process.kill9();
    tandem.revive();
    tandem.serve().await;
    assert_eq!(tandem.site.ticket(ACME, ticket).await.expect("a ticket").owner, "ana");
    assert_eq!(tandem.stop_and_audit().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_the_same_directory_is_refused_and_the_first_goes_on() {
    let tandem = Embedded::start().await;
    let address = tandem.endpoint().await;
    let arguments = [
        "up",
        "--data-dir",
        text(tandem.data()),
        "--grpc",
        &loopback(),
        "--smtp",
        &loopback(),
    ];
    let directory = tempfile::tempdir().expect("a temporary directory");
    let arguments: Vec<String> = arguments.map(ToOwned::to_owned).into();
    let mut second = Process::start(&program("tandem"), &arguments, &[], &directory.path().join("log"));
    assert_eq!(second.end().await.code(), Some(3), "{}", second.log());
    assert_eq!(second.log().lines().count(), 1, "{}", second.log());
    assert_eq!(
        tandem.endpoint().await,
        address,
        "the first one's address stays written down"
    );
    tandem.site.ticket_about(ACME, "still there").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_finds_it_and_shows_its_tickets() {
    let tandem_up = Embedded::start().await;
    tandem_up.site.ticket_about(ACME, "shown").await;
    let shown = tandem(&[
        "--data-dir",
        text(tandem_up.data()),
        "--output",
        "json",
        "tickets",
        "--desk",
        ACME,
    ]);
    let shown = String::from_utf8(shown.stdout).expect("text");
    let tickets: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
    assert!(tickets.to_string().contains("queued"), "{tickets}");
    let missing = tandem(&["--data-dir", text(tandem_up.data()), "explain", "T99", "--desk", ACME]);
    assert_eq!(missing.status.code(), Some(2), "{missing:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_mail_is_put_off_and_nothing_is_lost() {
    let Some(disk) = SmallDisk::mount() else { return };
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut tandem = Embedded::start_on(directory, disk.path().join("data")).await;
    tandem.site.ticket_about(ACME, "before").await;
    disk.fill();
    let put_off = Mail::new(ACME, "while full");
    eventually("mail is put off", async || {
        let subject = format!("filling {}", tandem_tests::agent::request_id());
        let delivery = deliver(tandem.site.smtp[0], &Mail::new(GLOBEX, &subject), || ()).await;
        assert!(
            matches!(delivery, Delivery::Taken | Delivery::Refused(451 | 452)),
            "{delivery:?}"
        );
        (delivery != Delivery::Taken).then_some(())
    })
    .await;
    assert_eq!(
        deliver(tandem.site.smtp[0], &put_off, || ()).await,
        Delivery::Refused(451)
    );
    assert_eq!(tandem.process.ended(), None, "{}", tandem.process.log());
    disk.free();
    eventually("mail is taken again", async || {
        (deliver(tandem.site.smtp[0], &put_off, || ()).await == Delivery::Taken).then_some(())
    })
    .await;
    tandem.site.ticket_of(ACME, "while full").await;
    let clients = tandem.site.agent(0, ACME, "ana");
    let mut ana = Desktop::open(&clients, ACME, "ana").await.expect("a stream");
    let ticket = tandem.site.ticket_of(ACME, "before").await;
    let offer = ana.offer_of(ticket).await.offer.expect("an offer");
    assert_eq!(ana.accept(offer.offer_id).await.failure, None);
    drop(ana);
    assert_eq!(tandem.stop_and_audit().await, [""; 0]);
}

fn loopback() -> String {
    format!("127.0.0.1:{}", free_port())
}

/// A file system of its own in memory, that is soon full.
struct SmallDisk {
    mountpoint: TempDir,
}

impl SmallDisk {
    fn mount() -> Option<Self> {
        let mountpoint = tempfile::tempdir().expect("a temporary directory");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=16m", "tmpfs", text(mountpoint.path())]);
        if mount.output().is_ok_and(|output| output.status.success()) {
            return Some(Self { mountpoint });
        }
        println!("skipped: no file system can be mounted here, so no disk can be filled");
        None
    }

    fn path(&self) -> &Path {
        self.mountpoint.path()
    }

    /// Leaves no byte.
    fn fill(&self) {
        let full = std::fs::write(self.ballast(), vec![0; 16 << 20]).expect_err("there is less room");
        assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    }

    fn free(&self) {
        std::fs::remove_file(self.ballast()).expect("it is ours");
    }

    fn ballast(&self) -> std::path::PathBuf {
        self.path().join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a process that is just ending may still hold a file.
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}
