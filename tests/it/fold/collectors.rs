//! What real collectors answered, folded: rates, queues, losses, resets, skew.

use chrono::TimeDelta;
use edot_tui::observe::{
    CollectorLost, CollectorSeen, Observation, PodGone, PodSeen, ReadySeen, ReceiverSeen, Role, Signal, Stamped, Time,
};
use edot_tui::session::{Session, Undelivered};
use edot_tui::source::live::collector::normalize::normalize as read;
use std::sync::Arc;

fn at(s: i64) -> Time {
    Time::UNIX_EPOCH + TimeDelta::seconds(1_700_000_000 + s)
}

fn file(name: &str, pod: &str) -> CollectorSeen {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/collector/{name}.prom"));
    let seen = read(&std::fs::read(path).unwrap()).unwrap();
    CollectorSeen { pod: pod.into(), uid: format!("uid-{pod}"), ..seen }
}

fn observe(session: &mut Session, s: i64, what: Observation) {
    session.apply(&Stamped { at: at(s), what });
}

fn scrape(session: &mut Session, s: i64, seen: CollectorSeen) {
    observe(session, s, Observation::Collector(Arc::new(seen)));
    observe(session, s, Observation::Tick);
}

/// A collector that has run for `uptime_s` seconds and accepted `accepted` spans.
fn spans(pod: &str, uptime_s: f64, accepted: f64) -> CollectorSeen {
    let mut seen = CollectorSeen { pod: pod.into(), uid: format!("uid-{pod}"), ..CollectorSeen::default() };
    seen.process.uptime_s = Some(uptime_s);
    let receiver =
        ReceiverSeen { name: "otlp".into(), signal: Signal::Traces, accepted: Some(accepted), ..Default::default() };
    seen.receivers.push(receiver);
    seen
}

fn ready(session: &mut Session, s: i64, pod: &str) {
    let pod = PodSeen {
        name: pod.into(),
        uid: format!("uid-{pod}"),
        phase: "Running".into(),
        ready: Some(ReadySeen { status: "True".into(), since: Some(at(s)) }),
        ..PodSeen::default()
    };
    observe(session, s, Observation::Pod(Box::new(pod)));
}

#[test]
fn a_restart_is_a_gap_and_never_a_spike() {
    let mut session = Session::default();
    scrape(&mut session, 0, file("restart-1-before", "a"));
    scrape(&mut session, 5, file("restart-2-after", "a"));
    scrape(&mut session, 10, file("restart-3-after", "a"));
    let one = session.collectors.of("uid-a").unwrap();
    assert_eq!(one.restarts, 1);
    let before = file("restart-1-before", "a").receivers.iter().filter_map(|r| r.accepted).sum::<f64>();
    let after = file("restart-3-after", "a").receivers.iter().filter_map(|r| r.accepted).sum::<f64>();
    assert!(before > after, "the counters restarted");
    let total: f64 = Signal::ALL.iter().map(|s| one.flow(*s).accepted.total).sum();
    assert_eq!(total, after, "what the new process counted, once");
    for signal in Signal::ALL {
        assert!(one.flow(signal).accepted.rate.points().iter().all(|p| p.1 >= 0.0 && p.1 < 2000.0), "{signal:?}");
    }
}

#[test]
fn figures_are_the_collectors_own() {
    let mut session = Session::default();
    let mut first = file("under-load-3", "a");
    scrape(&mut session, 0, first.clone());
    first.receivers.iter_mut().for_each(|r| r.accepted = r.accepted.map(|a| a + 15_000.0));
    first.exporters.iter_mut().for_each(|e| {
        e.sent = e.sent.map(|a| a + 10_000.0);
        e.queue_size = Some(if e.signal == Signal::Metrics { 4.0 } else { 1.0 });
    });
    first.process.uptime_s = first.process.uptime_s.map(|u| u + 5.0);
    scrape(&mut session, 5, first);
    let one = session.collectors.of("uid-a").unwrap();
    let flow = one.flow(Signal::Logs);
    assert_eq!(flow.accepted.now(at(5).timestamp_millis(), 9999), Some(3000.0));
    assert_eq!(flow.sent.now(at(5).timestamp_millis(), 9999), Some(2000.0));
    assert_eq!(flow.send_failed.now(at(5).timestamp_millis(), 9999), Some(0.0), "none yet is none");
    let queue = one.fullest().unwrap();
    assert_eq!((queue.signal, queue.size, queue.capacity), (Signal::Metrics, 4.0, 10.0));
    let tier = session.collectors.tier(Role::Gateway).unwrap();
    assert_eq!(tier.rates(Signal::Logs).accepted.last().unwrap().1, 3000.0);
    assert_eq!((tier.totals(Signal::Logs).accepted, tier.totals(Signal::Logs).sent), (15_000.0, 10_000.0));
    assert_eq!(session.collectors.account(Signal::Logs).offered(), Some(15_000.0));
}

#[test]
fn losses_have_a_first_second_and_refused_items_are_no_loss() {
    let mut session = Session::default();
    let mut idle = file("idle", "a");
    idle.process.uptime_s = Some(100.0);
    scrape(&mut session, 0, idle);
    let mut later = file("items-409-3", "a");
    later.process.uptime_s = Some(105.0);
    scrape(&mut session, 5, later);
    let mut refusing = file("memory-limiter-refusing-6", "b");
    refusing.process.uptime_s = Some(1.0);
    scrape(&mut session, 6, refusing);
    let losses = session.collectors.losses.all();
    let of = |how| losses.iter().filter(|l| l.how == how).map(|l| l.items).sum::<f64>();
    assert_eq!((of(Undelivered::SendFailed), of(Undelivered::Rejected)), (45_200.0, 1603.0 + 8109.0));
    assert_eq!(of(Undelivered::Refused), 3.0 * 55_500.0, "a process that began meanwhile counts from its start");
    let first = session.collectors.losses.first().unwrap();
    assert_eq!((first.after, first.since), (Some(at(0).timestamp_millis()), at(5).timestamp_millis()));
    assert!(!Undelivered::Refused.is_loss() && Undelivered::EnqueueFailed.is_loss());
    assert_eq!(session.collectors.tier(Role::Gateway).unwrap().rejected_total, 1603.0 + 8109.0);
    assert_eq!(session.collectors.losses.on(at(200).timestamp_millis()).count(), 0, "it is over after a while");
}

#[test]
fn a_failed_scrape_is_a_gap_with_its_reason() {
    let mut session = Session::default();
    for n in 0..4 {
        scrape(&mut session, n * 5, spans("a", 100.0 + n as f64 * 5.0, n as f64 * 500.0));
    }
    let lost = CollectorLost {
        pod: "a".into(),
        uid: "uid-a".into(),
        reason: "connection refused".into(),
        ..Default::default()
    };
    observe(&mut session, 20, Observation::CollectorLost(lost));
    observe(&mut session, 20, Observation::Tick);
    let one = session.collectors.of("uid-a").unwrap();
    assert_eq!(one.flow(Signal::Traces).accepted.now(at(20).timestamp_millis(), 99_999), None);
    assert_eq!(one.lost.as_ref().unwrap().1, "connection refused");
    let tier = session.collectors.tier(Role::Gateway).unwrap();
    assert!(tier.accepted.is_broken() && (tier.summed, tier.missing) == (0, 1));
    scrape(&mut session, 25, spans("a", 125.0, 2500.0));
    let one = session.collectors.of("uid-a").unwrap();
    assert!(one.lost.is_none());
    assert_eq!(one.flow(Signal::Traces).accepted.total, 2500.0, "what it counted meanwhile counts");
}

#[test]
fn the_skew_of_one_busy_pod_and_of_an_even_load() {
    let mut session = Session::default();
    ready(&mut session, 0, "a");
    ready(&mut session, 0, "b");
    for n in 0..13 {
        let s = n * 5;
        scrape(&mut session, s, spans("a", 500.0 + s as f64, s as f64 * 1000.0));
        scrape(&mut session, s, spans("b", 500.0 + s as f64, 7.0));
    }
    let skew = session.skew().unwrap();
    assert_eq!(skew.index, Some(2.0));
    assert_eq!((skew.shares[0].share, skew.shares[0].idle), (Some(1.0), None));
    assert_eq!((skew.shares[1].share, skew.shares[1].idle), (Some(0.0), Some(60_000)));
    for n in 13..26 {
        let s = n * 5;
        scrape(&mut session, s, spans("a", 500.0 + s as f64, 60_000.0 + (s - 60) as f64 * 500.0));
        scrape(&mut session, s, spans("b", 500.0 + s as f64, (s - 60) as f64 * 500.0 + 7.0));
    }
    let skew = session.skew().unwrap();
    assert!((skew.index.unwrap() - 1.0).abs() < 1e-9 && skew.shares.iter().all(|s| s.idle.is_none()));
    observe(&mut session, 130, Observation::PodGone(PodGone { uid: "uid-b".into(), name: "b".into() }));
    assert!(session.skew().is_none(), "one pod alone has no skew");
    let total = session.collectors.tier(Role::Gateway).unwrap().totals(Signal::Traces).accepted;
    assert_eq!(total, 60_000.0 + 65.0 * 1000.0, "what a pod that left had counted stays counted");
}

#[test]
fn many_collectors_stay_bounded() {
    let mut session = Session::default();
    for round in 0..300 {
        for pod in 0..60 {
            let seen = spans(&format!("p{pod}"), round as f64 * 5.0 + 1.0, round as f64);
            observe(&mut session, round * 5, Observation::Collector(Arc::new(seen)));
        }
    }
    let kept = |c: &edot_tui::session::Collector| c.flow(Signal::Traces).accepted.rate.points().len();
    assert!(session.collectors.all().all(|c| kept(c) < 120 + 128));
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 24, ..Default::default() })]
    #[test]
    fn any_observations_are_folded_without_a_negative_rate(all in crate::it::support::any_seen::stamped(30)) {
        let mut session = Session::default();
        for seen in &all {
            session.apply(seen);
            let _ = session.skew();
        }
        let now = session.now_ms();
        let progress = session.load.k6.progress(now);
        proptest::prop_assert!(progress.iterations_per_s.is_none_or(|r| r >= 0.0));
        for one in session.collectors.all() {
            for signal in Signal::ALL {
                proptest::prop_assert!(one.flow(signal).accepted.rate.points().iter().all(|p| p.1 >= 0.0));
            }
        }
        for signal in Signal::ALL {
            let _ = session.collectors.account(signal);
        }
    }
}
