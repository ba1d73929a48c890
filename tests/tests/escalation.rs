//! Escalation in a cluster: each rung once, signed, and no later ones for whoever takes care, also under kills.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tandem_proto::v1::{self, Priority};
use tandem_tests::agent::{Desktop, request_id};
use tandem_tests::cluster::{Cluster, OwnSetting, Service};
use tandem_tests::desks::{ACME, file_with};
use tandem_tests::lists;
use tandem_tests::site::Site;
use tandem_tests::wait::eventually;

/// What a killed replica was just sending is sent by the other one after so long.
const SOON: [OwnSetting; 2] = [
    (Service::Escalation, "TANDEM_WEBHOOKS__TIMEOUT", "2s"),
    (Service::Escalation, "TANDEM_SMARTHOST__TIMEOUT", "2s"),
];

/// A ticket's rung: its place on the ladder, and which of its repeats.
type Rung = (u32, u32);

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_mail_climbs_its_ladder_once_whoever_is_killed_until_somebody_takes_care() {
    let Some(mut cluster) = Cluster::start_with(&SOON).await else {
        return;
    };
    cluster.site.apply(ACME, &promises(&cluster.site.hooks.url())).await;
    let forgotten = cluster.site.ticket_about(ACME, "forgotten").await;
    promised(&cluster.site, forgotten).await;

    move_the_desk(&mut cluster).await;
    let raised = raised(&cluster.site, forgotten).await;
    told(&cluster.site, forgotten, (2, 0)).await;
    let owner = move_the_desk(&mut cluster).await;
    let before = told_so_far(&cluster.site, forgotten).len();
    eventually("it goes on climbing", async || {
        (told_so_far(&cluster.site, forgotten).len() > before + 1).then_some(())
    })
    .await;

    let taken_care_of = acknowledge(&cluster.site, 1 - owner, forgotten).await;
    assert_eq!(taken_care_of.acknowledged_by, "admin");
    assert!(!taken_care_of.open);
    // The clocks of a desk share one time: when a later ticket has climbed on for longer than between two repeats, the
    // forgotten one would have, too.
    let later = cluster.site.ticket_about(ACME, "later").await;
    told(&cluster.site, later, (2, 2)).await;

    let [escalation] = &escalations(&cluster.site, forgotten).await[..] else {
        panic!("one clock has one escalation")
    };
    assert_eq!(escalation.rungs, taken_care_of.rungs);
    assert_eq!(rungs(escalation), climbed(escalation.rungs.len()));
    let told: BTreeSet<Rung> = rungs(escalation).into_iter().filter(|(rung, _)| *rung == 2).collect();
    eventually("each of them is told", async || {
        (told_so_far(&cluster.site, forgotten) == told).then_some(())
    })
    .await;
    let now = cluster.site.ticket(ACME, forgotten).await.expect("a ticket");
    assert_eq!(
        now.version, raised.version,
        "it was raised once, and nothing else happened to it"
    );
    assert_eq!(cluster.site.hooks.forged(), 0);
    assert_eq!(cluster.stop_and_audit().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_in_time_is_no_escalation_and_a_late_one_ends_it() {
    let Some(mut cluster) = Cluster::start_with(&SOON).await else {
        return;
    };
    cluster.site.apply(ACME, &promises(&cluster.site.hooks.url())).await;
    let clients = cluster.site.agent(1, ACME, "ana");
    let mut ana = Desktop::open(&clients, ACME, "ana").await.expect("a stream");
    let quick = cluster.site.ticket_about(ACME, "quick").await;
    ana.take(quick).await;
    ana.reply(&request_id(), quick, "At once.").await.expect("it is hers");
    let late = cluster.site.ticket_about(ACME, "late").await;
    ana.take(late).await;
    told(&cluster.site, late, (2, 0)).await;

    let owner = move_the_desk(&mut cluster).await;
    ana.reply(&request_id(), late, "At last.").await.expect("it is hers");
    let over = eventually("the clock has stopped", async || {
        let clocks = lists::clocks(&cluster.site.clocks(owner), ACME, late).await.ok()?;
        clocks.into_iter().find(|clock| clock.ended_at.is_some())
    })
    .await;
    assert_eq!(over.state(), v1::ClockState::Breached, "a late answer undoes no breach");
    assert_eq!(escalations(&cluster.site, quick).await, []);
    let [escalation] = &escalations(&cluster.site, late).await[..] else {
        panic!("one clock has one escalation")
    };
    assert!(
        !escalation.open && escalation.acknowledged_by.is_empty(),
        "{escalation:?}"
    );
    assert_eq!(rungs(escalation), climbed(escalation.rungs.len()));
    let counts = eventually("the breach is counted", async || {
        let counts = lists::counts(&cluster.site.measures(0), ACME).await.ok()?;
        counts.breached.filter(|breached| breached.first_response > 0)
    })
    .await;
    assert_eq!(counts.first_response, 1);
    drop(ana);
    assert_eq!(cluster.stop_and_audit().await, [""; 0]);
}

/// A desk's file by which customers wait 2 s for an answer; then the lead hears of it, again and again.
fn promises(hook: &str) -> String {
    let sections = format!(
        "\
contacts:
  pager: {{webhook: \"{hook}\", secret: pager}}
roles:
  lead: [pager]
ladders:
  alarm:
    - {{at: 50%, raise_priority: high}}
    - {{at: breach, tell: [lead], repeat: {{every: 1s, times: 50}}}}
sla:
  - name: all
    targets: {{first_response: 2s}}
    ladders: {{first_response: alarm}}
"
    );
    file_with(ACME, &sections)
}

/// Kills the replica that watches the desk's clocks, waits until the other one does, and brings the first one back.
/// Returns the new owner.
async fn move_the_desk(cluster: &mut Cluster) -> usize {
    let owner = cluster.owner(Service::Escalation, ACME);
    cluster.process((Service::Escalation, owner)).kill9();
    eventually("the desk has moved", async || {
        (cluster.owner(Service::Escalation, ACME) != owner).then_some(())
    })
    .await;
    cluster.revive((Service::Escalation, owner));
    1 - owner
}

/// Waits until a ticket has a clock.
async fn promised(site: &Site, ticket: u64) {
    eventually("a clock runs", async || {
        let clocks = lists::clocks(&site.clocks(0), ACME, ticket).await.ok()?;
        (!clocks.is_empty()).then_some(())
    })
    .await;
}

/// Waits until a ticket is urgent enough.
async fn raised(site: &Site, ticket: u64) -> v1::Ticket {
    eventually("the priority is raised", async || {
        let ticket = site.ticket(ACME, ticket).await.ok()?;
        (ticket.priority() == Priority::High).then_some(ticket)
    })
    .await
}

/// Somebody takes care of a ticket's escalation, at a replica.
async fn acknowledge(site: &Site, replica: usize, ticket: u64) -> v1::Escalation {
    let [escalation] = &escalations(site, ticket).await[..] else {
        panic!("one clock has one escalation")
    };
    let request = v1::AcknowledgeEscalationRequest {
        desk: ACME.to_owned(),
        request_id: request_id(),
        escalation_id: escalation.escalation_id,
    };
    let clients = site.clocks(replica);
    let answer = eventually("it is acknowledged", async || {
        clients.escalations().acknowledge_escalation(request.clone()).await.ok()
    })
    .await;
    answer.into_inner().escalation.expect("an answer has its escalation")
}

async fn escalations(site: &Site, ticket: u64) -> Vec<v1::Escalation> {
    eventually("escalations are listed", async || {
        lists::escalations(&site.clocks(0), ACME, ticket).await.ok()
    })
    .await
}

fn rungs(escalation: &v1::Escalation) -> Vec<Rung> {
    let rungs = escalation.rungs.iter();
    rungs.map(|rung| (rung.rung, rung.repeat)).collect()
}

/// The first rungs of the ladder, none left out.
fn climbed(count: usize) -> Vec<Rung> {
    let repeats = (0..).map(|repeat| (2, repeat));
    std::iter::once((1, 0)).chain(repeats).take(count).collect()
}

/// Waits until the lead was told of a ticket's rung.
async fn told(site: &Site, ticket: u64, rung: Rung) {
    eventually(&format!("rung {rung:?} of ticket {ticket} is told"), async || {
        told_so_far(site, ticket).contains(&rung).then_some(())
    })
    .await;
}

/// Of which rungs of a ticket the lead was told. One notification for each, however often it came.
fn told_so_far(site: &Site, ticket: u64) -> BTreeSet<Rung> {
    let mut told = BTreeMap::new();
    for (id, bodies) in site.hooks.taken() {
        assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
        let notification: Value = serde_json::from_str(&bodies[0]).expect("webhooks are JSON");
        let data = &notification["data"];
        if data["ticket"] == ticket {
            assert_eq!(data["clock"], "first_response");
            let number = |name: &str| u32::try_from(data[name].as_u64().expect("a number")).expect("a small one");
            let before = told.insert((number("rung"), number("repeat")), id);
            assert_eq!(before, None, "two notifications of one rung: {notification}");
        }
    }
    told.into_keys().collect()
}
