//! The fold compared with a small model of a cluster whose true counts are known.

use super::*;
use crate::observe::{CountedBy, ElasticNode, ElasticNodesSeen, IndexSeen, IndexingPressure, Pool, ShardSeen};
use proptest::prelude::*;

/// Milliseconds between two answers.
const POLL: i64 = 10_000;

#[derive(Clone)]
struct Index {
    stream: usize,
    name: String,
    uuid: String,
    shards: Vec<Copy>,
    node: String,
}

/// A shard's operations, and what its copy has counted since it was made.
#[derive(Clone, Default)]
struct Copy {
    operations: u64,
    indexed: u64,
    deleted: u64,
}

/// What Elasticsearch would answer, and what was really indexed.
#[derive(Default)]
struct World {
    indices: Vec<Index>,
    generation: Vec<u64>,
    made: u64,
    /// Documents indexed, by stream.
    truth: Vec<u64>,
    /// Deletes that copies had counted which are gone: those that no answer showed may look like documents.
    hidden: u64,
    /// Elasticsearch reports no counters of each shard, as recordings of earlier versions have it.
    plain: bool,
}

const NAMES: [&str; 3] = ["logs-a.otel-default", "metrics-b.otel-default", "logs-c.otel-default"];
const SIGNALS: [Signal; 3] = [Signal::Logs, Signal::Metrics, Signal::Logs];

impl World {
    fn roll(&mut self, stream: usize) {
        self.generation.resize(3, 0);
        self.truth.resize(3, 0);
        self.generation[stream] += 1;
        let name = format!(".ds-{}-2026.11.24-{:06}", NAMES[stream], self.generation[stream]);
        self.push(stream, name, 0);
    }

    fn push(&mut self, stream: usize, name: String, count: u64) {
        self.made += 1;
        let uuid = format!("uuid-{}", self.made);
        let shards = vec![Copy { operations: count, ..Copy::default() }; 2];
        self.indices.push(Index { stream, name, uuid, shards, node: "n1".into() });
    }

    fn written(&mut self, stream: usize) -> Option<&mut Index> {
        self.indices.iter_mut().rev().find(|i| i.stream == stream && i.name.starts_with('.'))
    }

    fn write(&mut self, stream: usize, documents: u64) {
        let Some(index) = self.written(stream) else { return };
        for (shard, more) in index.shards.iter_mut().zip([documents / 2, documents - documents / 2]) {
            shard.operations += more;
            shard.indexed += more;
        }
        self.truth[stream] += documents;
    }

    fn delete(&mut self, stream: usize, documents: u64) {
        if let Some(index) = self.written(stream) {
            index.shards[0].operations += documents;
            index.shards[0].deleted += documents;
        }
    }

    /// The index gets other copies of its shards, which have counted this much.
    fn replace(&mut self, i: usize, indexed: u64) {
        for shard in &mut self.indices[i].shards {
            self.hidden += shard.deleted;
            (shard.indexed, shard.deleted) = (indexed, 0);
        }
    }

    /// Whether it is written to, so that it cannot be deleted.
    fn is_write_index(&self, i: usize) -> bool {
        let of = |j: &Index| j.stream == self.indices[i].stream && j.name.starts_with('.');
        self.indices.iter().rposition(of) == Some(i)
    }

    fn seen(&self, hidden: Option<usize>) -> CountersSeen {
        let plain = self.plain;
        let all = self.indices.iter().enumerate().map(|(i, index)| {
            let figure = |count: u64| (!plain).then_some(count);
            let shard = |(n, copy): (usize, &Copy)| ShardSeen {
                n: n as u32,
                max_seq_no: copy.operations as i64 - 1,
                node: index.node.clone(),
                indexed: figure(copy.indexed),
                deleted: figure(copy.deleted),
            };
            let mut shards: Vec<ShardSeen> = index.shards.iter().enumerate().map(shard).collect();
            if hidden == Some(i) {
                shards.pop();
            }
            let indexed: u64 = index.shards.iter().map(|copy| copy.indexed).sum();
            IndexSeen {
                name: index.name.clone(),
                uuid: index.uuid.clone(),
                shards,
                bulk_bytes: Some(indexed * 100),
                indexed: Some(indexed),
                ..IndexSeen::default()
            }
        });
        let indices = all.collect();
        let hidden = hidden.filter(|i| *i < self.indices.len());
        CountersSeen {
            every_ms: POLL as u32,
            failed_shards: u32::from(hidden.is_some()),
            failed: hidden.map(|i| self.indices[i].name.clone()).into_iter().collect(),
            indices,
            ..CountersSeen::default()
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Write(usize, u64),
    Delete(usize, u64),
    Roll(usize),
    DeleteOldest,
    /// Counters of the copies restart at 0.
    Restart,
    /// The copy moves to another node.
    Relocate(usize),
    /// A replica with its own history becomes the primary.
    Promote(usize, u64),
    /// A copy of an old index replaces it.
    Mount,
    /// An answer that is missing.
    Silence,
    /// An answer that lacks a shard.
    Part(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0usize..3, 0u64..5000).prop_map(|(s, n)| Step::Write(s, n)),
        1 => (0usize..3, 0u64..300).prop_map(|(s, n)| Step::Delete(s, n)),
        1 => (0usize..3).prop_map(Step::Roll),
        1 => Just(Step::DeleteOldest),
        1 => Just(Step::Restart),
        1 => (0usize..9).prop_map(Step::Relocate),
        1 => (0usize..9, 0u64..9000).prop_map(|(i, n)| Step::Promote(i, n)),
        1 => Just(Step::Mount),
        1 => Just(Step::Silence),
        1 => (0usize..9).prop_map(Step::Part),
    ]
}

fn apply(world: &mut World, step: &Step) {
    let n = world.indices.len().max(1);
    match step {
        Step::Write(stream, documents) => world.write(*stream, *documents),
        Step::Roll(stream) => world.roll(*stream),
        Step::DeleteOldest => {
            let old = (0..world.indices.len()).find(|i| !world.is_write_index(*i));
            old.map(|i| world.indices.remove(i));
        }
        Step::Delete(stream, documents) => world.delete(*stream, *documents),
        Step::Restart => (0..world.indices.len()).for_each(|i| world.replace(i, 0)),
        Step::Relocate(i) | Step::Promote(i, _) if !world.indices.is_empty() => {
            let history = if let Step::Promote(_, history) = step { *history } else { 0 };
            world.replace(i % n, history);
            world.indices[i % n].node += "x";
        }
        Step::Relocate(_) | Step::Promote(..) => {}
        Step::Mount => {
            let original = |i: &usize| !world.is_write_index(*i) && world.indices[*i].name.starts_with('.');
            if let Some(i) = (0..world.indices.len()).find(original) {
                let old = world.indices.remove(i);
                world.push(old.stream, format!("partial-{}", old.name), old.shards[0].operations);
            }
        }
        Step::Silence | Step::Part(_) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn figures_are_right_or_missing(polls in prop::collection::vec(prop::collection::vec(step(), 0..4), 2..30)) {
        let mut world = World::default();
        world.roll(0);
        world.write(0, 1000);
        let mut ingest = Ingest::default();
        ingest.counters(0, &world.seen(None));
        let began = world.truth.clone();
        let mut before: (i64, Vec<u64>) = (0, began.clone());
        for (i, steps) in polls.iter().enumerate() {
            let now = (i as i64 + 1) * POLL;
            steps.iter().for_each(|s| apply(&mut world, s));
            if steps.iter().any(|d| matches!(d, Step::Silence)) {
                continue;
            }
            let part = steps.iter().find_map(|d| if let Step::Part(i) = d { Some(i % world.indices.len()) } else { None });
            ingest.counters(now, &world.seen(part));
            for signal in Signal::ALL {
                let sum = |of: &[u64]| -> u64 { of.iter().zip(SIGNALS).filter(|(_, s)| *s == signal).map(|(n, _)| *n).sum() };
                let (truth, earlier, start) = (sum(&world.truth), sum(&before.1), sum(&began));
                let flow = ingest.signal(signal).unwrap();
                // Never more than was indexed, and all of it where nothing was hidden.
                let real = truth - start;
                prop_assert!(flow.total <= real + world.hidden, "{signal:?}: {} of {real}", flow.total);
                prop_assert!(flow.partial || flow.total >= real, "{signal:?}: {} of {real}", flow.total);
                if let Some(rate) = ingest.documents_per_s(signal, now).filter(|_| world.hidden == 0) {
                    let real = (truth - earlier) as f64 / (now - before.0) as f64 * 1000.0;
                    prop_assert!((rate - real).abs() < 1e-6, "{signal:?}: {rate} of {real}");
                }
                if let Some(bytes) = flow.bytes_at(now, ingest.max_age()).filter(|_| world.hidden == 0) {
                    let real = (truth - earlier) as f64 / (now - before.0) as f64 * 100_000.0;
                    // A counter that restarted is recognized by its size; the error that remains is small.
                    prop_assert!(bytes >= 0.0 && bytes <= real * 2.0 + 10_000.0, "{signal:?}: {bytes} of {real}");
                }
            }
            before = (now, world.truth.clone());
        }
    }
}

/// Polls a world, each time after its steps.
fn after(polls: &[&[Step]]) -> (World, Ingest) {
    let (mut world, mut ingest) = (World::default(), Ingest::default());
    world.roll(0);
    world.write(0, 500);
    ingest.counters(0, &world.seen(None));
    for (i, steps) in polls.iter().enumerate() {
        steps.iter().for_each(|s| apply(&mut world, s));
        ingest.counters((i as i64 + 1) * POLL, &world.seen(None));
    }
    (world, ingest)
}

fn logs(ingest: &Ingest) -> Option<f64> {
    ingest.documents_per_s(Signal::Logs, ingest.at.unwrap())
}

#[test]
fn one_answer_is_no_rate() {
    let (_, ingest) = after(&[]);
    assert_eq!((logs(&ingest), ingest.signal(Signal::Logs)), (None, None));
    assert_eq!(ingest.stream(NAMES[0]).map(|s| s.indices), Some(1));
}

#[test]
fn a_rollover_and_a_deletion_are_no_break() {
    let (_, ingest) = after(&[&[Step::Write(0, 300)], &[Step::Roll(0), Step::Write(0, 200)], &[Step::DeleteOldest]]);
    let points: Vec<f64> = ingest.signal(Signal::Logs).unwrap().rate.points().iter().map(|p| p.1).collect();
    assert_eq!(points, [30.0, 20.0, 0.0]);
    assert_eq!(ingest.signal(Signal::Logs).unwrap().total, 500);
}

#[test]
fn a_restart_hides_bytes_and_not_documents() {
    let (_, ingest) = after(&[&[Step::Write(0, 300)], &[Step::Restart, Step::Write(0, 250)]]);
    let flow = ingest.signal(Signal::Logs).unwrap();
    assert_eq!((logs(&ingest), flow.bytes_at(20_000, 25_000)), (Some(25.0), None));
    assert_eq!(flow.total, 550);
}

#[test]
fn deletes_count_as_no_documents() {
    let (_, ingest) = after(&[
        &[Step::Write(0, 300), Step::Delete(0, 200)],
        &[Step::Delete(0, 150)],
        &[Step::Roll(2), Step::Write(2, 127), Step::Delete(2, 20)],
        &[Step::Delete(0, 70), Step::Write(0, 10)],
    ]);
    let points: Vec<f64> = ingest.signal(Signal::Logs).unwrap().rate.points().iter().map(|p| p.1).collect();
    assert_eq!(points, [30.0, 0.0, 12.7, 1.0]);
    let flow = ingest.signal(Signal::Logs).unwrap();
    assert_eq!((flow.total, flow.partial), (437, false));
}

#[test]
fn deletes_that_no_answer_shows_leave_a_gap() {
    let (_, ingest) = after(&[
        &[Step::Delete(0, 5)],
        &[Step::Write(0, 300), Step::Delete(0, 100), Step::Restart],
        &[Step::Write(0, 50)],
        &[Step::Restart],
    ]);
    let flow = ingest.signal(Signal::Logs).unwrap();
    assert_eq!((flow.total, flow.partial), (50, true), "what was added around the restart is not known");
    assert_eq!(logs(&ingest), Some(0.0));
}

#[test]
fn recordings_without_the_counters_of_shards_count_operations() {
    let (mut world, mut ingest) = (World { plain: true, ..World::default() }, Ingest::default());
    world.roll(0);
    ingest.counters(0, &world.seen(None));
    world.write(0, 300);
    world.delete(0, 20);
    world.roll(1);
    world.write(1, 40);
    ingest.counters(POLL, &world.seen(None));
    assert_eq!((logs(&ingest), ingest.documents_per_s(Signal::Metrics, POLL)), (Some(32.0), Some(4.0)));
}

/// The primaries of a new stream start one after another, and each is written to while it is read.
#[test]
fn a_new_stream_of_any_number_of_shards_counts_from_its_first_document() {
    for shards in 1..=5u32 {
        let (world, mut ingest) = after(&[&[]]);
        let mut documents = 0;
        for poll in 2..=i64::from(shards) + 3 {
            let mut answer = world.seen(None);
            let started = shards.min(poll as u32);
            documents = 0;
            let copies = (0..started).map(|n| {
                let operations = (poll as u64 - 1) * (40 + u64::from(n));
                documents += operations;
                let indexed = Some(operations - 2);
                ShardSeen { n, max_seq_no: operations as i64 - 1, node: "n1".into(), indexed, ..ShardSeen::default() }
            });
            let shards: Vec<ShardSeen> = copies.collect();
            answer.indices.push(IndexSeen {
                name: ".ds-metrics-new-default-2026.11.24-000001".into(),
                uuid: "new".into(),
                indexed: shards.iter().map(|s| s.indexed).sum(),
                shards,
                ..IndexSeen::default()
            });
            ingest.counters(poll * POLL, &answer);
        }
        let flow = ingest.signal(Signal::Metrics).unwrap();
        assert_eq!((flow.total, flow.partial), (documents, false), "{shards} shards");
    }
}

#[test]
fn a_stream_that_appears_counts_from_its_first_document() {
    let (_, ingest) = after(&[&[], &[Step::Roll(2), Step::Write(2, 40)]]);
    assert_eq!(logs(&ingest), Some(4.0));
    assert_eq!(ingest.first_after(Signal::Logs, 500), Some((10_000, 20_000)));
    assert_eq!(ingest.first_after(Signal::Metrics, 500), None);
    assert_eq!(ingest.indexed(Signal::Logs, 0, 20_000).map(|i| (i.documents, i.whole)), Some((40, true)));
}

#[test]
fn a_restored_stream_is_not_counted_as_ingest() {
    let (mut world, mut ingest) = after(&[&[]]);
    world.generation[1] = 1;
    world.push(1, format!(".ds-{}-2026.11.24-000001", NAMES[1]), 90_000);
    ingest.counters(2 * POLL, &world.seen(None));
    assert_eq!(ingest.documents_per_s(Signal::Metrics, 2 * POLL), None);
    ingest.counters(3 * POLL, &world.seen(None));
    assert_eq!(ingest.documents_per_s(Signal::Metrics, 3 * POLL), Some(0.0));
}

#[test]
fn another_way_of_counting_starts_from_nothing() {
    let (world, mut ingest) = after(&[&[Step::Write(0, 300)]]);
    ingest.counters(2 * POLL, &CountersSeen { by: CountedBy::IndexTotal, ..world.seen(None) });
    assert_eq!(logs(&ingest), None);
    ingest.counters(3 * POLL, &CountersSeen { by: CountedBy::IndexTotal, ..world.seen(None) });
    assert_eq!(logs(&ingest), Some(0.0));
}

#[test]
fn counts_beyond_the_range_saturate() {
    let index = |name: &str, count: u64| IndexSeen {
        name: format!(".ds-logs-a.otel-default-2026.11.24-00000{name}"),
        uuid: name.into(),
        documents: Some(count),
        indexed: Some(count),
        bulk_bytes: Some(count),
        failed: Some(count),
        ..IndexSeen::default()
    };
    let answer = |count| CountersSeen {
        by: CountedBy::IndexTotal,
        every_ms: POLL as u32,
        indices: vec![index("1", count), index("2", count)],
        ..CountersSeen::default()
    };
    let mut ingest = Ingest::default();
    ingest.counters(0, &answer(0));
    ingest.counters(POLL, &answer(u64::MAX));
    let flow = ingest.signal(Signal::Logs).unwrap();
    assert_eq!((flow.total, flow.bytes_total, flow.failed), (u64::MAX, u64::MAX, u64::MAX));
}

fn node(uptime_s: u64, rejected: u64, coordinating: u64) -> ElasticNodesSeen {
    let write = Some(Pool { threads: Some(1), active: Some(1), queue: Some(3), rejected: Some(rejected) });
    let pressure = IndexingPressure {
        limit_bytes: Some(1000),
        current_bytes: Some(250),
        coordinating_rejections: Some(coordinating),
        ..Default::default()
    };
    let node = ElasticNode {
        id: "n".into(),
        uptime_ms: Some(uptime_s * 1000),
        write,
        pressure: Some(pressure),
        ..ElasticNode::default()
    };
    ElasticNodesSeen { nodes: vec![node], ..ElasticNodesSeen::default() }
}

#[test]
fn rejections_count_from_the_first_answer_and_over_restarts() {
    let mut p = Pressure::default();
    p.nodes(0, &node(100, 1694, 1));
    assert_eq!((p.rejected_writes(), p.waiting(), p.pressure()), (None, Some(3), Some(0.25)));
    p.nodes(10_000, &node(110, 1700, 1));
    assert_eq!(p.rejected_writes(), Some(6));
    assert_eq!(p.last_rejected, Some((10_000, vec![(RejectionCause::WritePool, 6)])));
    p.nodes(20_000, &node(4, 2, 3));
    assert_eq!(p.rejected.get(&RejectionCause::Coordinating), Some(&3));
    assert_eq!(p.rejected_writes(), Some(11));
}

#[test]
fn a_node_that_appears_late_adds_no_old_rejections() {
    let mut p = Pressure::default();
    p.nodes(0, &ElasticNodesSeen::default());
    p.nodes(10_000, &node(5000, 900, 0));
    assert_eq!(p.rejected_writes(), Some(0));
}
