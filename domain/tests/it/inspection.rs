use std::collections::BTreeSet;

use data_inspector_domain::inspection::{
    Command, InspectionState, InspectionVerb, RefusalCode, actions, apply,
};

use crate::support::{matrix, name, variants};

fn reachable(from: InspectionState, commands: &[Command]) -> BTreeSet<InspectionState> {
    let mut found = BTreeSet::from([from]);
    let mut open = vec![from];
    while let Some(state) = open.pop() {
        for next in commands.iter().filter_map(|command| apply(state, *command).ok()) {
            if found.insert(next) {
                open.push(next);
            }
        }
    }
    found
}

#[test]
fn lists_are_complete() {
    assert_eq!(InspectionState::ALL.to_vec(), variants::<InspectionState>());
    assert_eq!(BTreeSet::from(Command::ALL), BTreeSet::from_iter(variants::<Command>()));
    assert_eq!(InspectionVerb::ALL.to_vec(), variants::<InspectionVerb>());
}

#[test]
fn every_command_in_every_state() {
    // Capitals: the next state. Small letters: why the command is refused.
    let transitions =
        matrix(&Command::ALL, &InspectionState::ALL, |command, state| match apply(state, command) {
            Ok(next) => name(next),
            Err(refusal) => name(refusal.code).to_lowercase(),
        });
    insta::assert_snapshot!(transitions);
}

#[test]
fn what_a_person_may_do_in_every_state() {
    let mut answers = String::new();
    for state in InspectionState::ALL {
        answers.push_str(&format!("{}\n", name(state)));
        for action in actions(state) {
            let answer = action.refusal.map_or("yes".to_owned(), |refusal| format!("no: {refusal}"));
            answers.push_str(&format!("    {:6}  {answer}\n", name(action.verb)));
        }
    }
    insta::assert_snapshot!(answers);
}

#[test]
fn every_refusal_names_its_pair() {
    for state in InspectionState::ALL {
        for command in Command::ALL {
            if let Err(refusal) = apply(state, command) {
                assert_eq!((refusal.state, refusal.command), (state, command));
                assert!(refusal.to_string().starts_with("the inspection cannot "));
            }
        }
    }
}

#[test]
fn a_command_that_is_not_refused_changes_the_state() {
    for state in InspectionState::ALL {
        for command in Command::ALL {
            assert_ne!(apply(state, command), Ok(state), "{command:?}");
        }
    }
}

#[test]
fn only_retry_leaves_an_end() {
    for state in InspectionState::ALL.into_iter().filter(|state| state.is_terminal()) {
        for command in Command::ALL.into_iter().filter(|command| *command != Command::Retry) {
            assert!(apply(state, command).is_err(), "{command:?} leaves {state:?}");
        }
    }
    assert!(apply(InspectionState::Succeeded, Command::Retry).is_err());
}

#[test]
fn ends_refuse_for_good_and_others_do_not() {
    for state in InspectionState::ALL {
        for refusal in Command::ALL.into_iter().filter_map(|command| apply(state, command).err()) {
            let said_ended = refusal.code == RefusalCode::Ended;
            assert!(!said_ended || state.is_terminal(), "{refusal}");
            assert!(
                said_ended || !state.is_terminal() || refusal.code == RefusalCode::AlreadySo,
                "{refusal}"
            );
        }
    }
}

#[test]
fn every_state_is_reached_from_the_first() {
    let found = reachable(InspectionState::WaitingForFile, &Command::ALL);
    assert_eq!(found, BTreeSet::from(InspectionState::ALL));
}

#[test]
fn every_state_comes_to_an_end_without_a_person() {
    let by_persons = [Command::Pause, Command::Resume, Command::Cancel, Command::Retry];
    let by_itself = Command::ALL.into_iter().filter(|command| !by_persons.contains(command));
    let by_itself: Vec<Command> = by_itself.collect();
    for state in InspectionState::ALL {
        assert!(reachable(state, &by_itself).into_iter().any(InspectionState::is_terminal), "{state:?}");
    }
}

#[test]
fn a_cancellation_always_gets_there() {
    for state in InspectionState::ALL.into_iter().filter(|state| !state.is_terminal()) {
        let asked = apply(state, Command::Cancel).unwrap_or_else(|refusal| {
            assert_eq!(refusal.code, RefusalCode::AlreadySo);
            state
        });
        let ended = match asked {
            InspectionState::Cancelled => asked,
            winding_down => apply(winding_down, Command::WorkDrained).expect("it winds down"),
        };
        assert_eq!(ended, InspectionState::Cancelled);
    }
}

#[test]
fn a_promised_cancellation_cannot_become_anything_else() {
    let only_cancelled = BTreeSet::from([InspectionState::Cancelling, InspectionState::Cancelled]);
    let all_but_retry = Command::ALL.map(|command| match command {
        Command::Retry => Command::Cancel,
        other => other,
    });
    assert_eq!(reachable(InspectionState::Cancelling, &all_but_retry), only_cancelled);
}

#[test]
fn a_hold_lasts_until_a_person_lets_go() {
    let commands: Vec<Command> =
        Command::ALL.into_iter().filter(|c| !matches!(c, Command::Resume | Command::Retry)).collect();
    let found = reachable(InspectionState::Paused, &commands);
    assert!(!found.contains(&InspectionState::Queued) && !found.contains(&InspectionState::Running));
}

#[test]
fn whatever_is_repeated_is_refused_as_a_repetition() {
    for state in InspectionState::ALL {
        for command in Command::ALL {
            let Ok(next) = apply(state, command) else { continue };
            let Err(again) = apply(next, command) else { continue };
            // A repeated retry finds the inspection on its way; a failed file looks like any other failure.
            let known = [Command::Retry, Command::FileFailed].contains(&command);
            assert!(
                again.code == RefusalCode::AlreadySo || known,
                "{command:?} twice from {state:?}: {again}"
            );
        }
    }
}
