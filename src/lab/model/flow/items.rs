//! Telemetry as the model counts it: whole numbers of items by kind.

use crate::lab::model::params::{BYTES_PER_ITEM, POINTS_PER_DOCUMENT};

/// The kind of an item, which decides its signal and data stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ItemKind {
    Span,
    AppPoint,
    KubeletPoint,
    HostPoint,
    ClusterPoint,
    /// Aggregates of the elasticapm connector.
    ApmPoint,
    Log,
    /// Kubernetes events, as logs.
    Event,
}

pub const ITEM_KINDS: [ItemKind; 8] = [
    ItemKind::Span,
    ItemKind::AppPoint,
    ItemKind::KubeletPoint,
    ItemKind::HostPoint,
    ItemKind::ClusterPoint,
    ItemKind::ApmPoint,
    ItemKind::Log,
    ItemKind::Event,
];

/// The three signals, in the order of all per-signal arrays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signal {
    Traces,
    Metrics,
    Logs,
}

pub const SIGNALS: [Signal; 3] = [Signal::Traces, Signal::Metrics, Signal::Logs];

impl Signal {
    /// The value of the collector's `data_type` and `otel_signal` labels.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Metrics => "metrics",
            Self::Logs => "logs",
        }
    }

    /// The suffix of the collector's counters.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Traces => "spans",
            Self::Metrics => "metric_points",
            Self::Logs => "log_records",
        }
    }
}

impl ItemKind {
    pub const fn signal(self) -> Signal {
        match self {
            Self::Span => Signal::Traces,
            Self::Log | Self::Event => Signal::Logs,
            _ => Signal::Metrics,
        }
    }

    /// The data stream it is indexed in (OTel mode).
    pub const fn stream(self) -> &'static str {
        match self {
            Self::Span => "traces-generic.otel-default",
            Self::AppPoint => "metrics-generic.otel-default",
            Self::KubeletPoint => "metrics-kubeletstatsreceiver.otel-default",
            Self::HostPoint => "metrics-hostmetricsreceiver.otel-default",
            Self::ClusterPoint => "metrics-k8sclusterreceiver.otel-default",
            Self::ApmPoint => "metrics-service_transaction.1m.otel-default",
            Self::Log => "logs-generic.otel-default",
            Self::Event => "logs-k8sobjectsreceiver.otel-default",
        }
    }
}

/// Counts by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Items([u64; 8]);

impl Items {
    pub fn of(kind: ItemKind, count: u64) -> Self {
        let mut items = Items::default();
        items.0[kind as usize] = count;
        items
    }

    pub fn add(&mut self, other: &Items) {
        self.0.iter_mut().zip(other.0).for_each(|(mine, more)| *mine += more);
    }

    pub fn count(&self, kind: ItemKind) -> u64 {
        self.0[kind as usize]
    }

    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The items of one signal.
    pub fn signal(&self, signal: Signal) -> Items {
        let mut items = Items::default();
        for kind in ITEM_KINDS.into_iter().filter(|kind| kind.signal() == signal) {
            items.0[kind as usize] = self.0[kind as usize];
        }
        items
    }

    /// Their size as bulk JSON, bytes.
    pub fn bytes(&self) -> u64 {
        (self.total() as f64 * BYTES_PER_ITEM) as u64
    }

    /// The documents of a kind: metric points with equal dimensions share one.
    pub fn documents(&self, kind: ItemKind) -> u64 {
        let count = self.count(kind);
        match kind.signal() {
            Signal::Metrics => (count as f64 / POINTS_PER_DOCUMENT).ceil() as u64,
            _ => count,
        }
    }

    pub fn all_documents(&self) -> u64 {
        ITEM_KINDS.into_iter().map(|kind| self.documents(kind)).sum()
    }

    /// Split into parts of a size in bytes, the last with the rest; the parts add up to the whole.
    pub fn split_at_bytes(&self, bytes: u64) -> Vec<Items> {
        let (all, each) = (self.total(), ((bytes as f64 / BYTES_PER_ITEM) as u64).max(1));
        let parts = all.div_ceil(each).max(1);
        (0..parts)
            .map(|place| {
                let mut items = Items::default();
                let (from, to) = (place * each, ((place + 1) * each).min(all));
                for (mine, whole) in items.0.iter_mut().zip(self.0) {
                    *mine = whole * to / all.max(1) - whole * from / all.max(1);
                }
                items
            })
            .collect()
    }
}

/// Turns amounts into whole items, and keeps the fractions for later.
#[derive(Debug, Clone, Default)]
pub struct Rounding([f64; 8]);

impl Rounding {
    pub fn take(&mut self, kind: ItemKind, amount: f64) -> Items {
        let rest = &mut self.0[kind as usize];
        *rest += amount.max(0.0);
        let whole = rest.floor();
        *rest -= whole;
        Items::of(kind, whole as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up_to_the_whole() {
        let mut items = Items::of(ItemKind::Span, 10);
        items.add(&Items::of(ItemKind::Log, 7));
        let parts = items.split_at_bytes(4200);
        let mut sum = Items::default();
        parts.iter().for_each(|part| sum.add(part));
        assert_eq!((parts.len(), sum), (3, items));
        assert_eq!(items.signal(Signal::Logs).total(), 7);
    }

    #[test]
    fn a_rate_below_one_gives_whole_items() {
        let mut rounding = Rounding::default();
        let sum: u64 = (0..100).map(|_| rounding.take(ItemKind::Log, 0.03).total()).sum();
        assert!((2..=3).contains(&sum));
    }
}
