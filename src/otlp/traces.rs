//! A scale-up as a trace: a span for each stage of its reaction budget, from the stage before to its own time. Must not compute
//! the stages.

use super::SCHEMA;
use super::values::{attribute, nanos, scope};
use crate::report::{BudgetPart, figures::stage_id};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, span::SpanKind};
use ring::digest::{SHA256, digest};

/// The request of these scale-ups, and how many spans it has; None without any.
pub fn request(budgets: &[BudgetPart], id: &str, resource: Resource) -> Option<(ExportTraceServiceRequest, u64)> {
    let spans: Vec<Span> = budgets.iter().flat_map(|budget| spans(budget, id)).collect();
    let count = spans.len() as u64;
    let scope_spans = vec![ScopeSpans { scope: Some(scope()), spans, schema_url: SCHEMA.into() }];
    let all = ResourceSpans { resource: Some(resource), scope_spans, schema_url: SCHEMA.into() };
    (count > 0).then(|| (ExportTraceServiceRequest { resource_spans: vec![all] }, count))
}

/// The whole reaction, and in it a span a stage that has a time; its length is the stage's `took_s`. Where a stage is before
/// the one that it follows (Kubernetes has whole seconds), it has no length, and `edot_tui.stage.took` the difference.
fn spans(budget: &BudgetPart, id: &str) -> Vec<Span> {
    let stages = budget.stages.iter().filter_map(|s| Some((s, s.at?.timestamp_millis())));
    let stages: Vec<_> = stages.collect();
    let times = || stages.iter().map(|(_, at)| *at);
    let (Some(first), Some(last), Some(decision)) = (times().min(), times().max(), budget.at) else {
        return Vec::new();
    };
    // The same scale-up has the same ids, whenever it is sent.
    let trace = digest(&SHA256, format!("{id}:{}", decision.timestamp_millis()).as_bytes());
    let trace_id = &trace.as_ref()[..16];
    let id_of = |name: &str| digest(&SHA256, &[trace_id, name.as_bytes()].concat()).as_ref()[..8].to_vec();
    let span = |name: String, span_id: Vec<u8>, from: i64, to: i64| Span {
        trace_id: trace_id.to_vec(),
        span_id,
        name,
        kind: SpanKind::Internal.into(),
        start_time_unix_nano: nanos(from),
        end_time_unix_nano: nanos(to),
        ..Default::default()
    };
    let root_id = id_of("");
    let unknown = budget.stages.iter().filter(|s| s.at.is_none());
    let unknown = unknown.filter_map(|s| attribute(format!("edot_tui.missing.{}", stage_id(s.stage)), s.reason?));
    let own = [attribute("edot_tui.rescale.from", budget.from), attribute("edot_tui.rescale.to", budget.to)];
    let mut out = vec![Span {
        attributes: own.into_iter().flatten().chain(unknown).collect(),
        ..span("scale-up".into(), root_id.clone(), first, last)
    }];
    out.extend(stages.windows(2).map(|pair| {
        let ((before, from), (stage, to)) = (pair[0], pair[1]);
        let attributes = [
            attribute("edot_tui.stage.since", before.stage),
            attribute("edot_tui.stage.took", stage.took_s.unwrap_or_default()),
        ];
        Span {
            parent_span_id: root_id.clone(),
            attributes: attributes.into_iter().flatten().collect(),
            ..span(stage.stage.to_owned(), id_of(stage.stage), from.min(to), to)
        }
    }));
    out
}
