use data_inspector_domain::id::Run;
use data_inspector_domain::task::fence::{Epoch, Fencing, Hold, Signal, Stamp, fence};
use proptest::prelude::*;
use uuid::Uuid;

use crate::support::table;

fn run(number: u128) -> Run {
    Run::from_uuid(Uuid::from_u128(number))
}

fn hold(epoch: u32, holder: Option<u128>, last_n: u64) -> Hold {
    Hold { epoch: Epoch::from_number(epoch), run: holder.map(run), last_n }
}

fn stamp(epoch: u32, sender: u128, n: u64) -> Stamp {
    Stamp { epoch: Epoch::from_number(epoch), run: run(sender), n }
}

#[test]
fn every_kind_of_message() {
    let unclaimed = hold(2, None, 0);
    let claimed = hold(2, Some(7), 5);
    let messages = [
        ("unclaimed, epoch before", unclaimed, stamp(1, 7, 1)),
        ("unclaimed, this epoch", unclaimed, stamp(2, 7, 1)),
        ("unclaimed, epoch to come", unclaimed, stamp(3, 7, 1)),
        ("claimed, epoch before, same run", claimed, stamp(1, 7, 6)),
        ("claimed, the run, number before", claimed, stamp(2, 7, 4)),
        ("claimed, the run, same number", claimed, stamp(2, 7, 5)),
        ("claimed, the run, next number", claimed, stamp(2, 7, 6)),
        ("claimed, the run, number later on", claimed, stamp(2, 7, 9)),
        ("claimed, other run, number before", claimed, stamp(2, 8, 1)),
        ("claimed, other run, next number", claimed, stamp(2, 8, 6)),
        ("claimed, epoch to come", claimed, stamp(3, 7, 6)),
    ];
    let signals = [Signal::Claim, Signal::Alive, Signal::End];
    let mut lines = vec![["task and message", "Claim", "Alive", "End"].map(String::from).to_vec()];
    for (what, hold, stamp) in messages {
        let decisions = signals.map(|signal| format!("{:?}", fence(&hold, &stamp, signal)));
        lines.push(std::iter::once(what.to_owned()).chain(decisions).collect());
    }
    let table = table(&lines);
    insta::assert_snapshot!(table);
}

#[test]
fn the_wire_form_of_a_stamp() {
    assert_eq!(
        serde_json::to_string(&stamp(2, 7, 6)).unwrap(),
        r#"{"epoch":2,"run":"run_00000000000000000000000007","n":6}"#
    );
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Message(Stamp, Signal),
    LeaseLost,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let signal = prop_oneof![Just(Signal::Claim), Just(Signal::Alive), Just(Signal::End)];
    let message = (1..5_u32, 1..4_u128, 1..6_u64, signal)
        .prop_map(|(epoch, sender, n, signal)| Step::Message(stamp(epoch, sender, n), signal));
    proptest::collection::vec(prop_oneof![9 => message, 1 => Just(Step::LeaseLost)], 0..200)
}

proptest! {
    /// Whatever arrives, in whatever order and however often: an epoch has one run, it began with a claim,
    /// its messages count once and in order, and no epoch counts after a later one.
    #[test]
    fn only_one_run_per_epoch_counts(steps in steps()) {
        let mut hold = Hold::NEW;
        let mut accepted: Vec<(Stamp, Signal)> = Vec::new();
        for step in steps {
            match step {
                Step::LeaseLost => hold = hold.next_epoch(),
                Step::Message(stamp, signal) => if fence(&hold, &stamp, signal) == Fencing::Accept {
                    hold = hold.after(&stamp);
                    accepted.push((stamp, signal));
                },
            }
        }
        for pair in accepted.windows(2) {
            let [(first, _), (second, signal)] = pair else { unreachable!("windows of two") };
            if first.epoch == second.epoch {
                prop_assert_eq!(first.run, second.run);
                prop_assert!(first.n < second.n);
            } else {
                prop_assert!(first.epoch < second.epoch);
                prop_assert_eq!(*signal, Signal::Claim);
            }
        }
    }

    /// Delivered again, in any order, nothing counts twice.
    #[test]
    fn a_replay_changes_nothing(last_n in 1..20_u64, replayed in proptest::collection::vec(1..20_u64, 0..50)) {
        let hold = hold(3, Some(7), last_n);
        for n in replayed.into_iter().filter(|n| *n <= last_n) {
            for signal in [Signal::Claim, Signal::Alive, Signal::End] {
                prop_assert_eq!(fence(&hold, &stamp(3, 7, n), signal), Fencing::Duplicate);
            }
        }
    }
}
