//! `DeskService`.

use tandem_domain::Role;
use tandem_proto::v1;
use tandem_service_kit::auth::DeskScope;
use tonic::Code;
use tonic_types::StatusExt;
use v1::diff_desk_request::Other;

use crate::harness::{ACME, Clients, FOREIGN, GLOBEX, Replica, World, apply_request, assert_refused, desk_file};

async fn admin() -> (World, Replica, Clients) {
    let (world, replica) = World::with_desks().await;
    let admin = world.caller_as(&replica, Role::Admin, "root").await;
    (world, replica, admin)
}

/// The desk file with more room for Ana.
fn changed_file() -> String {
    desk_file(ACME).replacen("capacity: 3", "capacity: 4", 1)
}

async fn versions(admin: &Clients) -> Vec<v1::DeskVersion> {
    let list = v1::ListDeskVersionsRequest {
        desk: ACME.into(),
        ..v1::ListDeskVersionsRequest::default()
    };
    admin
        .desks
        .clone()
        .list_desk_versions(list)
        .await
        .expect("versions")
        .into_inner()
        .versions
}

async fn text_of(admin: &Clients, version: u64) -> String {
    let get = v1::GetDeskRequest {
        desk: ACME.into(),
        version,
    };
    admin
        .desks
        .clone()
        .get_desk(get)
        .await
        .expect("a version")
        .into_inner()
        .text
}

#[tokio::test]
async fn a_new_version_comes_into_force_live_and_the_old_one_is_kept() {
    let (_world, _replica, mut admin) = admin().await;
    let applied = admin
        .desks
        .apply_desk(apply_request(ACME, "1", &changed_file()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(applied.version.as_ref().unwrap().version, 2);
    assert!(!applied.unchanged);
    assert!(
        applied.changes.iter().any(|change| change.contains("ana")),
        "{:?}",
        applied.changes
    );
    assert_eq!(admin.agent("ana").await.capacity_units, 4, "live");
    assert_eq!(text_of(&admin, 0).await, changed_file());
    assert_eq!(text_of(&admin, 1).await, desk_file(ACME));
    let all = versions(&admin).await;
    assert_eq!(all.iter().map(|version| version.version).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(all[1], applied.version.unwrap());
}

#[tokio::test]
async fn the_file_in_force_changes_nothing() {
    let (_world, _replica, mut admin) = admin().await;
    let before = versions(&admin).await;
    let applied = admin
        .desks
        .apply_desk(apply_request(ACME, "1", &desk_file(ACME)))
        .await
        .unwrap()
        .into_inner();
    assert!(applied.unchanged && applied.changes.is_empty());
    assert_eq!(applied.version.as_ref(), before.last());
    assert_eq!(versions(&admin).await, before);
}

#[tokio::test]
async fn the_same_request_gets_the_same_answer_and_another_is_refused() {
    let (_world, _replica, mut admin) = admin().await;
    for (id, text) in [("changed", changed_file()), ("unchanged", changed_file())] {
        let request = apply_request(ACME, id, &text);
        let first = admin.desks.apply_desk(request.clone()).await.unwrap().into_inner();
        let again = admin.desks.apply_desk(request).await.unwrap().into_inner();
        assert_eq!(again, first);
        assert_eq!(first.unchanged, id == "unchanged");
        let other = apply_request(ACME, id, &desk_file(ACME));
        assert_refused(admin.desks.apply_desk(other).await, Code::InvalidArgument, "request_id");
    }
    assert_eq!(versions(&admin).await.len(), 2);
}

#[tokio::test]
async fn all_faults_of_a_file_are_reported_with_their_places_and_nothing_changes() {
    let (_world, _replica, mut admin) = admin().await;
    let text = desk_file(ACME)
        .replace("billing: 3", "biling: 3")
        .replacen("capacity: 3", "capacity: lots", 1);
    let status = admin
        .desks
        .apply_desk(apply_request(ACME, "1", &text))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().starts_with("the desk file has 2 faults"), "{status:?}");
    let violations = status.get_details_bad_request().unwrap().field_violations;
    let fields: Vec<_> = violations.iter().map(|violation| violation.field.as_str()).collect();
    let line = |needle: &str| text.lines().position(|line| line.contains(needle)).unwrap() + 1;
    assert!(
        fields[0].starts_with(&format!("{}:", line("lots"))) && fields[0].contains("agents.ana"),
        "{fields:?}"
    );
    assert!(
        fields[1].starts_with(&format!("{}:", line("biling"))) && fields[1].contains("agents.ben"),
        "{fields:?}"
    );
    assert!(
        violations[1].description.contains("billing"),
        "the nearest key: {violations:?}"
    );
    assert_eq!(versions(&admin).await.len(), 1);
}

#[tokio::test]
async fn a_file_with_hundreds_of_faults_is_answered_with_what_a_status_holds_and_compared_with_all() {
    let (_world, _replica, mut admin) = admin().await;
    let wrong =
        |number| format!("  agent{number}: {{teams: [inside], languages: {{de: C1}}, skills: {{biling: 3}}}}\n");
    let agents: String = (0..300).map(wrong).collect();
    let text = desk_file(ACME).replace("agents:\n", &format!("agents:\n{agents}"));
    let status = admin
        .desks
        .apply_desk(apply_request(ACME, "1", &text))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    assert!(
        status.message().starts_with("the desk file has 300 faults"),
        "{status:?}"
    );
    let told = status.get_details_bad_request().unwrap().field_violations.len();
    assert!((5..300).contains(&told), "{told} faults told");
    assert!(
        status.message().len() + status.details().len() * 4 / 3 < 8 * 1024,
        "more than clients take"
    );

    let other = Some(Other::Text(text));
    let diff = v1::DiffDeskRequest {
        desk: ACME.into(),
        base_version: 0,
        other,
    };
    let all = admin.desks.diff_desk(diff).await.unwrap().into_inner().faults;
    assert_eq!(all.len(), 300);
}

#[tokio::test]
async fn a_file_is_applied_where_it_belongs_and_not_larger_than_allowed() {
    let (_world, _replica, mut admin) = admin().await;
    let invalid = Code::InvalidArgument;
    let elsewhere = apply_request(ACME, "1", &desk_file(GLOBEX));
    assert_refused(admin.desks.apply_desk(elsewhere).await, invalid, "desk");
    let large = format!("{}# {}", desk_file(ACME), "x".repeat(1024 * 1024));
    assert_refused(
        admin.desks.apply_desk(apply_request(ACME, "1", &large)).await,
        invalid,
        "text",
    );
    assert_refused(
        admin.desks.apply_desk(apply_request(ACME, "", &changed_file())).await,
        invalid,
        "request_id",
    );
    assert_eq!(versions(&admin).await.len(), 1);
}

#[tokio::test]
async fn a_file_as_large_as_allowed_is_taken_and_kept() {
    let (_world, _replica, mut admin) = admin().await;
    let mut text = format!("{}# ", changed_file());
    text.push_str(&"x".repeat(1024 * 1024 - text.len()));
    admin.desks.apply_desk(apply_request(ACME, "1", &text)).await.unwrap();
    assert_eq!(text_of(&admin, 2).await, text);
}

#[tokio::test]
async fn a_queue_with_tickets_cannot_be_dropped() {
    let (_world, replica, mut admin) = admin().await;
    replica.open_ticket(ACME, None).await;
    let text = desk_file(ACME)
        .replace("queue: general", "queue: second")
        .replace("  general: {teams: [inside]}\n", "");
    let status = admin
        .desks
        .apply_desk(apply_request(ACME, "1", &text))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert!(status.message().contains("general"), "{status:?}");
    assert_eq!(text_of(&admin, 0).await, desk_file(ACME));
}

#[tokio::test]
async fn a_difference_is_shown_without_changing_anything() {
    let (_world, _replica, mut admin) = admin().await;
    let diff = |other| v1::DiffDeskRequest {
        desk: ACME.into(),
        base_version: 0,
        other,
    };
    let text = |text: String| diff(Some(Other::Text(text)));
    let same = admin.desks.diff_desk(text(desk_file(ACME))).await.unwrap().into_inner();
    assert_eq!(same, v1::DiffDeskResponse::default());
    let changed = admin.desks.diff_desk(text(changed_file())).await.unwrap().into_inner();
    assert_eq!(changed.changes.len(), 1, "{changed:?}");
    let wrong = admin
        .desks
        .diff_desk(text("desk: acme\n".into()))
        .await
        .unwrap()
        .into_inner();
    assert!(!wrong.faults.is_empty() && wrong.changes.is_empty());
    assert_eq!(versions(&admin).await.len(), 1);

    let none = admin.desks.diff_desk(diff(None)).await;
    assert_refused(none, Code::InvalidArgument, "other");
    let absent = admin.desks.diff_desk(diff(Some(Other::Version(9)))).await;
    assert_refused(absent, Code::NotFound, "version");
    let absent = v1::DiffDeskRequest {
        base_version: 9,
        ..text(changed_file())
    };
    assert_refused(admin.desks.diff_desk(absent).await, Code::NotFound, "base_version");

    admin
        .desks
        .apply_desk(apply_request(ACME, "1", &changed_file()))
        .await
        .unwrap();
    let back = v1::DiffDeskRequest {
        desk: ACME.into(),
        base_version: 2,
        other: Some(Other::Version(1)),
    };
    let back = admin.desks.diff_desk(back).await.unwrap().into_inner();
    assert_eq!(back.changes.len(), 1, "{back:?}");
}

#[tokio::test]
async fn a_desk_that_does_not_exist_yet_can_be_tried_out() {
    let (world, replica, _) = admin().await;
    let founder = world.token(Role::Admin, "founder", DeskScope::All);
    let mut founder = world.caller(&replica, &founder).await;
    let other = Some(Other::Text(desk_file("hooli")));
    let diff = v1::DiffDeskRequest {
        desk: "hooli".into(),
        base_version: 0,
        other,
    };
    let difference = founder.desks.diff_desk(diff).await.unwrap().into_inner();
    assert!(
        difference.faults.is_empty() && difference.changes.len() == 1,
        "{difference:?}"
    );
    let get = v1::GetDeskRequest {
        desk: "hooli".into(),
        version: 0,
    };
    assert_eq!(founder.desks.get_desk(get).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn only_the_desks_that_the_token_names_are_listed() {
    let (world, replica, mut admin) = admin().await;
    let list = v1::ListDesksRequest {
        page_size: 1,
        page_token: String::new(),
    };
    let first = admin.desks.list_desks(list.clone()).await.unwrap().into_inner();
    assert_eq!(first.desks, [ACME]);
    let next = v1::ListDesksRequest {
        page_token: first.next_page_token,
        ..list
    };
    let second = admin.desks.list_desks(next).await.unwrap().into_inner();
    assert_eq!(
        (second.desks, second.next_page_token),
        (vec![GLOBEX.to_owned()], String::new())
    );

    let founder = world.token(Role::Admin, "founder", DeskScope::All);
    let mut founder = world.caller(&replica, &founder).await;
    let all = founder
        .desks
        .list_desks(v1::ListDesksRequest::default())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(all.desks, [ACME, GLOBEX, FOREIGN]);
}

#[tokio::test]
async fn what_is_not_parked_is_not_retried() {
    let (_world, _replica, mut admin) = admin().await;
    let list = v1::ListParkedRequest {
        desk: ACME.into(),
        ..v1::ListParkedRequest::default()
    };
    let parked = admin.desks.list_parked(list).await.unwrap().into_inner();
    assert_eq!(parked, v1::ListParkedResponse::default());
    let retry = |request_id: &str, parked_id: &str| v1::RetryParkedRequest {
        desk: ACME.into(),
        request_id: request_id.into(),
        parked_id: parked_id.into(),
    };
    let answer = admin
        .desks
        .retry_parked(retry("1", "router:command:0"))
        .await
        .unwrap()
        .into_inner();
    assert!(!answer.retried);
    assert_refused(
        admin.desks.retry_parked(retry("1", "")).await,
        Code::InvalidArgument,
        "parked_id",
    );
    assert_refused(
        admin.desks.retry_parked(retry("", "x")).await,
        Code::InvalidArgument,
        "request_id",
    );
}

#[tokio::test]
async fn the_journal_level_is_raised_to_what_this_program_knows_and_no_further() {
    let (_world, _replica, mut admin) = admin().await;
    let raise = |request_id: &str, level| v1::RaiseJournalLevelRequest {
        desk: ACME.into(),
        request_id: request_id.into(),
        level,
    };
    let raised = admin
        .desks
        .raise_journal_level(raise("1", 1))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(raised.level, 1);
    assert_refused(
        admin.desks.raise_journal_level(raise("2", 99)).await,
        Code::FailedPrecondition,
        "level",
    );
    assert_refused(
        admin.desks.raise_journal_level(raise("3", 0)).await,
        Code::InvalidArgument,
        "level",
    );
    assert_refused(
        admin.desks.raise_journal_level(raise("", 1)).await,
        Code::InvalidArgument,
        "request_id",
    );
}
