//! Observations of k6 and of collectors, with whatever may stand in them.

use crate::it::support::any_seen::{pod, text, time};
use edot_tui::observe::*;
use proptest::prelude::*;
use std::sync::Arc;

fn number() -> BoxedStrategy<Option<f64>> {
    prop::option::of(prop_oneof![0.0f64..1e4, any::<f64>().prop_filter("JSON holds no others", |f| f.is_finite())])
        .boxed()
}

fn count() -> BoxedStrategy<Option<u64>> {
    prop::option::of(prop_oneof![0u64..10_000, any::<u64>()]).boxed()
}

fn uid() -> BoxedStrategy<String> {
    prop::sample::select(vec!["a".to_string(), "b".into(), "c".into()]).boxed()
}

fn role() -> BoxedStrategy<Role> {
    prop::sample::select(vec![Role::Gateway, Role::Agent, Role::Cluster, Role::Other]).boxed()
}

fn signal() -> BoxedStrategy<Signal> {
    prop::sample::select(vec![Signal::Traces, Signal::Metrics, Signal::Logs, Signal::Other]).boxed()
}

fn thresholds() -> BoxedStrategy<Vec<ThresholdSeen>> {
    let one = (text(), text(), any::<bool>()).prop_map(|(metric, rule, held)| ThresholdSeen { metric, rule, held });
    prop::collection::vec(one, 0..3).boxed()
}

fn k6() -> BoxedStrategy<K6Seen> {
    let from = prop::sample::select(vec![K6Source::Log, K6Source::Rest, K6Source::Other]);
    let state =
        prop::sample::select(vec![K6State::Waiting, K6State::Running, K6State::Paused, K6State::Ended, K6State::Other]);
    let counts = [count(), count(), count(), count(), count(), count()];
    let figures = [number(), number(), number(), number(), number(), number()];
    (uid(), from, state, prop::option::of(time()), counts, figures, thresholds())
        .prop_map(|(uid, from, state, written, c, f, thresholds)| K6Seen {
            pod: uid.clone(),
            uid,
            from,
            written,
            state,
            elapsed_s: f[0],
            duration_s: f[1],
            vus: c[0],
            vus_max: c[1],
            iterations: c[2],
            interrupted: c[3],
            dropped: c[4],
            requests: c[5],
            failed_ratio: f[2],
            checks_ratio: f[3],
            avg_ms: f[4],
            p95_ms: f[5],
            thresholds,
        })
        .boxed()
}

fn summary() -> BoxedStrategy<K6SummarySeen> {
    (uid(), [count(), count(), count()], [number(), number()], thresholds(), prop::collection::vec(text(), 0..3))
        .prop_map(|(uid, c, f, thresholds, text)| K6SummarySeen {
            uid,
            iterations: c[0],
            requests: c[1],
            failed: c[2],
            failed_ratio: f[0],
            p95_ms: f[1],
            thresholds,
            text,
            ..Default::default()
        })
        .boxed()
}

fn collector() -> BoxedStrategy<CollectorSeen> {
    let process = [number(), number(), number()].prop_map(|f| ProcessSeen {
        uptime_s: f[0],
        cpu_s: f[1],
        rss_bytes: f[2],
        ..Default::default()
    });
    let receiver = (text(), signal(), [number(), number(), number()]).prop_map(|(name, signal, f)| ReceiverSeen {
        name,
        signal,
        accepted: f[0],
        refused: f[1],
        failed: f[2],
    });
    let gauges = [number(), number(), number(), number(), number(), number()];
    let exporter = (text(), signal(), gauges).prop_map(|(name, signal, f)| ExporterSeen {
        name,
        signal,
        sent: f[0],
        send_failed: f[1],
        enqueue_failed: f[2],
        queue_size: f[3],
        queue_capacity: f[4],
        in_flight: f[5],
    });
    let outcome = (text(), text(), text(), [number(), number(), number()]).prop_map(|(outcome, code, error, f)| {
        OutcomeSeen { outcome, code, error, documents: f[0], requests: f[1], latency_s: f[2] }
    });
    let elastic = (number(), prop::collection::vec(outcome, 0..3)).prop_map(|(received, outcomes)| ElasticSeen {
        received,
        outcomes,
        ..Default::default()
    });
    let some = (prop::collection::vec(receiver, 0..3), prop::collection::vec(exporter, 0..3));
    (uid(), role(), process, some, elastic, prop::option::of(time()))
        .prop_map(|(uid, role, process, (receivers, exporters), elastic, measured)| CollectorSeen {
            pod: uid.clone(),
            uid,
            role,
            process,
            receivers,
            exporters,
            elastic,
            measured,
            ..Default::default()
        })
        .boxed()
}

fn config() -> BoxedStrategy<ConfigSeen> {
    let names = || prop::collection::vec(text(), 0..3);
    let pipeline = (text(), signal(), [names(), names(), names()]).prop_map(|(name, signal, [r, p, e])| PipelineSeen {
        name,
        signal,
        receivers: r,
        processors: p,
        exporters: e,
    });
    let limiter = (text(), [number(), number(), number(), number()]).prop_map(|(name, f)| LimiterSeen {
        name,
        limit_mib: f[0],
        spike_mib: f[1],
        limit_percent: f[2],
        spike_percent: f[3],
    });
    let sending = (text(), [prop::option::of(any::<bool>()), prop::option::of(any::<bool>())], number()).prop_map(
        |(name, [queue, retry], queue_size)| SendingSeen { name, queue, retry, queue_size, ..Default::default() },
    );
    let some = (prop::collection::vec(limiter, 0..2), prop::collection::vec(sending, 0..2));
    (role(), names(), prop::collection::vec(pipeline, 0..3), some)
        .prop_map(|(role, from, pipelines, (limiters, exporters))| ConfigSeen {
            role,
            from,
            pipelines,
            limiters,
            exporters,
            ..Default::default()
        })
        .boxed()
}

/// Any of them.
pub fn observation() -> BoxedStrategy<Observation> {
    prop_oneof![
        3 => k6().prop_map(|k| Observation::K6(Box::new(k))),
        1 => summary().prop_map(|s| Observation::K6Summary(Box::new(s))),
        1 => (uid(), text()).prop_map(|(uid, text)| Observation::K6Error(K6ErrorSeen { uid, text, ..Default::default() })),
        3 => collector().prop_map(|c| Observation::Collector(Arc::new(c))),
        1 => (uid(), role(), text()).prop_map(|(uid, role, reason)| {
            Observation::CollectorLost(CollectorLost { pod: uid.clone(), uid, role, reason })
        }),
        1 => config().prop_map(|c| Observation::CollectorConfig(Box::new(c))),
        1 => (role(), pod()).prop_map(|(role, pod)| Observation::CollectorPod { role, pod: Box::new(pod) }),
    ]
    .boxed()
}
