//! The model's constants, which no scenario changes. Each has its unit and its origin: measured = on a real collector
//! 0.157, k6 0.49, Elasticsearch 8.19 or Kubernetes 1.36 (`tests/it/lab/reality.rs` compares the model with some of them);
//! source = from the component's code or documentation; estimate = neither.

use super::Ms;

/// One step of the model, its resolution.
pub const STEP_MS: Ms = 200;
/// How long the cluster has run when the lab starts.
pub const WARM_UP_MS: Ms = 180_000;

// Kubernetes.

/// The cluster's Kubernetes version, 1.x.
pub const KUBERNETES_MINOR: u32 = 36;
/// Source: `--horizontal-pod-autoscaler-sync-period`.
pub const HPA_SYNC_MS: Ms = 15_000;
/// From binding to a running container, with the image present. Estimate; 1–2 s on a k3d node.
pub const CONTAINER_START_MS: Ms = 1200;
/// From a running container to Ready, without a readiness probe. Estimate.
pub const READY_MS: Ms = 400;
/// Source: the kubelet's crash loop back-off, doubled each time …
pub const CRASH_BACKOFF_MS: Ms = 10_000;
/// … up to here.
pub const CRASH_BACKOFF_MOST_MS: Ms = 300_000;
/// Source: metrics-server, `freshContainerMinMetricsResolution`.
pub const FRESH_CONTAINER_MS: Ms = 10_000;
/// Usage of a node's own services. Estimate.
pub const NODE_IDLE_CORES: f64 = 0.06;
pub const NODE_IDLE_BYTES: u64 = 410 << 20;

// Collectors.

/// CPU time of one item through a plain gateway (OTLP in, bulk JSON out), seconds. Measured: 14 % of a core at 9000/s.
pub const GATEWAY_CORE_S_PER_ITEM: f64 = 15.5e-6;
/// The share of it that receiving takes; encoding for Elasticsearch takes the rest. Estimate.
pub const RECEIVING: f64 = 0.4;
/// CPU time of one item in an agent, seconds. Measured: 4 % of a core at 4500/s.
pub const AGENT_CORE_S_PER_ITEM: f64 = 9e-6;
/// Bulk JSON of one item, bytes. Measured: 0.69 kB.
pub const BYTES_PER_ITEM: f64 = 690.0;
/// Memory of a held item, relative to its bulk JSON. Measured: 30 requests of 1000 items, and the waiting ones.
pub const MEMORY_PER_BYTE: f64 = 1.05;
/// Garbage between two collections, bytes for each item a second. Measured: RSS 72–101 MiB at 9000/s, 39 at rest.
pub const GARBAGE_PER_RATE: f64 = 5000.0;
/// Time constant with which RSS follows a growing heap, seconds. Estimate from the same run.
pub const HEAP_RISE_S: f64 = 12.0;
/// Time constant with which Go returns memory, seconds. Estimate: 4–8 min.
pub const HEAP_FALL_S: f64 = 240.0;
/// The share of the garbage's peak that is never returned (fragmentation). Estimate: 1.2–1.5 × idle.
pub const HEAP_KEPT: f64 = 0.25;
/// Heap of an idle collector, bytes. Measured.
pub const IDLE_HEAP: f64 = 6.0 * MIB;
/// Source: memory_limiter's `check_interval`.
pub const LIMITER_MS: Ms = 1000;
/// Requests that the batch processor still accepts while its exporter blocks. Measured: 9 requests over three signals.
pub const BATCHER_DEPTH: usize = 2;
/// Source: exporterhelper: initial retry interval, its growth, its maximum, and the time after which it gives up.
pub const RETRY_MS: Ms = 5000;
pub const RETRY_GROWTH: f64 = 1.5;
pub const RETRY_MOST_MS: Ms = 30_000;
pub const RETRY_GIVE_UP_MS: Ms = 300_000;
/// Source: exporterhelper, `num_consumers`.
pub const AGENT_CONSUMERS: usize = 10;
/// The Elasticsearch exporter's wait before a retry. Measured: two retries within 0.6 s.
pub const BULK_RETRY_MS: Ms = 250;
/// Source: the Elasticsearch exporter's `timeout`.
pub const BULK_TIMEOUT_MS: Ms = 90_000;
/// How often a client resolves a headless Service. Source: gRPC's minimum between resolutions.
pub const RESOLVE_MS: Ms = 30_000;
/// From a failed connection to the next attempt. Estimate.
pub const REDIAL_MS: Ms = 1000;
/// The interval of the elasticapm connector's aggregates. Source.
pub const APM_FLUSH_MS: Ms = 60_000;
/// The points of each. Estimate.
pub const APM_POINTS: u64 = 48;

// What the collectors on the nodes collect themselves.

/// kubeletstats: points per pod in 10 s. Estimate.
pub const KUBELET_POINTS_PER_POD: f64 = 20.0;
/// hostmetrics: points per node in 10 s. Estimate.
pub const HOST_POINTS: f64 = 90.0;
/// k8s_cluster: points per pod in 10 s. Estimate.
pub const CLUSTER_POINTS_PER_POD: f64 = 8.0;
/// filelog: records per second of an idle pod. Estimate.
pub const LOGS_PER_POD: f64 = 0.25;
/// Points per document: points with equal dimensions share one. Estimate.
pub const POINTS_PER_DOCUMENT: f64 = 4.0;

// The application and k6.

/// The share of an iteration's spans and logs that the frontends send; the backends send the rest. Estimate.
pub const FRONTEND_PART: f64 = 0.6;
/// CPU time of k6 per request, seconds. Estimate.
pub const K6_CORE_S_PER_REQUEST: f64 = 0.2e-3;
/// Memory of k6 without users. Estimate.
pub const K6_BYTES: f64 = 48.0 * MIB;
/// Memory per virtual user. Estimate.
pub const K6_BYTES_PER_VU: f64 = 0.22 * MIB;
/// From k6's start to its open port and first iteration. Measured: 0.4–0.8 s; 1.8 s in 0.49.
pub const K6_LISTEN_MS: Ms = 600;
/// From its first iteration to its first progress report. Measured.
pub const K6_FIRST_LINE_MS: Ms = 1000;

// Elasticsearch.

/// Round trip between a collector and Elasticsearch. Estimate.
pub const NETWORK_MS: Ms = 8;
/// From a bulk request to its refusal. Measured.
pub const REFUSAL_MS: Ms = 30;
/// The share of the heap. Source: `indexing_pressure.memory.limit`.
pub const PRESSURE_PART: f64 = 0.10;
/// Size of a document on disk, bytes. Estimate: logsdb, best compression.
pub const STORED_PER_DOCUMENT: f64 = 95.0;
/// The idle share of the heap. Estimate.
pub const ES_HEAP_IDLE: f64 = 0.34;
/// Documents after which a data stream rolls over. Estimate, so that it happens at all.
pub const ROLLOVER_DOCUMENTS: u64 = 200_000_000;

pub const MIB: f64 = 1024.0 * 1024.0;
