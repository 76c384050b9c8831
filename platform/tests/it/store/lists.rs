//! Lists, counts, and what they cost.

use std::collections::BTreeSet;
use std::time::Duration;

use data_inspector_domain::file::FileState;
use data_inspector_domain::inspection::InspectionState;
use data_inspector_domain::task::TaskState;
use data_inspector_platform::store::{
    Direction, File, FileFilter, FileSort, Inspection, InspectionFilter, InspectionSort, NewInspection,
    PageRequest, PageStart, Period, Step,
};

use super::fixture::{Fixture, change, new_inspection, page};

const SECOND: Duration = Duration::from_secs(1);

async fn walk_files(fixture: &Fixture, order: (FileSort, Direction), forward: bool) -> Vec<File> {
    let mut start = if forward { PageStart::First } else { PageStart::Last };
    let mut walked = Vec::new();
    loop {
        let request = PageRequest { start, limit: 2 };
        let found =
            fixture.store.list_files(fixture.scope, &FileFilter::default(), order, &request).await.unwrap();
        assert!(found.items.len() <= 2);
        if forward {
            walked.extend(found.items);
        } else {
            walked.splice(0..0, found.items);
        }
        if !found.has_more {
            return walked;
        }
        start = match forward {
            true => PageStart::After(order.0.key(walked.last().unwrap())),
            false => PageStart::Before(order.0.key(&walked[0])),
        };
    }
}

pub(super) async fn files_are_walked_in_both_directions(fixture: &Fixture) {
    // Two of the same moment, two of the same name.
    for (name, wait) in [("b", 1), ("c", 0), ("a", 1), ("c", 1), ("B", 1)] {
        fixture.pass(SECOND * wait);
        fixture.upload(name).await;
    }
    for sort in [FileSort::CreatedAt, FileSort::Name, FileSort::SizeBytes] {
        let up = walk_files(fixture, (sort, Direction::Ascending), true).await;
        assert_eq!(up.len(), 5, "{sort:?}");
        assert_eq!(walk_files(fixture, (sort, Direction::Ascending), false).await, up);
        let mut down = walk_files(fixture, (sort, Direction::Descending), true).await;
        assert_eq!(walk_files(fixture, (sort, Direction::Descending), false).await, down);
        down.reverse();
        assert_eq!(up, down, "{sort:?}");
    }
    let by_age = walk_files(fixture, (FileSort::CreatedAt, Direction::Ascending), true).await;
    assert!(by_age.is_sorted_by_key(|file| (file.created_at, file.id)));
    let by_name = walk_files(fixture, (FileSort::Name, Direction::Ascending), true).await;
    assert_eq!(by_name.iter().filter(|file| file.name == "c").count(), 2);
}

pub(super) async fn inspections_are_sorted_by_each_key(fixture: &Fixture) {
    let file = fixture.ready_file("a.csv").await;
    for priority in [5, -1, 3] {
        fixture.pass(SECOND);
        let wanted = NewInspection { priority, ..new_inspection(file.id) };
        fixture.store.create_inspection(fixture.scope, wanted).await.unwrap();
    }
    let by = |sort, direction| async move {
        let filter = InspectionFilter::default();
        let found =
            fixture.store.list_inspections(fixture.scope, &filter, (sort, direction), &page(10)).await;
        found.unwrap().items.iter().map(|each| each.priority).collect::<Vec<_>>()
    };
    assert_eq!(by(InspectionSort::CreatedAt, Direction::Descending).await, [3, -1, 5]);
    assert_eq!(by(InspectionSort::Priority, Direction::Descending).await, [5, 3, -1]);
    let (filter, by_priority) =
        (InspectionFilter::default(), (InspectionSort::Priority, Direction::Ascending));
    let found = fixture.store.list_inspections(fixture.scope, &filter, by_priority, &page(1)).await.unwrap();
    let lowest = found.items[0].id;
    fixture.pass(SECOND);
    fixture.store.cancel_inspection(fixture.scope, lowest, change()).await.unwrap();
    assert_eq!(by(InspectionSort::UpdatedAt, Direction::Descending).await, [-1, 3, 5]);
    assert_eq!(by(InspectionSort::EndedAt, Direction::Ascending).await[0], -1);
    let order = (InspectionSort::EndedAt, Direction::Ascending);
    let first = fixture.store.list_inspections(fixture.scope, &filter, order, &page(1)).await.unwrap();
    let next = PageRequest::after(order.0.key(&first.items[0]), 10);
    let rest = fixture.store.list_inspections(fixture.scope, &filter, order, &next).await.unwrap();
    assert_eq!((rest.items.len(), rest.has_more), (2, false));
}

pub(super) async fn filters_restrict(fixture: &Fixture) {
    let (store, scope) = (&fixture.store, fixture.scope);
    let odd = fixture.upload("100%_Done\\.csv").await.1;
    fixture.pass(SECOND);
    let ready = fixture.ready_file("plain.csv").await;
    let files = |filter: FileFilter| async move {
        let order = (FileSort::CreatedAt, Direction::Ascending);
        let found = store.list_files(scope, &filter, order, &page(10)).await.unwrap();
        found.items.into_iter().map(|file| file.id).collect::<Vec<_>>()
    };
    let named = |text: &str| FileFilter { name_contains: Some(text.to_owned()), ..FileFilter::default() };
    assert_eq!(files(named("%_done\\")).await, [odd.id], "as it stands, A as a");
    assert_eq!(files(named("_l")).await, []);
    assert_eq!(files(named("csv")).await, [odd.id, ready.id]);
    assert_eq!(
        files(FileFilter { states: vec![FileState::Ready], ..FileFilter::default() }).await,
        [ready.id]
    );
    let early = Period { from: None, before: Some(ready.created_at) };
    assert_eq!(files(FileFilter { created: early, ..FileFilter::default() }).await, [odd.id]);
    let late = Period { from: Some(ready.created_at), before: None };
    assert_eq!(files(FileFilter { created: late, ..FileFilter::default() }).await, [ready.id]);

    let waiting = fixture.inspect(odd.id).await;
    let queued = fixture.inspect(ready.id).await;
    let colleague = fixture.colleague().await;
    let theirs = store.create_inspection(colleague, new_inspection(ready.id)).await.unwrap().value;
    let inspections = |filter: InspectionFilter| async move {
        let order = (InspectionSort::CreatedAt, Direction::Ascending);
        let found = store.list_inspections(scope, &filter, order, &page(10)).await.unwrap();
        assert_eq!(store.count_inspections(scope, &filter, 100).await.unwrap(), found.items.len() as u64);
        found.items.into_iter().map(|each| each.id).collect::<BTreeSet<_>>()
    };
    let none = InspectionFilter::default;
    let states = vec![InspectionState::Queued];
    assert_eq!(
        inspections(InspectionFilter { states, ..none() }).await,
        BTreeSet::from([queued.id, theirs.id])
    );
    let file_ids = vec![odd.id];
    assert_eq!(inspections(InspectionFilter { file_ids, ..none() }).await, BTreeSet::from([waiting.id]));
    let created_by = vec![colleague.principal_id];
    assert_eq!(inspections(InspectionFilter { created_by, ..none() }).await, BTreeSet::from([theirs.id]));
    assert_eq!(inspections(none()).await.len(), 3);
    let other = fixture.other_workspace().await;
    assert_eq!(store.count_inspections(other, &none(), 100).await.unwrap(), 0);
    assert_eq!(store.count_files(other, &FileFilter::default(), 100).await.unwrap(), 0);
}

pub(super) async fn counts_stop_at_their_cap(fixture: &Fixture) {
    let (store, scope) = (&fixture.store, fixture.scope);
    let file = fixture.ready_file("a.csv").await;
    for _ in 0..3 {
        fixture.inspect(file.id).await;
    }
    let ended = fixture.inspect(file.id).await;
    store.cancel_inspection(scope, ended.id, change()).await.unwrap();
    let all = InspectionFilter::default();
    assert_eq!(store.count_inspections(scope, &all, 2).await.unwrap(), 2);
    assert_eq!(store.count_inspections(scope, &all, 100).await.unwrap(), 4);
    assert_eq!(store.count_files(scope, &FileFilter::default(), 100).await.unwrap(), 1);
    let mut states = store.count_inspections_by_state(scope, &all).await.unwrap();
    states.sort();
    assert_eq!(states, [(InspectionState::Queued, 3), (InspectionState::Cancelled, 1)]);
    assert_eq!(store.count_inspections_by_verdict(scope, &all).await.unwrap().len(), 1);
}

pub(super) async fn the_newest_of_each_file(fixture: &Fixture) {
    let files = [fixture.ready_file("a").await.id, fixture.ready_file("b").await.id];
    let mut made: Vec<Inspection> = Vec::new();
    for _ in 0..3 {
        for file in files {
            fixture.pass(SECOND);
            made.push(fixture.inspect(file).await);
        }
    }
    let found = fixture.store.newest_inspections_of_files(fixture.scope, &files, 2).await.unwrap();
    let expected: Vec<_> = made[2..].iter().rev().map(|each| each.id).collect();
    assert_eq!(found.iter().map(|each| each.id).collect::<Vec<_>>(), expected);
    let other = fixture.other_workspace().await;
    assert_eq!(fixture.store.newest_inspections_of_files(other, &files, 2).await.unwrap(), []);
}

pub(super) async fn tasks_are_listed_and_counted(fixture: &Fixture) {
    let (store, scope) = (&fixture.store, fixture.scope);
    let (id, splits) = fixture.running(3).await;
    fixture.claimed(id, "split/1").await.done(store, Step::default()).await;
    let first = store.list_tasks(scope, id, &[], &page(2)).await.unwrap();
    assert_eq!(first.items.iter().map(|task| task.name.as_str()).collect::<Vec<_>>(), ["survey", "split/0"]);
    let next = PageRequest::after(first.items[1].key(), 10);
    let rest = store.list_tasks(scope, id, &[TaskState::Waiting], &next).await.unwrap();
    assert_eq!(rest.items.iter().map(|task| task.id).collect::<Vec<_>>(), [splits[2].id]);
    let mut counts = store.task_counts(scope, &[id]).await.unwrap();
    counts.sort_by_key(|count| count.state);
    let counts: Vec<_> = counts.iter().map(|each| (each.state, each.tasks, each.size_bytes)).collect();
    assert_eq!(counts, [(TaskState::Waiting, 2, 200), (TaskState::Done, 2, 100)]);
    let ids: Vec<_> = splits.iter().map(|task| task.id).collect();
    assert_eq!(store.tasks_by_id(scope, &ids).await.unwrap().len(), 3);
    let other = fixture.other_workspace().await;
    assert_eq!(store.list_tasks(other, id, &[], &page(10)).await.unwrap().items, []);
}

pub(super) async fn statements_do_not_grow_with_rows(fixture: &Fixture) {
    let (store, scope) = (&fixture.store, fixture.scope);
    let file = fixture.ready_file("a.csv").await;
    let order = (InspectionSort::CreatedAt, Direction::Descending);
    let mut costs = BTreeSet::new();
    for _ in 0..3 {
        fixture.inspect(file.id).await;
        let before = store.statements();
        let found =
            store.list_inspections(scope, &InspectionFilter::default(), order, &page(10)).await.unwrap();
        let ids: Vec<_> = found.items.iter().map(|each| each.id).collect();
        store.task_counts(scope, &ids).await.unwrap();
        store.newest_inspections_of_files(scope, &[file.id], 10).await.unwrap();
        costs.insert(store.statements() - before);
    }
    assert_eq!(costs, BTreeSet::from([3]));
    let before = store.statements();
    fixture.inspect(file.id).await;
    assert!(store.statements() > before, "what is written counts as well");
}

pub(super) async fn fairness_sees_every_workspace(fixture: &Fixture) {
    for _ in 0..4 {
        fixture.queued().await;
    }
    fixture.pass(SECOND);
    let other = fixture.other_workspace().await;
    let upload = fixture.store.create_upload(other, super::fixture::new_upload("b")).await.unwrap().value;
    fixture.store.complete_upload(other, upload.0.id, super::fixture::completed("e")).await.unwrap();
    let small = fixture.store.create_inspection(other, new_inspection(upload.1.id)).await.unwrap().value;
    let waiting = fixture.store.waiting_inspections(2).await.unwrap();
    let ids: Vec<_> = waiting.iter().map(|each| each.inspection_id).collect();
    assert_eq!(ids.len(), 3, "two of the one workspace and one of the other");
    assert!(ids.contains(&small.id));
}
