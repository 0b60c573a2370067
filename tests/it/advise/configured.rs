//! Rules over the collectors' configuration: memory_limiter, batch, queues and retry, a signal that crowds out others.

use super::flow::Flow;
use super::world::{World, at};
use super::{finding, found};
use edot_tui::observe::{
    BatchingSeen, ConfigSeen, HarmSeen, LimiterSeen, Observation, PipelineSeen, Role, SendingSeen, Signal, Stamped,
};
use edot_tui::session::Session;

fn names(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn pipeline(name: &str, processors: &str) -> PipelineSeen {
    let signal = Signal::of_pipeline(name);
    let (receivers, exporters) = (names("otlp"), names("elasticsearch/otel"));
    PipelineSeen { name: name.into(), signal, receivers, processors: names(processors), exporters }
}

/// A gateway that no rule objects to: its container is limited to 512 Mi.
fn sound() -> ConfigSeen {
    let processors = "memory_limiter filter batch elasticapm";
    ConfigSeen {
        container: "collector".into(),
        from: vec!["gateway/config.yaml".into()],
        connectors: names("elasticapm"),
        pipelines: vec![
            pipeline("traces", processors),
            pipeline("metrics", "memory_limiter batch"),
            PipelineSeen { receivers: names("elasticapm"), ..pipeline("metrics/aggregated", "") },
            pipeline("logs", processors),
        ],
        limiters: vec![LimiterSeen {
            name: "memory_limiter".into(),
            limit_percent: Some(80.0),
            spike_percent: Some(20.0),
            ..Default::default()
        }],
        batches: vec![BatchingSeen { name: "batch".into(), size: Some(8192.0), max_size: Some(0.0) }],
        exporters: vec![
            SendingSeen {
                name: "elasticsearch/otel".into(),
                queue: Some(true),
                queue_size: Some(10.0),
                ..Default::default()
            },
            SendingSeen { name: "debug".into(), queue: Some(false), retry: Some(false), ..Default::default() },
        ],
        ..Default::default()
    }
}

fn with(config: ConfigSeen, flows: &[Flow]) -> Session {
    let mut w = World::new(1);
    w.extra = flows.iter().flat_map(|f| f.scrapes(w.seconds)).collect();
    w.extra.push(Stamped { at: at(1), what: Observation::CollectorConfig(Box::new(config)) });
    w.session()
}

/// The session of a sound configuration after `change`.
fn changed(change: impl FnOnce(&mut ConfigSeen)) -> Session {
    let mut config = sound();
    change(&mut config);
    with(config, &[])
}

#[test]
fn a_sound_configuration_has_no_findings() {
    assert_eq!(found(&changed(|_| {})), Vec::<&str>::new());
}

#[test]
fn a_pipeline_without_a_memory_limiter() {
    let without = |c: &mut ConfigSeen| c.pipelines[3].processors = names("batch");
    let f = finding(&changed(without), "no-memory-limiter");
    assert!(f.text.contains("pipeline logs:") && f.evidence == "ConfigMap gateway/config.yaml", "{f:?}");
    // The extension does the same at the receivers.
    let guarded = changed(|c| {
        without(c);
        c.extensions = names("health_check memory_limiter");
    });
    assert_eq!(found(&guarded), Vec::<&str>::new());
    // Elastic's own gateway has the runtime's limit in its place.
    let limited = changed(|c| {
        without(c);
        c.go_limit = true;
    });
    assert_eq!(found(&limited), Vec::<&str>::new());
}

#[test]
fn what_loses_telemetry_by_the_guidance_for_production() {
    let harm = |rule: &str| HarmSeen { rule: rule.into(), seen: "filelog excludes no collector".into() };
    let f = finding(&changed(|c| c.harms = vec![harm("own-logs-read")]), "own-logs-read");
    assert_eq!(
        (&*f.text, &*f.evidence),
        ("the gateway: filelog excludes no collector", "ConfigMap gateway/config.yaml")
    );
    assert!(f.hint.contains("exclude"));
    // A recording of a later version may have rules that are not known here.
    assert_eq!(found(&changed(|c| c.harms = vec![harm("of-later")])), Vec::<&str>::new());
}

#[test]
fn a_memory_limiter_behind_others() {
    let f = finding(
        &changed(|c| c.pipelines[3].processors = names("transform/logs memory_limiter batch")),
        "memory-limiter-order",
    );
    assert!(f.text.contains("pipeline logs") && f.evidence.contains("transform/logs, memory_limiter, batch"), "{f:?}");
}

#[test]
fn a_memory_limiter_that_acts_after_the_container_is_killed() {
    let limits = |hard: f64, spike: Option<f64>| {
        changed(|c| {
            let limit = &mut c.limiters[0];
            (limit.limit_mib, limit.spike_mib, limit.limit_percent, limit.spike_percent) =
                (Some(hard), spike, None, None);
        })
    };
    let f = finding(&limits(1024.0, Some(256.0)), "memory-limiter-too-high");
    assert!(f.text.contains("refuses nothing") && f.evidence.contains("from 768 Mi on"), "{f:?}");
    let f = finding(&limits(512.0, Some(128.0)), "memory-limiter-too-high");
    assert!(f.text.contains("hard limit is above"), "{f:?}");
    assert_eq!(found(&limits(400.0, None)), Vec::<&str>::new());
    // The limits of another container are unknown.
    assert_eq!(
        found(&changed(|c| (c.container, c.limiters[0].limit_percent) = ("other".into(), Some(100.0)))),
        Vec::<&str>::new()
    );
}

#[test]
fn batches_of_metrics_that_are_split() {
    let split = |c: &mut ConfigSeen| c.batches[0].max_size = Some(1500.0);
    let f = finding(&changed(split), "metrics-batch-split");
    assert!(f.text.contains("batch in metrics") && f.evidence.contains("send_batch_max_size 1500"), "{f:?}");
    let apart = changed(|c| {
        split(c);
        c.batches.push(BatchingSeen { name: "batch/metrics".into(), ..Default::default() });
        c.pipelines[1].processors = names("memory_limiter batch/metrics");
    });
    assert_eq!(found(&apart), Vec::<&str>::new(), "batches of traces may be split");
}

#[test]
fn a_gateway_that_makes_no_batches() {
    let without = |c: &mut ConfigSeen| c.pipelines[1].processors = names("memory_limiter");
    assert!(finding(&changed(without), "no-batch").text.ends_with("pipeline metrics"));
    let by_exporter = changed(|c| {
        without(c);
        c.exporters[0].batches = true;
    });
    assert_eq!(found(&by_exporter), Vec::<&str>::new());
}

#[test]
fn batches_made_too_early_or_too_late() {
    let order = |processors: &str| changed(|c| c.pipelines[0].processors = names(processors));
    assert!(finding(&order("memory_limiter batch filter/health"), "batch-order").text.contains("before filter"));
    assert!(
        finding(&order("memory_limiter elasticapm batch"), "batch-order")
            .text
            .contains("elasticapm comes before batch")
    );
}

#[test]
fn an_exporter_without_queue_or_retry() {
    let f = finding(&changed(|c| c.exporters[0].queue = Some(false)), "no-sending-queue");
    assert!(f.text.contains("elasticsearch/otel has no queue"), "{f:?}");
    let f = finding(&changed(|c| c.exporters[0].retry = Some(false)), "no-retry");
    assert!(f.hint.starts_with("retry:"), "{f:?}");
    let unused = changed(|c| {
        c.exporters.push(SendingSeen {
            name: "otlp".into(),
            queue: Some(false),
            retry: Some(false),
            ..Default::default()
        });
    });
    assert_eq!(found(&unused), Vec::<&str>::new());
}

#[test]
fn a_queue_that_memory_has_no_room_for() {
    let large = |processors: &'static str, size: f64, sizer: &'static str| {
        changed(|c| {
            c.pipelines.iter_mut().for_each(|p| p.processors = names(processors));
            (c.exporters[0].queue_size, c.exporters[0].sizer) = (Some(size), sizer.into());
            c.extensions.clear();
        })
    };
    let f = finding(&large("batch", 2000.0, ""), "queue-beyond-memory");
    assert!(f.evidence.contains("2000 requests are about 7813 Mi, the container's limit is 512 Mi"), "{f:?}");
    assert!(found(&large("batch", 2e9, "bytes")).contains(&"queue-beyond-memory"));
    assert!(!found(&large("batch", 10_000.0, "items")).contains(&"queue-beyond-memory"));
    assert!(!found(&large("batch", 1000.0, "")).contains(&"queue-beyond-memory"), "the default size");
    assert!(!found(&large("memory_limiter batch", 2000.0, "")).contains(&"queue-beyond-memory"), "memory bounds it");
}

#[test]
fn a_signal_that_crowds_out_the_others() {
    let session = |full: bool, logs: f64, shared: bool| {
        let mut flow = Flow::gateway(0, 20.0);
        if full {
            flow.queue = |_| 10.0;
        }
        let mut config = sound();
        if !shared {
            config.pipelines[3].exporters = names("elasticsearch/logs");
        }
        let mut w = World::new(1);
        w.extra = flow.scrapes(w.seconds);
        for seen in &mut w.extra {
            let Observation::Collector(c) = &mut seen.what else { continue };
            let c = std::sync::Arc::make_mut(c);
            let up = c.process.uptime_s.unwrap();
            c.receivers.iter_mut().filter(|r| r.signal == Signal::Logs).for_each(|r| r.accepted = Some(logs * up));
            c.exporters.iter_mut().filter(|r| r.signal == Signal::Logs).for_each(|r| r.sent = Some(logs * up));
        }
        w.extra.push(Stamped { at: at(1), what: Observation::CollectorConfig(Box::new(config)) });
        w.session()
    };
    let f = finding(&session(true, 800.0, true), "signal-dominates");
    assert!(f.text.starts_with("logs are 95 %") && f.evidence.contains("800 of 840 items/s"), "{f:?}");
    for calm in [session(false, 800.0, true), session(true, 40.0, true), session(true, 800.0, false)] {
        assert!(!found(&calm).contains(&"signal-dominates"));
    }
}

#[test]
fn agents_are_held_to_their_own_bounds_only() {
    let agent = ConfigSeen { role: Role::Agent, pipelines: vec![pipeline("logs", "")], ..Default::default() };
    assert_eq!(found(&with(agent, &[])), Vec::<&str>::new());
}
