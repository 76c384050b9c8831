//! The states of a file.

use data_inspector_domain::file::{Command, FileState, apply};

use crate::support::{matrix, name, variants};

#[test]
fn every_command_in_every_state() {
    let transitions = matrix(&variants::<Command>(), &variants::<FileState>(), |command, state| {
        apply(state, command).map_or_else(|_| "refused".to_owned(), name)
    });
    insta::assert_snapshot!(transitions);
}

#[test]
fn a_refusal_is_a_sentence() {
    let refusal = apply(FileState::Failed, Command::Complete).unwrap_err();
    assert_eq!(refusal.to_string(), "the file cannot be completed: its transfer has failed");
}
