//! Whose turn it is. Pure.
//!
//! Start-time fair queueing (Goyal, Vin, Cheng, SIGCOMM 1996): like deficit round robin everybody gets bytes in
//! turn, but without rounds, so that whoever comes new is served at once and nobody saves up a claim while there
//! is nothing to do. Workspaces share, then the inspections of a workspace. Priority is weight: it makes turns
//! longer, never endless, so that nobody starves.

use std::collections::HashMap;
use std::hash::Hash;

use data_inspector_domain::id::{InspectionId, TaskId, WorkspaceId};
use data_inspector_platform::store::Waiting;

/// What a task costs at least, in bytes: messages and transactions are not free.
const MIN_COST_BYTES: u64 = 1 << 20;
/// Each step of priority doubles the share, up to so many steps.
const MAX_WEIGHT_STEPS: i32 = 8;

/// Who has had how much.
#[derive(Default)]
pub(crate) struct Shares {
    workspaces: Queue<WorkspaceId>,
    inspections: Queue<InspectionId>,
}

/// When each flow may start next, in virtual bytes.
struct Queue<K> {
    now: u64,
    next_start: HashMap<K, u64>,
}

impl<K> Default for Queue<K> {
    fn default() -> Self {
        Self { now: 0, next_start: HashMap::new() }
    }
}

impl<K: Copy + Eq + Hash> Queue<K> {
    fn start_of(&self, flow: K) -> u64 {
        self.next_start.get(&flow).copied().unwrap_or(0).max(self.now)
    }

    fn charge(&mut self, flow: K, cost: u64) {
        let start = self.start_of(flow);
        self.now = start;
        self.next_start.insert(flow, start.saturating_add(cost));
        let now = self.now;
        self.next_start.retain(|_, next| *next > now);
    }
}

impl Shares {
    /// The next tasks to release, at most so many, in the order of their turns.
    pub(crate) fn choose(&mut self, waiting: &[Waiting], most: usize) -> Vec<(InspectionId, TaskId)> {
        let mut chosen = Vec::new();
        let mut taken = vec![0; waiting.len()];
        while chosen.len() < most {
            let open = (0..waiting.len()).filter(|&i| taken[i] < waiting[i].tasks.len());
            let turn = |i: &usize| {
                let each = &waiting[*i];
                let workspace = self.workspaces.start_of(each.workspace_id);
                let inspection = self.inspections.start_of(each.inspection_id);
                (workspace, each.workspace_id, inspection, each.created_at, each.inspection_id)
            };
            let Some(next) = open.min_by_key(turn) else { break };
            let each = &waiting[next];
            let (task_id, size_bytes) = each.tasks[taken[next]];
            taken[next] += 1;
            let cost = weighted(size_bytes.max(MIN_COST_BYTES), each.priority);
            self.workspaces.charge(each.workspace_id, cost);
            self.inspections.charge(each.inspection_id, cost);
            chosen.push((each.inspection_id, task_id));
        }
        chosen
    }
}

fn weighted(cost: u64, priority: i32) -> u64 {
    match priority.clamp(-MAX_WEIGHT_STEPS, MAX_WEIGHT_STEPS) {
        steps @ 0.. => cost >> steps,
        steps => cost << -steps,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_inspector_domain::time::Timestamp;
    use uuid::Uuid;

    const MIB: u64 = 1 << 20;

    fn waiting(workspace: u128, inspection: u128, priority: i32, sizes: &[u64]) -> Waiting {
        let task = |(i, size): (usize, &u64)| {
            (TaskId::from_uuid(Uuid::from_u128(inspection * 1000 + i as u128)), *size)
        };
        Waiting {
            workspace_id: WorkspaceId::from_uuid(Uuid::from_u128(workspace)),
            inspection_id: InspectionId::from_uuid(Uuid::from_u128(inspection)),
            priority,
            created_at: Timestamp::from_micros(inspection as i64),
            tasks: sizes.iter().enumerate().map(task).collect(),
        }
    }

    fn turns(waiting: &[Waiting], most: usize) -> Vec<u128> {
        let chosen = Shares::default().choose(waiting, most);
        chosen.into_iter().map(|(id, _)| id.as_uuid().as_u128()).collect()
    }

    #[test]
    fn small_ones_do_not_wait_for_a_big_one() {
        let mut all = vec![waiting(1, 1, 0, &[16 * MIB; 50])];
        all.extend((2..=10).map(|id| waiting(1, id, 0, &[MIB])));
        let order = turns(&all, 12);
        assert_eq!(order[..10], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        assert_eq!(order[10..], [1, 1], "the big one goes on");
    }

    #[test]
    fn a_workspace_with_many_inspections_gets_no_more_than_one_with_few() {
        let mut all: Vec<Waiting> = (1..=9).map(|id| waiting(1, id, 0, &[MIB; 9])).collect();
        all.push(waiting(2, 100, 0, &[MIB; 90]));
        let order = turns(&all, 40);
        assert_eq!(order.iter().filter(|id| **id == 100).count(), 20);
    }

    #[test]
    fn priority_is_a_larger_share_and_starves_nobody() {
        let all = [waiting(1, 1, 2, &[16 * MIB; 90]), waiting(1, 2, 0, &[16 * MIB; 90])];
        let order = turns(&all, 50);
        assert_eq!(order.iter().filter(|id| **id == 1).count(), 40);
    }

    #[test]
    fn who_comes_late_has_no_claim_on_the_past() {
        let mut shares = Shares::default();
        let first = [waiting(1, 1, 0, &[MIB; 99])];
        shares.choose(&first, 90);
        let both = [waiting(1, 1, 0, &[MIB; 99]), waiting(1, 2, 0, &[MIB; 99])];
        let late = shares.choose(&both, 20).into_iter().filter(|(id, _)| id.as_uuid().as_u128() == 2).count();
        assert!((10..=11).contains(&late), "{late}");
    }

    #[test]
    fn nothing_is_chosen_twice_or_from_nothing() {
        let all = [waiting(1, 1, 0, &[0, 0]), waiting(1, 2, 0, &[])];
        let mut chosen = Shares::default().choose(&all, 9);
        assert_eq!(chosen.len(), 2);
        chosen.dedup();
        assert_eq!(chosen.len(), 2);
    }
}
