//! What happened to an inspection, by its events alone, and whether it may have. The rules are those that clients are
//! promised, written down a second time: nothing here shares code with the system.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// A page of events as GraphQL, with variables `id` and `after`.
pub const EVENTS: &str = "query Events($id: ID!, $after: Cursor) { inspection(id: $id) {
    state events(first: 100, after: $after) { nodes { __typename cursor seq at
        ... on StateChanged { from to }
        ... on ProfileRevised { revision isFinal }
        ... on AttemptChanged { attempt {
            kind taskId number state workerId endedAt bytesDone failure { code } } } } } } }";

const ENDS: [&str; 4] = ["SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED"];

/// All events of an inspection, in the order they were read.
#[derive(Clone, Debug, Default)]
pub struct History {
    events: Vec<Value>,
}

impl History {
    /// A history of these events, as [`EVENTS`] gives them.
    pub fn new(events: Vec<Value>) -> Self {
        Self { events }
    }

    /// The numbers of the events.
    pub fn numbers(&self) -> Vec<u64> {
        self.events.iter().map(|event| event["seq"].as_u64().unwrap_or(0)).collect()
    }

    /// Splits that each worker has completed.
    pub fn splits_by_worker(&self) -> BTreeMap<String, usize> {
        let mut done = BTreeMap::new();
        for attempt in self.attempts().filter(|attempt| is_split(attempt) && attempt["state"] == "DONE") {
            *done.entry(text(&attempt["workerId"])).or_default() += 1;
        }
        done
    }

    /// Bytes of the file that all attempts at splits say they have read.
    pub fn split_bytes_read(&self) -> u64 {
        let mut bytes = BTreeMap::new();
        for attempt in self.attempts().filter(|attempt| is_split(attempt)) {
            bytes.insert((text(&attempt["taskId"]), number(attempt)), attempt["bytesDone"].as_u64());
        }
        bytes.into_values().flatten().sum()
    }

    /// Attempts that ended with this failure.
    pub fn attempts_failed_with(&self, code: &str) -> usize {
        self.attempts().filter(|attempt| attempt["failure"]["code"] == code).count()
    }

    /// Everything about it that must not be; nothing if all is well.
    pub fn violations(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.check_numbers(&mut found);
        self.check_states(&mut found);
        self.check_attempts(&mut found);
        self.check_profiles(&mut found);
        found
    }

    /// From 1, without holes, none twice.
    fn check_numbers(&self, found: &mut Vec<String>) {
        let numbers = self.numbers();
        if let Some((at, seq)) = numbers.iter().enumerate().find(|(at, seq)| **seq != *at as u64 + 1) {
            found.push(format!("event {seq} is where event {} has to be", at + 1));
        }
        let cursors: BTreeSet<String> = self.events.iter().map(|event| text(&event["cursor"])).collect();
        if cursors.len() != self.events.len() {
            found.push("two events have the same cursor".to_owned());
        }
    }

    /// Each state begins where the one before it ended, and an end is one.
    fn check_states(&self, found: &mut Vec<String>) {
        let (mut now, mut ended) = (Value::Null, false);
        for event in &self.events {
            let seq = &event["seq"];
            if ended {
                found.push(format!("event {seq} comes after the end"));
            }
            if event["__typename"] == "StateChanged" {
                if event["from"] != now {
                    found.push(format!("event {seq} leaves {} and the state was {now}", event["from"]));
                }
                now = event["to"].clone();
                ended |= ENDS.contains(&now.as_str().unwrap_or_default());
            }
        }
    }

    /// Attempts of a task count up, end once, and none comes after the one that was accepted; if the inspection
    /// succeeded, each task has one.
    fn check_attempts(&self, found: &mut Vec<String>) {
        let mut tasks: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
        for attempt in self.attempts() {
            tasks.entry(text(&attempt["taskId"])).or_default().push(attempt);
        }
        let succeeded = self.events.last().is_some_and(|event| event["to"] == "SUCCEEDED");
        for (task, attempts) in tasks {
            let numbers: Vec<u64> = attempts.iter().map(|attempt| number(attempt)).collect();
            if !numbers.is_sorted() {
                found.push(format!("attempts of {task} go back: {numbers:?}"));
            }
            let ends = attempts.iter().filter(|attempt| !attempt["endedAt"].is_null());
            let ends: Vec<u64> = ends.map(|attempt| number(attempt)).collect();
            if ends.iter().collect::<BTreeSet<_>>().len() != ends.len() {
                found.push(format!("an attempt of {task} ends twice: {ends:?}"));
            }
            let accepted = attempts.iter().position(|attempt| attempt["state"] == "DONE");
            if accepted.is_some_and(|at| at + 1 != attempts.len()) {
                found.push(format!("{task} goes on after its result was accepted"));
            }
            if succeeded && accepted.is_none() {
                found.push(format!("{task} has no result, and the inspection succeeded without"));
            }
        }
    }

    /// Revisions rise; the last one, and no other, is final, if the inspection succeeded.
    fn check_profiles(&self, found: &mut Vec<String>) {
        let revised = || self.events.iter().filter(|event| event["__typename"] == "ProfileRevised");
        let revisions: Vec<u64> = revised().map(|event| event["revision"].as_u64().unwrap_or(0)).collect();
        if !revisions.is_sorted_by(|one, next| one < next) {
            found.push(format!("revisions of the profile do not rise: {revisions:?}"));
        }
        let succeeded = self.events.last().is_some_and(|event| event["to"] == "SUCCEEDED");
        let finals: Vec<bool> = revised().map(|event| event["isFinal"] == true).collect();
        let expected = usize::from(succeeded);
        let is_last = !succeeded || finals.last() == Some(&true);
        if finals.iter().filter(|is_final| **is_final).count() != expected || !is_last {
            found.push(format!("{expected} final profile is expected, as the last one: {finals:?}"));
        }
    }

    fn attempts(&self) -> impl Iterator<Item = &Value> {
        self.events.iter().map(|event| &event["attempt"]).filter(|attempt| !attempt.is_null())
    }
}

fn is_split(attempt: &Value) -> bool {
    attempt["kind"] == "INSPECT_SPLIT"
}

fn number(attempt: &Value) -> u64 {
    attempt["number"].as_u64().unwrap_or(0)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn state(from: Option<&str>, to: &str) -> Value {
        json!({ "__typename": "StateChanged", "from": from, "to": to })
    }

    fn attempt(task: &str, number: u64, state: &str) -> Value {
        let ended = (state != "CLAIMED").then_some("then");
        let attempt = json!({ "kind": "INSPECT_SPLIT", "taskId": task, "number": number, "state": state,
            "workerId": "w", "endedAt": ended, "bytesDone": 10, "failure": null });
        json!({ "__typename": "AttemptChanged", "attempt": attempt })
    }

    fn last_profile() -> Value {
        json!({ "__typename": "ProfileRevised", "revision": 1, "isFinal": true })
    }

    fn good() -> Vec<Value> {
        vec![
            state(None, "QUEUED"),
            state(Some("QUEUED"), "RUNNING"),
            attempt("a", 1, "CLAIMED"),
            attempt("a", 1, "RETRY_WAIT"),
            attempt("a", 2, "CLAIMED"),
            attempt("a", 2, "DONE"),
            last_profile(),
            state(Some("RUNNING"), "SUCCEEDED"),
        ]
    }

    fn history(events: Vec<Value>) -> History {
        let numbered = events.into_iter().enumerate().map(|(at, mut event)| {
            event["seq"] = json!(at + 1);
            event["cursor"] = json!(at.to_string());
            event
        });
        History::new(numbered.collect())
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut Vec<Value>), expected: &str) {
        let mut events = good();
        change(&mut events);
        let found = history(events).violations();
        assert!(found.iter().any(|violation| violation.contains(expected)), "{expected} is not in {found:?}");
    }

    #[test]
    fn what_may_happen_is_no_violation() {
        let good = history(good());
        assert_eq!(good.violations(), [""; 0]);
        assert_eq!((good.split_bytes_read(), good.splits_by_worker()["w"]), (20, 1));
    }

    #[test]
    fn what_must_not_happen_is_found() {
        check(|events| events.push(attempt("b", 1, "CLAIMED")), "after the end");
        check(|events| drop(events.remove(1)), "leaves");
        check(|events| events.swap(2, 4), "go back");
        check(|events| events.insert(4, attempt("a", 1, "RETRY_WAIT")), "ends twice");
        check(|events| events.insert(6, attempt("a", 3, "CLAIMED")), "goes on after its result");
        check(|events| drop(events.remove(5)), "has no result");
        check(|events| drop(events.remove(6)), "final profile");
        check(|events| events.insert(6, last_profile()), "do not rise");
        let mut holed = history(good());
        holed.events.remove(3);
        assert!(holed.violations().iter().any(|violation| violation.contains("has to be")));
    }
}
