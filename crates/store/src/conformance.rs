//! One suite of behaviours that every store must show. `conformance!(start)` makes a test of each, where `start`
//! is an async function that returns a fresh [`Subject`], or none where there is nothing to test with.

pub mod accept;
pub mod conversations;
pub mod jobs;
pub mod journal;
pub mod leases;
pub mod outbox;
pub mod positions;
pub mod requests;
pub mod rows;
pub mod snapshots;
pub mod speed;

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tandem_domain::{DeskId, Timestamp};
use tokio::time::Instant;

use crate::{Append, Commit, NewRecord, Row, Store, Stream};

/// An empty store under test.
pub struct Subject {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The same store as another process sees it; for SQLite, which allows one process, the same handle.
    pub other: Arc<dyn Store>,
    /// What must live as long as the store, such as a server or a directory.
    pub keep: Box<dyn Any + Send + Sync>,
}

/// How long a condition may take to come true on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until `condition` is true.
///
/// # Panics
/// If it does not come true in time.
pub async fn eventually(mut condition: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition().await {
        assert!(Instant::now() < deadline, "it did not come true within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn desk(name: &str) -> DeskId {
    name.parse().expect("the tests use good keys")
}

fn stream(name: &str) -> Stream {
    Stream::new("router", desk(name))
}

fn record(payload: &str) -> NewRecord {
    let at = Timestamp::from_micros(1_700_000_000_000_000);
    NewRecord {
        kind: "TicketOpened".to_owned(),
        at,
        payload: Bytes::copy_from_slice(payload.as_bytes()),
    }
}

/// A commit of `payloads` at `first_seq`.
fn append(stream: &Stream, first_seq: u64, payloads: &[&str]) -> Commit {
    let records = payloads.iter().map(|payload| record(payload)).collect();
    let append = Append {
        stream: stream.clone(),
        first_seq,
        incarnation: 7,
        records,
    };
    Commit {
        append: Some(append),
        ..Commit::default()
    }
}

fn row(desk: &DeskId, key: &str, value: &str) -> Row {
    let value = Some(Bytes::copy_from_slice(value.as_bytes()));
    Row {
        desk: desk.clone(),
        table: "ticket".to_owned(),
        key: key.to_owned(),
        value,
    }
}

fn rows(rows: Vec<Row>) -> Commit {
    Commit {
        rows,
        ..Commit::default()
    }
}

/// Makes a test of every behaviour of the suite.
#[macro_export]
macro_rules! conformance {
    ($start:path) => {
        $crate::conformance!(@module $start, journal: [
            what_was_appended_is_read_back_in_order, reading_starts_at_a_seq_and_ends_at_a_limit,
            a_stream_without_records_has_no_tail, the_tail_is_the_last_record,
            streams_are_listed_by_desk_and_service, a_seq_is_written_once, a_gap_is_fenced,
            of_two_writers_on_one_seq_exactly_one_wins, a_fenced_commit_leaves_nothing,
            desks_and_services_do_not_fence_each_other, an_empty_commit_changes_nothing,
            a_commit_is_finished_even_if_nobody_waits, a_reader_never_sees_half_a_commit,
            a_large_batch_is_one_commit, the_clock_goes_on,
        ]);
        $crate::conformance!(@module $start, rows: [
            a_row_is_put_replaced_and_deleted, the_last_word_on_a_key_in_a_commit_counts,
            pages_come_in_bytewise_order, percent_and_underscore_in_a_prefix_mean_themselves,
            a_page_starts_after_a_key_that_need_not_exist, desks_and_tables_are_apart,
            an_empty_scan_is_the_last_page, a_large_value_is_kept,
        ]);
        $crate::conformance!(@module $start, requests: [
            a_request_is_remembered_with_its_answer, a_remembered_request_is_not_overwritten,
            an_expired_request_is_overwritten, an_expired_request_is_not_found_and_can_be_forgotten,
            of_two_requests_under_one_key_in_a_commit_the_first_is_kept, any_text_makes_a_key,
            desks_callers_and_methods_are_apart,
        ]);
        $crate::conformance!(@module $start, positions: [
            a_position_moves_from_where_it_is, a_position_that_moved_refuses_the_whole_commit,
            a_position_goes_back_only_in_another_history, of_two_replicas_one_moves_a_position,
            a_position_can_move_twice_in_a_commit,
        ]);
        $crate::conformance!(@module $start, snapshots: [
            the_newest_snapshot_is_kept, a_snapshot_never_goes_back, a_dropped_snapshot_is_gone,
            a_large_snapshot_is_kept,
        ]);
        $crate::conformance!(@module $start, leases: [
            a_lease_is_taken_and_renewed, nobody_else_gets_a_lease_before_it_expires,
            an_expired_lease_is_taken_over, a_lease_is_given_back_only_by_its_owner,
            leases_are_listed_by_prefix_with_expired_ones, of_two_owners_exactly_one_gets_a_lease,
        ]);
        $crate::conformance!(@module $start, accept: [
            a_first_message_starts_a_conversation, a_duplicate_is_answered_with_the_first_one,
            a_duplicate_within_a_batch_is_one_message, a_message_is_a_duplicate_for_ever,
            a_message_is_found_by_its_strongest_key, a_known_key_keeps_its_conversation,
            a_batch_sees_its_own_conversations, a_message_without_conversation_is_unrouted,
            a_bounce_of_a_known_conversation_joins_it, concurrent_first_messages_make_one_conversation,
            concurrent_batches_in_any_order_all_end, an_id_of_another_message_is_refused, desks_share_nothing,
            documents_are_listed_in_the_order_in_which_they_were_stored, any_bytes_make_a_key,
            a_large_raw_message_is_kept, an_empty_batch_is_answered_with_nothing,
        ]);
        $crate::conformance!(@module $start, outbox: [
            a_row_is_claimed_once_and_in_order, a_row_may_be_claimed_as_it_is_stored, a_claim_that_ran_out_is_claimed_again,
            concurrent_claims_never_share_a_row, a_settled_row_is_gone_and_its_document_on_the_ticket,
            a_row_that_no_ticket_takes_is_unrouted, a_retry_waits_until_it_is_due,
            a_retry_does_not_block_those_behind_it, a_parked_row_waits_for_a_hand,
            settling_twice_changes_nothing, the_outbox_is_listed_in_pages,
        ]);
        $crate::conformance!(@module $start, conversations: [
            an_answer_is_no_document_before_it_is_released, an_answer_is_the_same_for_ever,
            concurrent_repeats_of_an_answer_are_one, releasing_twice_changes_nothing,
            releases_and_messages_get_numbers_of_their_own, a_conversation_is_read_forwards_and_backwards,
            documents_move_to_a_ticket_of_their_own_and_back,
            what_moved_before_the_outbox_was_settled_stays_where_it_went,
            drafts_that_were_never_released_are_forgotten,
        ]);
        $crate::conformance!(@module $start, jobs: [
            a_job_is_claimed_once_with_what_it_was_given, jobs_are_claimed_when_due_and_the_longest_due_first,
            a_job_is_the_same_for_ever_even_when_it_is_done, queues_and_desks_are_apart,
            jobs_are_queued_with_their_commit_or_not_at_all, a_claimed_job_whose_worker_is_gone_is_claimed_again,
            concurrent_claims_never_share_a_job, a_retry_waits_until_it_is_due_and_may_change_the_job,
            a_failed_job_waits_for_a_hand, a_job_that_waits_can_be_made_due_but_not_one_that_is_worked_on,
            what_is_done_stays_done, jobs_are_listed_in_pages_by_id,
        ]);
    };
    (@module $start:path, $module:ident: [$($behaviour:ident),+ $(,)?]) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $behaviour() {
                    if let Some(subject) = $start().await {
                        $crate::conformance::$module::$behaviour(&subject).await;
                    }
                }
            )+
        }
    };
}
