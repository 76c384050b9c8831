//! The store: one suite for both databases. SQLite always; PostgreSQL with the feature `services`.

mod access;
mod attempts;
mod commands;
mod databases;
mod events;
mod fixture;
mod invariants;
mod leases;
mod lists;
mod model;
mod outbox;
mod races;
mod uploads;
mod worker;

/// Makes each test of the suite run on each database.
macro_rules! on_every_database {
    ($($module:ident { $($name:ident)* })*) => {
        mod on_sqlite {
            $(mod $module {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $name() {
                    let fixture = $crate::store::fixture::Fixture::on_sqlite().await;
                    $crate::store::$module::$name(&fixture).await;
                    fixture.end().await;
                })*
            })*
        }

        #[cfg(feature = "services")]
        mod on_postgres {
            $(mod $module {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $name() {
                    let fixture = $crate::store::fixture::Fixture::on_postgres().await;
                    $crate::store::$module::$name(&fixture).await;
                    fixture.end().await;
                })*
            })*
        }
    };
}

on_every_database! {
    access {
        a_workspace_has_its_owner
        people_are_found_in_their_workspace_only
        a_token_stands_for_its_principal_until_it_ends
        a_token_of_another_workspace_cannot_be_revoked
        everything_done_is_on_record
    }
    uploads {
        an_upload_brings_a_file
        a_second_completion_changes_nothing
        other_bytes_than_declared_are_refused
        an_abandoned_upload_fails_what_waits_for_it
        one_caller_has_the_turn_to_complete
        lapsed_uploads_are_found
        a_repeated_request_makes_one_upload
    }
    commands {
        an_inspection_may_come_before_its_file
        a_repeated_request_makes_one_inspection
        a_key_is_not_taken_by_a_request_that_fails
        a_request_is_forgotten_in_time
        a_stale_version_is_refused
        what_the_state_does_not_allow_is_refused
        another_workspace_sees_and_touches_nothing
        a_pause_lets_running_work_finish
        what_is_held_does_not_end
        a_cancellation_waits_for_running_work
        a_cancellation_with_nothing_running_is_over_at_once
        a_retry_goes_on_with_what_is_left
        a_rerun_repeats_the_spec
    }
    attempts {
        from_survey_to_success
        success_is_the_last_event
        the_same_message_counts_once
        only_the_run_that_claimed_counts
        a_run_of_an_earlier_epoch_is_revoked
        a_task_planned_again_is_the_same
        a_partial_inspected_again_replaces_the_first
        a_failure_that_trying_again_cannot_mend_fails_the_inspection
        the_budget_without_progress_runs_out
        progress_buys_patience_but_not_for_ever
        nobody_is_released_twice_or_when_not_wanted
        a_stopped_run_costs_no_budget
        a_step_after_the_end_is_not_wanted
        progress_is_state_until_the_end
    }
    leases {
        silence_costs_an_attempt_by_the_clock_of_the_results
        a_heartbeat_keeps_the_lease_and_hears_of_orders
        messages_that_nobody_takes_cost_the_larger_budget_only
        an_inspection_waits_only_when_nothing_of_it_can_run
        a_silent_worker_does_not_hold_up_a_cancellation
        nothing_to_do_is_found
        a_row_that_cannot_be_read_keeps_nobody_from_their_turn
    }
    events {
        events_are_read_from_any_position
        events_of_another_workspace_are_none
        events_of_several_inspections_come_at_once
        heads_say_how_far_events_go
    }
    outbox {
        what_is_claimed_is_not_claimed_again_in_time
        what_is_published_is_pruned_and_no_more
        events_are_published_as_they_are_stored
    }
    lists {
        files_are_walked_in_both_directions
        inspections_are_sorted_by_each_key
        filters_restrict
        counts_stop_at_their_cap
        the_newest_of_each_file
        tasks_are_listed_and_counted
        statements_do_not_grow_with_rows
        fairness_sees_every_workspace
    }
    races {
        one_of_two_claims_wins
        one_of_two_projectors_counts_a_result
        two_relays_share_the_outbox
        two_dispatchers_release_a_task_once
        a_cancellation_and_a_result_at_once
        two_completions_of_an_upload
        eight_requests_with_one_key
        a_file_is_ready_while_inspections_are_created
        heartbeats_and_an_expiry_at_once
        everybody_at_once
    }
    model {
        random_interleavings_keep_the_invariants
    }
}
