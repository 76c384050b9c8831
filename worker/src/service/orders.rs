//! The orders this worker has heard.

use std::collections::{HashMap, VecDeque};

use data_inspector_domain::control::ControlMessage;
use data_inspector_domain::id::TaskId;
use data_inspector_domain::task::fence::Epoch;
use data_inspector_platform::bus::Record;

/// Orders about so many tasks are remembered: far more than can be out at once.
const MAX_REMEMBERED: usize = 65_536;

/// Up to which attempt tasks were called off, paused or revoked. An order may come before the task it is about.
#[derive(Default)]
pub(super) struct Orders {
    last_stopped: HashMap<TaskId, Epoch>,
    oldest_first: VecDeque<TaskId>,
}

impl Orders {
    /// Takes what the topic of orders says; the order, if it is one.
    pub(super) fn take(&mut self, record: &Record) -> Option<ControlMessage> {
        let payload = record.payload.as_ref()?;
        let message = match ControlMessage::from_json(payload) {
            Ok(message) => message,
            Err(error) => {
                // Every worker reads every order: the dead letters would have it once from each.
                tracing::error!(%error, "an order cannot be read");
                return None;
            }
        };
        if self.last_stopped.insert(message.task_id, message.epoch).is_none() {
            self.oldest_first.push_back(message.task_id);
        }
        if self.oldest_first.len() > MAX_REMEMBERED
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.last_stopped.remove(&oldest);
        }
        Some(message)
    }

    /// Whether this attempt shall not be begun.
    pub(super) fn cover(&self, task_id: TaskId, epoch: Epoch) -> bool {
        self.last_stopped.get(&task_id).is_some_and(|last| epoch <= *last)
    }
}
