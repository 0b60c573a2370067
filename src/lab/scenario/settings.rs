//! The settings of a scenario, each with the value it has when it is not written. Constants of nature, which no
//! scenario changes, are in `model/params.rs`.

use super::values::{Dur, Quantity, Share};
use serde::Deserialize;

macro_rules! table {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident : $kind:ty = $value:expr,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Deserialize)]
        #[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
        pub struct $name { $($(#[$field_doc])* pub $field: $kind,)* }

        impl Default for $name {
            fn default() -> Self {
                $name { $($field: $value,)* }
            }
        }
    };
}

table! {
    /// The load Job's script.
    Load {
        /// The Job is created by the lab itself this long after its start; not written: somebody else does.
        start: Option<Dur> = None,
        /// From each stage's end on the virtual users are its target; between, they go there in a straight line.
        stages: Vec<Stage> = vec![
            Stage { duration: Dur::seconds(30), target: 200 },
            Stage { duration: Dur::seconds(240), target: 200 },
            Stage { duration: Dur::seconds(30), target: 0 },
        ],
        /// HTTP requests of an iteration.
        requests: u32 = 7,
        /// How many of them the frontend answers with 404.
        not_found: u32 = 0,
        /// Pause at the end of an iteration.
        sleep: Dur = Dur::millis(10),
    }
}

/// A stage of the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    pub duration: Dur,
    /// Virtual users at its end.
    pub target: u32,
}

table! {
    Nodes {
        count: usize = 3,
        cpu: Quantity = Quantity::of("4"),
        memory: Quantity = Quantity::of("8Gi"),
    }
}

table! {
    /// The demo application.
    App {
        frontends: u32 = 2,
        backends: u32 = 1,
        /// CPU limit of each of its containers.
        cpu: Quantity = Quantity::of("1"),
        /// CPU time of an iteration, all its requests together.
        frontend_cpu: Dur = Dur::millis(18),
        backend_cpu: Dur = Dur::millis(6),
        redis_cpu: Dur = Dur::millis(1),
        /// How long an iteration takes when nothing waits.
        latency: Dur = Dur::millis(1200),
        /// Telemetry of an iteration.
        spans: u32 = 50,
        log_records: u32 = 8,
        /// Metric points that each application process sends a minute.
        points: u32 = 240,
    }
}

table! {
    /// What the log records lack, as shares of them.
    Logs {
        without_level: Share = Share(0.04),
        /// The level is there, but only as the attribute `log.level`, where the alias does not see it.
        level_only_as_attribute: Share = Share(0.0),
        without_trace: Share = Share(0.10),
        without_service: Share = Share(0.0),
    }
}

table! {
    /// The collectors on the nodes.
    Agents {
        cpu: Quantity = Quantity::of("50m"),
        memory: Quantity = Quantity::of("128Mi"),
        batch: Batch = Batch { size: 8192, timeout: Dur::seconds(1) },
        /// Requests in their exporter's queue.
        queue: usize = 1000,
        /// After this long unanswered, a request is sent again.
        timeout: Dur = Dur::seconds(5),
    }
}

table! {
    Gateway {
        replicas: u32 = 1,
        requests: Resources = Resources { cpu: Quantity::of("50m"), memory: Quantity::of("256Mi") },
        limits: Resources = Resources { cpu: Quantity::of("1"), memory: Quantity::of("1Gi") },
        /// As its `/metrics` says; names changed with it.
        version: String = "0.141.0".to_owned(),
        /// What it uses when nothing comes.
        idle_cpu: Quantity = Quantity::of("8m"),
        idle_memory: Quantity = Quantity::of("100Mi"),
        /// CPU of a span, relative to that of a plain OTLP-to-Elasticsearch pipeline: the elasticapm connector and the
        /// transforms cost, too. Log records and metric points take the root of it.
        cost: f64 = 3.0,
        connections: Connections = Connections::Sticky,
        /// The agents' connections end at this age; not written: never.
        max_connection_age: Option<Dur> = None,
        /// From the start of its process until it listens.
        startup: Dur = Dur::millis(2500),
        /// Ready only once it listens; without, as soon as the container runs.
        readiness_probe: bool = true,
        /// From the container's creation until its process runs, the image being there.
        container_start: Dur = Dur::millis(1200),
        memory_limiter: MemoryLimiter = MemoryLimiter::default(),
        batch: Batch = Batch { size: 8192, timeout: Dur::seconds(5) },
        queue: Queue = Queue::default(),
    }
}

/// How the agents' connections meet the gateways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Connections {
    /// One connection each to the Service's address, kept for ever (gRPC's pick_first).
    Sticky,
    /// A headless Service and gRPC's round_robin.
    RoundRobin,
}

/// CPU and memory.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resources {
    pub cpu: Quantity,
    pub memory: Quantity,
}

/// A batch processor.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// Items.
    pub size: u64,
    pub timeout: Dur,
}

table! {
    MemoryLimiter {
        limit_mib: u32 = 1024,
        spike_mib: u32 = 256,
    }
}

table! {
    /// The Elasticsearch exporter's sending queue, one a signal.
    Queue {
        /// Requests.
        size: usize = 10,
        consumers: usize = 10,
        /// A bulk request goes when it is so large …
        min_bytes: u64 = 1_000_000,
        max_bytes: u64 = 5_000_000,
        /// … or so old.
        flush_timeout: Dur = Dur::seconds(10),
        max_retries: u32 = 2,
    }
}

table! {
    /// The HorizontalPodAutoscaler.
    Hpa {
        min: i32 = 1,
        max: i32 = 4,
        /// Targets in percent of the request.
        cpu: Option<i32> = Some(80),
        memory: Option<i32> = Some(80),
        up: Option<Rules> = Some(Rules {
            window: Some(Dur::seconds(0)),
            select: None,
            policies: Some(vec![policy(PolicyType::Percent, 100), policy(PolicyType::Pods, 4)]),
        }),
        down: Option<Rules> = Some(Rules {
            window: Some(Dur::seconds(30)),
            select: None,
            policies: Some(vec![policy(PolicyType::Percent, 100), policy(PolicyType::Pods, 2)]),
        }),
    }
}

/// The rules of one direction.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// The stabilization window.
    pub window: Option<Dur>,
    pub select: Option<Select>,
    pub policies: Option<Vec<Policy>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    #[serde(rename = "type")]
    pub kind: PolicyType,
    pub value: u32,
    pub period: Dur,
}

const fn policy(kind: PolicyType, value: u32) -> Policy {
    Policy { kind, value, period: Dur::seconds(15) }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum PolicyType {
    Pods,
    Percent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Select {
    Max,
    Min,
    Disabled,
}

table! {
    /// metrics-server.
    Metrics {
        resolution: Dur = Dur::seconds(15),
    }
}

table! {
    Elasticsearch {
        version: String = "9.2.5".to_owned(),
        /// Write threads: one a processor.
        threads: usize = 2,
        /// Documents that one thread indexes a second.
        docs_per_second: u32 = 12_000,
        /// What a bulk request takes besides.
        overhead: Dur = Dur::millis(12),
        heap: Quantity = Quantity::of("1Gi"),
        memory: Quantity = Quantity::of("2Gi"),
        cpu: Quantity = Quantity::of("2"),
        /// Bulk requests that wait for a thread.
        queue: usize = 10_000,
    }
}
