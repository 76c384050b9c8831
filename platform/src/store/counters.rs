//! What a process has written into the store, for its metrics.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};

use data_inspector_domain::event::{Attempt, EventBody};
use data_inspector_domain::failure::FailureCode;
use data_inspector_domain::inspection::InspectionState;
use data_inspector_domain::task::TaskState;

use super::codec::name;
use super::connect::Store;
use crate::telemetry::{MetricName, Metrics};

/// What became of attempts of tasks, as metrics name it.
const ATTEMPTS: [&str; 7] = ["released", "claimed", "done", "failed", "expired", "put_back", "cancelled"];

/// What was committed through a store since it was opened. What another process commits is not in it.
#[derive(Debug, Default)]
pub struct StoreCounters {
    events: AtomicU64,
    states: [AtomicU64; InspectionState::ALL.len()],
    attempts: [AtomicU64; ATTEMPTS.len()],
}

/// What a transaction will have written once it is committed.
#[derive(Default)]
pub(super) struct Tally(Mutex<Vec<Fact>>);

/// As much of an event as is counted.
#[derive(Clone, Copy)]
pub(super) enum Fact {
    State(InspectionState),
    Attempt(&'static str),
    Other,
}

impl Fact {
    pub(super) fn of(body: &EventBody) -> Self {
        match body {
            EventBody::StateChanged(changed) => Self::State(changed.to),
            EventBody::AttemptChanged(changed) => Self::Attempt(what_became_of(&changed.attempt)),
            EventBody::PhaseChanged(_)
            | EventBody::CheckpointSaved(_)
            | EventBody::AlertRaised(_)
            | EventBody::ProfileRevised(_) => Self::Other,
        }
    }
}

fn what_became_of(attempt: &Attempt) -> &'static str {
    if attempt.failure.as_ref().is_some_and(|failure| failure.code == FailureCode::HeartbeatLost) {
        return "expired";
    }
    match attempt.state {
        TaskState::Released => "released",
        TaskState::Claimed => "claimed",
        TaskState::Done => "done",
        TaskState::RetryWait | TaskState::Failed | TaskState::Quarantined => "failed",
        TaskState::Waiting => "put_back",
        TaskState::Cancelled => "cancelled",
    }
}

impl Tally {
    pub(super) fn add(&self, facts: Vec<Fact>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(facts);
    }

    pub(super) fn committed(self, counters: &StoreCounters) {
        for fact in self.0.into_inner().unwrap_or_else(PoisonError::into_inner) {
            counters.events.fetch_add(1, Ordering::Relaxed);
            let counter = match fact {
                Fact::State(state) => {
                    place(&InspectionState::ALL, state).map(|place| &counters.states[place])
                }
                Fact::Attempt(what) => place(&ATTEMPTS, what).map(|place| &counters.attempts[place]),
                Fact::Other => None,
            };
            counter.map(|counter| counter.fetch_add(1, Ordering::Relaxed));
        }
    }
}

fn place<T: PartialEq>(all: &[T], one: T) -> Option<usize> {
    all.iter().position(|each| *each == one)
}

impl Store {
    /// Adds what is committed through this store and its clones to the metrics of the process.
    pub fn register_metrics(&self, metrics: &Metrics) {
        let name = |name, help| MetricName { name, help };
        let of = self.clone();
        let help = "Times inspections went into a state, as committed by this process";
        metrics.counters(name("inspection_transitions", help), "state", move || of.counters().states());
        let of = self.clone();
        let help =
            "Times attempts of tasks were released, were claimed, and ended, as committed by this process";
        metrics.counters(name("task_attempts", help), "outcome", move || of.counters().attempts());
        let of = self.clone();
        metrics.counter(name("events_committed", "Events committed by this process"), move || {
            of.counters().events()
        });
        let of = self.clone();
        metrics.counter(name("database_statements", "Statements executed"), move || of.statements());
    }
}

impl StoreCounters {
    /// Events of inspections.
    pub fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }

    /// How often inspections went into each state.
    pub fn states(&self) -> Vec<(String, u64)> {
        read(InspectionState::ALL.iter().map(name), &self.states)
    }

    /// How often attempts of tasks were released, were claimed, and ended in each way.
    pub fn attempts(&self) -> Vec<(String, u64)> {
        read(ATTEMPTS.iter().map(ToString::to_string), &self.attempts)
    }
}

fn read(names: impl Iterator<Item = String>, counters: &[AtomicU64]) -> Vec<(String, u64)> {
    names.zip(counters).map(|(name, counter)| (name, counter.load(Ordering::Relaxed))).collect()
}
