//! What is done with tickets beyond serving them: each call's good case, who may, what is refused and that nothing
//! changes then, and that repeats are harmless.

mod bulk;
mod sharing;

use prost_types::{Duration, Timestamp};
use tandem_domain::Role;
use tandem_proto::v1;
use tonic::{Code, Status};
use v1::RoutingState;
use v1::consult_ticket_request::Target;

use crate::harness::{ACME, Clients, Replica, World, assert_refused};

/// Ana and Ben are online, and Ana has a ticket.
struct Scene {
    world: World,
    replica: Replica,
    boss: Clients,
    ana: Clients,
    ben: Clients,
    ticket: u64,
}

impl Scene {
    async fn new() -> Self {
        let (world, replica) = World::with_desks().await;
        let boss = world.caller_as(&replica, Role::Supervisor, "boss").await;
        let ana = world.caller_as(&replica, Role::Agent, "ana").await;
        let ben = world.caller_as(&replica, Role::Agent, "ben").await;
        ana.go_online("ana").await;
        let ticket = replica.open_ticket(ACME, None).await;
        let offer = boss.ticket(ticket).await.offer.expect("an offer").offer_id;
        ana.accept("ana", offer, "take").await.expect("an open offer");
        ben.go_online("ben").await;
        Self {
            world,
            replica,
            boss,
            ana,
            ben,
            ticket,
        }
    }

    /// The refusal, and that the ticket is as it was.
    async fn is_refused(&self, answer: Result<v1::Ticket, Status>, before: &v1::Ticket, code: Code, field: &str) {
        assert_refused(answer, code, field);
        assert_eq!(&self.boss.ticket(before.ticket_id).await, before);
    }

    /// A time, by the desk's clock.
    async fn in_seconds(&self, seconds: i64) -> Option<Timestamp> {
        let now = self.world.store.now().await.expect("the store works");
        let seconds = now.as_micros().div_euclid(1_000_000) + seconds;
        Some(Timestamp { seconds, nanos: 0 })
    }

    async fn now(&self) -> v1::Ticket {
        self.boss.ticket(self.ticket).await
    }
}

/// A call that answers with a ticket.
macro_rules! calls {
    ($($name:ident($request:ident { $($field:ident: $type:ty),* }) by $method:ident;)*) => {
        $(pub(crate) async fn $name(
            caller: &Clients,
            request_id: &str,
            ticket_id: u64,
            $($field: $type),*
        ) -> Result<v1::Ticket, Status> {
            let request = v1::$request { desk: ACME.into(), request_id: request_id.into(), ticket_id, $($field: $field.into()),* };
            let answer = caller.tickets.clone().$method(request).await?.into_inner();
            Ok(answer.ticket.expect("the ticket as it is now"))
        })*
    };
}

calls! {
    pull(PullTicketRequest { agent: &str }) by pull_ticket;
    consult(ConsultTicketRequest { target: impl Into<Option<Target>> }) by consult_ticket;
    end_help(EndHelpRequest { agent: &str }) by end_help;
    hand_over(HandOverTicketRequest { agent: &str }) by hand_over_ticket;
    merge(MergeTicketsRequest { into: u64 }) by merge_tickets;
    split(SplitTicketRequest { message_ids: Vec<String> }) by split_ticket;
    schedule(ScheduleTicketRequest { until: Option<Timestamp> }) by schedule_ticket;
    adjust_age(AdjustTicketAgeRequest { by: impl Into<Option<Duration>> }) by adjust_ticket_age;
    resolve(ResolveTicketRequest {}) by resolve_ticket;
}

fn of_agent(agent: &str) -> Target {
    Target::Agent(agent.into())
}

fn of_queue(queue: &str) -> Target {
    Target::Queue(queue.into())
}

const fn seconds(seconds: i64) -> Duration {
    Duration { seconds, nanos: 0 }
}

/// Ben helps with Ana's ticket.
async fn with_help(scene: &Scene) {
    let asked = consult(&scene.ana, "ask", scene.ticket, of_agent("ben"))
        .await
        .expect("she owns it");
    let offer = asked.help_offers[0].offer_id;
    scene.ben.accept("ben", offer, "help").await.expect("an open offer");
}

#[tokio::test]
async fn a_supervisor_pulls_a_ticket_to_somebody_else() {
    let scene = Scene::new().await;
    let pulled = pull(&scene.boss, "1", scene.ticket, "ben").await.unwrap();
    assert_eq!((pulled.state(), pulled.owner.as_str()), (RoutingState::Assigned, "ben"));
    assert!(scene.ana.work_list("ana").await.tickets.is_empty());
    let again = pull(&scene.boss, "1", scene.ticket, "ben").await.unwrap();
    assert_eq!(again, pulled, "the same request is done once");
}

#[tokio::test]
async fn a_ticket_is_not_pulled_to_whom_it_cannot_go() {
    let scene = Scene::new().await;
    let before = scene.now().await;
    let id = scene.ticket;
    let boss = &scene.boss;
    let early = Code::FailedPrecondition;
    scene
        .is_refused(pull(boss, "r", id, "ana").await, &before, early, "agent")
        .await;
    scene
        .is_refused(pull(boss, "r", id, "bob").await, &before, Code::NotFound, "agent")
        .await;
    let nobody = pull(boss, "r", id, "").await;
    scene.is_refused(nobody, &before, Code::InvalidArgument, "agent").await;
    scene.ben.set_presence("ben", v1::Presence::Offline, "gone").await;
    scene
        .is_refused(pull(boss, "r", id, "ben").await, &before, early, "agent")
        .await;
    let missing = pull(boss, "r", 99, "ben").await;
    scene.is_refused(missing, &before, Code::NotFound, "ticket_id").await;
    let agent = pull(&scene.ben, "r", id, "ben").await.unwrap_err();
    assert_eq!(agent.code(), Code::PermissionDenied);
    resolve(&scene.ana, "done", id).await.unwrap();
    let over = scene.now().await;
    scene
        .is_refused(pull(boss, "r", id, "ana").await, &over, early, "ticket_id")
        .await;
}

#[tokio::test]
async fn a_helper_is_asked_comes_and_leaves() {
    let scene = Scene::new().await;
    with_help(&scene).await;
    let helped = scene.now().await;
    assert_eq!(
        (helped.owner.as_str(), &helped.helpers[..]),
        ("ana", &["ben".to_owned()][..])
    );
    let left = end_help(&scene.ben, "1", scene.ticket, "ben").await.unwrap();
    assert_eq!((left.owner.as_str(), left.helpers.len()), ("ana", 0));
    let again = end_help(&scene.ben, "1", scene.ticket, "ben").await.unwrap();
    assert_eq!(again, left);
    let early = Code::FailedPrecondition;
    let anew = end_help(&scene.ben, "2", scene.ticket, "ben").await;
    scene.is_refused(anew, &left, early, "agent").await;
}

#[tokio::test]
async fn somebody_who_is_asked_for_help_may_be_let_alone_again() {
    let scene = Scene::new().await;
    let asked = consult(&scene.ana, "ask", scene.ticket, of_queue("general"))
        .await
        .unwrap();
    let offer = asked.help_offers[0].clone();
    assert_eq!(offer.agent, "ben");
    let alone = end_help(&scene.ana, "1", scene.ticket, "ben").await.unwrap();
    assert!(alone.help_offers.is_empty());
    let late = scene.ben.accept("ben", offer.offer_id, "late").await;
    scene
        .is_refused(late, &alone, Code::FailedPrecondition, "offer_id")
        .await;
}

#[tokio::test]
async fn help_is_asked_for_by_the_owner_and_of_somebody_who_can() {
    let scene = Scene::new().await;
    let before = scene.now().await;
    let (ana, id, early) = (&scene.ana, scene.ticket, Code::FailedPrecondition);
    let stranger = consult(&scene.ben, "r", id, of_agent("ben")).await;
    scene
        .is_refused(stranger, &before, Code::PermissionDenied, "ticket_id")
        .await;
    let nobody = consult(ana, "r", id, None::<Target>).await;
    scene.is_refused(nobody, &before, Code::InvalidArgument, "target").await;
    for (target, field) in [(of_agent("bob"), "agent"), (of_queue("secnd"), "queue")] {
        let unknown = consult(ana, "r", id, target).await;
        scene.is_refused(unknown, &before, Code::NotFound, field).await;
    }
    let herself = consult(ana, "r", id, of_agent("ana")).await;
    scene.is_refused(herself, &before, early, "agent").await;
    scene.ben.set_presence("ben", v1::Presence::Offline, "gone").await;
    let away = consult(ana, "r", id, of_agent("ben")).await;
    scene.is_refused(away, &before, early, "agent").await;
    let none = consult(ana, "r", id, of_queue("general")).await;
    scene.is_refused(none, &before, early, "queue").await;
    let waiting = scene.replica.open_ticket(ACME, Some("billing")).await;
    let queued = scene.boss.ticket(waiting).await;
    let unowned = consult(&scene.boss, "r", waiting, of_agent("ana")).await;
    scene.is_refused(unowned, &queued, early, "ticket_id").await;
}

#[tokio::test]
async fn an_owner_hands_over_to_a_helper_and_to_nobody_else() {
    let scene = Scene::new().await;
    let before = scene.now().await;
    let early = Code::FailedPrecondition;
    let unasked = hand_over(&scene.ana, "r", scene.ticket, "ben").await;
    scene.is_refused(unasked, &before, early, "agent").await;
    with_help(&scene).await;
    let helped = scene.now().await;
    let by_ben = hand_over(&scene.ben, "r", scene.ticket, "ben").await;
    scene
        .is_refused(by_ben, &helped, Code::PermissionDenied, "ticket_id")
        .await;
    let unknown = hand_over(&scene.ana, "r", scene.ticket, "bob").await;
    scene.is_refused(unknown, &helped, Code::NotFound, "agent").await;
    let handed = hand_over(&scene.ana, "1", scene.ticket, "ben").await.unwrap();
    assert_eq!((handed.owner.as_str(), handed.helpers.len()), ("ben", 0));
    let again = hand_over(&scene.ana, "1", scene.ticket, "ben").await.unwrap();
    assert_eq!(
        again, handed,
        "the answer of then, though the ticket is not hers any more"
    );
}

#[tokio::test]
async fn a_scheduled_ticket_waits_for_its_time_and_enters_its_queue_then() {
    let scene = Scene::new().await;
    let until = scene.in_seconds(2).await;
    let set_aside = schedule(&scene.ana, "1", scene.ticket, until).await.unwrap();
    assert_eq!(
        (set_aside.state(), set_aside.scheduled_until, set_aside.owner.as_str()),
        (RoutingState::Scheduled, until, "")
    );
    assert_eq!(schedule(&scene.ana, "1", scene.ticket, until).await.unwrap(), set_aside);
    crate::harness::eventually(async || scene.now().await.offer.is_some()).await;
    assert_eq!(scene.now().await.opened_at, set_aside.opened_at, "with its age");
}

#[tokio::test]
async fn a_ticket_is_scheduled_within_a_year_by_whose_it_is() {
    let scene = Scene::new().await;
    let before = scene.now().await;
    let (ana, id, invalid) = (&scene.ana, scene.ticket, Code::InvalidArgument);
    let far = Some(Timestamp {
        seconds: i64::MAX,
        nanos: 0,
    });
    let (past, too_far) = (scene.in_seconds(-1).await, scene.in_seconds(367 * 24 * 3600).await);
    let soon = scene.in_seconds(60).await;
    for until in [None, far, past, too_far] {
        let refused = schedule(ana, "r", id, until).await;
        scene.is_refused(refused, &before, invalid, "until").await;
    }
    let stranger = schedule(&scene.ben, "r", id, soon).await;
    scene
        .is_refused(stranger, &before, Code::PermissionDenied, "ticket_id")
        .await;
    let missing = schedule(ana, "r", 99, soon).await;
    scene.is_refused(missing, &before, Code::NotFound, "ticket_id").await;
}

#[tokio::test]
async fn an_age_is_adjusted_by_supervisors_and_measured_as_before() {
    let scene = Scene::new().await;
    let waiting = scene.replica.open_ticket(ACME, None).await;
    scene.ana.set_presence("ana", v1::Presence::Away, "away").await;
    scene.ben.set_presence("ben", v1::Presence::Away, "away").await;
    let before = scene.boss.ticket(waiting).await;
    let older = adjust_age(&scene.boss, "1", waiting, seconds(90)).await.unwrap();
    assert_eq!((older.aged_by_millis, older.opened_at), (90_000, before.opened_at));
    assert_eq!(adjust_age(&scene.boss, "1", waiting, seconds(90)).await.unwrap(), older);
    let month = 30 * 24 * 3600;
    for by in [
        None,
        Some(seconds(month + 1)),
        Some(seconds(-month - 1)),
        Some(seconds(i64::MIN)),
    ] {
        let refused = adjust_age(&scene.boss, "r", waiting, by).await;
        scene.is_refused(refused, &older, Code::InvalidArgument, "by").await;
    }
    let agent = adjust_age(&scene.ana, "r", waiting, seconds(1)).await.unwrap_err();
    assert_eq!(agent.code(), Code::PermissionDenied);
}
