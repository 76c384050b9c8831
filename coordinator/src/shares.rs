//! Whose turn it is. Pure.
//!
//! Start-time fair queueing (Goyal, Vin, Cheng, SIGCOMM 1996): like deficit round robin everybody gets bytes in
//! turn, but without rounds, so that whoever comes new is served at once and nobody saves up a claim while there
//! is nothing to do (ADR 0004). Workspaces share, then the inspections of a workspace. Priority is weight: it makes
//! turns longer, never endless. Now and then the oldest has a turn out of order, so that nobody starves.

use std::collections::HashMap;
use std::hash::Hash;

use data_inspector_domain::id::{InspectionId, WorkspaceId};
use data_inspector_platform::store::Waiting;

/// What a task costs at least, in bytes: messages and transactions are not free.
const MIN_COST_BYTES: u64 = 1 << 20;
/// Each step of priority doubles the share, up to so many steps.
const MAX_WEIGHT_STEPS: i32 = 8;

/// Every so many turns, one goes to the oldest inspection that waits, whatever others may claim: an endless stream of
/// newcomers, each with a right to be served at once, would else stop who came before them. Whoever waits becomes the
/// oldest, so that nobody starves.
const TURNS_PER_AGED_ONE: u64 = 16;

/// Who has had how much.
#[derive(Default)]
pub(crate) struct Shares {
    workspaces: Queue<WorkspaceId>,
    inspections: Queue<InspectionId>,
    /// Turns taken so far.
    turns: u64,
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

    /// It is this one's turn: whoever comes later starts no earlier.
    fn move_to(&mut self, flow: K) {
        self.now = self.start_of(flow);
        let now = self.now;
        self.next_start.retain(|_, next| *next > now);
    }

    fn charge(&mut self, flow: K, cost: u64) {
        let start = self.start_of(flow);
        self.next_start.insert(flow, start.saturating_add(cost));
    }
}

impl Shares {
    /// Whose turn it is, by its place.
    pub(crate) fn turn(&mut self, open: &[Waiting]) -> Option<usize> {
        if (self.turns + 1).is_multiple_of(TURNS_PER_AGED_ONE) {
            return (0..open.len()).min_by_key(|place| (open[*place].created_at, open[*place].inspection_id));
        }
        let share = |place: &usize| {
            let each = &open[*place];
            let workspace = self.workspaces.start_of(each.workspace_id);
            let inspection = self.inspections.start_of(each.inspection_id);
            (workspace, each.workspace_id, inspection, each.created_at, each.inspection_id)
        };
        let next = (0..open.len()).min_by_key(share)?;
        self.workspaces.move_to(open[next].workspace_id);
        self.inspections.move_to(open[next].inspection_id);
        Some(next)
    }

    /// It has used its turn for a task of so many bytes.
    pub(crate) fn charge(&mut self, each: &Waiting, size_bytes: u64) {
        let cost = weighted(size_bytes.max(MIN_COST_BYTES), each.priority);
        self.workspaces.charge(each.workspace_id, cost);
        self.inspections.charge(each.inspection_id, cost);
        self.turns += 1;
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

    fn waiting(workspace: u128, inspection: u128, priority: i32) -> Waiting {
        Waiting {
            workspace_id: WorkspaceId::from_uuid(Uuid::from_u128(workspace)),
            inspection_id: InspectionId::from_uuid(Uuid::from_u128(inspection)),
            priority,
            created_at: Timestamp::from_micros(inspection as i64),
        }
    }

    /// Inspections, and how many tasks of which size each has.
    struct World(Vec<(Waiting, u64, usize)>);

    impl World {
        /// The next turns.
        fn turns(&mut self, shares: &mut Shares, most: usize) -> Vec<u128> {
            let mut taken = Vec::new();
            while taken.len() < most {
                self.0.retain(|(_, _, tasks)| *tasks > 0);
                let open: Vec<Waiting> = self.0.iter().map(|(each, ..)| *each).collect();
                let Some(place) = shares.turn(&open) else { break };
                let (each, size, tasks) = &mut self.0[place];
                shares.charge(each, *size);
                *tasks -= 1;
                taken.push(each.inspection_id.as_uuid().as_u128());
            }
            taken
        }
    }

    fn count(order: &[u128], inspection: u128) -> usize {
        order.iter().filter(|id| **id == inspection).count()
    }

    #[test]
    fn small_ones_do_not_wait_for_a_big_one() {
        let mut world = World(vec![(waiting(1, 1, 0), 16 * MIB, 50)]);
        world.0.extend((2..=10).map(|id| (waiting(1, id, 0), MIB, 1)));
        let order = world.turns(&mut Shares::default(), 12);
        assert_eq!(order[..10], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        assert_eq!(order[10..], [1, 1], "the big one goes on");
    }

    #[test]
    fn a_stream_of_newcomers_does_not_stop_a_big_one() {
        let mut world = World(vec![(waiting(1, 1, -3), 1024 * MIB, 999)]);
        let mut shares = Shares::default();
        let mut order = Vec::new();
        for newcomer in 2..1000 {
            world.0.push((waiting(1, newcomer, 3), MIB, 1));
            order.extend(world.turns(&mut shares, 1));
        }
        let places: Vec<usize> = (0..order.len()).filter(|place| order[*place] == 1).collect();
        assert!(places.len() > 30, "{places:?}");
        let every = TURNS_PER_AGED_ONE as usize;
        assert!(places.windows(2).all(|pair| pair[1] - pair[0] <= every), "{places:?}");
    }

    #[test]
    fn a_workspace_with_many_inspections_gets_no_more_than_one_with_few() {
        let mut world = World((1..=9).map(|id| (waiting(1, id, 0), MIB, 9)).collect());
        world.0.push((waiting(2, 100, 0), MIB, 90));
        let order = world.turns(&mut Shares::default(), 40);
        assert_eq!(count(&order, 100), 20);
    }

    #[test]
    fn priority_is_a_larger_share_and_starves_nobody() {
        let mut world = World(vec![(waiting(1, 1, 2), 16 * MIB, 90), (waiting(1, 2, 0), 16 * MIB, 90)]);
        let order = world.turns(&mut Shares::default(), 50);
        assert_eq!(count(&order, 1), 40);
    }

    #[test]
    fn who_comes_late_has_no_claim_on_the_past() {
        let mut shares = Shares::default();
        let mut world = World(vec![(waiting(1, 1, 0), MIB, 99)]);
        world.turns(&mut shares, 90);
        world.0 = vec![(waiting(1, 1, 0), MIB, 99), (waiting(1, 2, 0), MIB, 99)];
        let late = count(&world.turns(&mut shares, 20), 2);
        assert!((10..=11).contains(&late), "{late}");
    }

    #[test]
    fn nobody_waits_and_nothing_is_chosen() {
        assert_eq!(Shares::default().turn(&[]), None);
    }
}
