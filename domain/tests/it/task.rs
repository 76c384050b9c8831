use std::collections::BTreeSet;

use data_inspector_domain::task::{Command, TaskState, apply};

use crate::support::{matrix, name, variants};

#[test]
fn lists_are_complete() {
    assert_eq!(TaskState::ALL.to_vec(), variants::<TaskState>());
    assert_eq!(Command::ALL.to_vec(), variants::<Command>());
}

#[test]
fn every_command_in_every_state() {
    // Capitals: the next state. Small letters: why the command is refused.
    let transitions = matrix(&Command::ALL, &TaskState::ALL, |command, state| match apply(state, command) {
        Ok(next) => name(next),
        Err(refusal) => name(refusal.code).to_lowercase(),
    });
    insta::assert_snapshot!(transitions);
}

#[test]
fn a_refusal_is_a_sentence() {
    let refusal = apply(TaskState::Cancelled, Command::Heartbeat).unwrap_err();
    assert_eq!(refusal.to_string(), "the task cannot be kept by a heartbeat: it was cancelled");
}

#[test]
fn only_a_heartbeat_keeps_the_state() {
    for state in TaskState::ALL {
        for command in Command::ALL {
            if apply(state, command) == Ok(state) {
                assert_eq!((state, command), (TaskState::Claimed, Command::Heartbeat));
            }
        }
    }
}

#[test]
fn only_retry_leaves_an_end_and_nothing_leaves_done() {
    for state in TaskState::ALL.into_iter().filter(|state| state.is_terminal()) {
        for command in Command::ALL {
            let leaves = apply(state, command).is_ok();
            assert!(
                !leaves || (command == Command::Retry && state != TaskState::Done),
                "{command:?} {state:?}"
            );
        }
    }
}

#[test]
fn every_state_is_reached_and_every_open_task_can_be_cancelled() {
    let mut found = BTreeSet::from([TaskState::Waiting]);
    for _ in TaskState::ALL {
        let next = found.iter().flat_map(|state| Command::ALL.map(|command| apply(*state, command)));
        found = next.flatten().chain(found.iter().copied()).collect();
    }
    assert_eq!(found, BTreeSet::from(TaskState::ALL));
    for state in TaskState::ALL.into_iter().filter(|state| !state.is_terminal()) {
        assert_eq!(apply(state, Command::Cancel), Ok(TaskState::Cancelled));
    }
}

#[test]
fn a_task_is_released_again_in_another_epoch_only() {
    // From wherever a message of it may be out, to WAITING or RETRY_WAIT: by a command that starts an epoch.
    let back = [TaskState::Waiting, TaskState::RetryWait];
    for state in TaskState::ALL.into_iter().filter(|state| !back.contains(state)) {
        for command in Command::ALL {
            if apply(state, command).is_ok_and(|next| back.contains(&next)) {
                assert!(command.starts_next_epoch(), "{command:?} from {state:?}");
            }
        }
    }
}
