//! What log records lack: counts by field. The wording is `explain`'s. Must not decide whether that is worth a finding.

use crate::observe::{LogGroup, LogQualitySeen};

/// What a log record should carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    Level,
    Trace,
    Span,
    Service,
}

impl Field {
    pub const ALL: [Field; 4] = [Field::Level, Field::Trace, Field::Span, Field::Service];

    /// As Kibana names it.
    pub fn name(self) -> &'static str {
        match self {
            Field::Level => "log.level",
            Field::Trace => "trace.id",
            Field::Span => "span.id",
            Field::Service => "service.name",
        }
    }

    /// The field that it is an alias of in OTel mode.
    pub fn home(self) -> &'static str {
        match self {
            Field::Level => "severity_text",
            Field::Trace => "trace_id",
            Field::Span => "span_id",
            Field::Service => "resource.attributes.service.name",
        }
    }
}

/// How many records lack a field, and how many of them have it as an attribute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lack {
    pub records: u64,
    pub missing: u64,
    /// Of the missing: those that have an attribute with that name, which the alias does not read.
    pub in_attribute: u64,
}

impl Lack {
    /// 0 to 1; None without records.
    pub fn share(&self) -> Option<f64> {
        (self.records > 0).then(|| self.missing as f64 / self.records as f64)
    }
}

/// Records that are in none of the groups.
pub fn left_out(seen: &LogQualitySeen) -> u64 {
    seen.records.saturating_sub(seen.groups.iter().map(|group| group.records).fold(0, u64::saturating_add))
}

/// What one group lacks of a field.
pub fn lack_of(group: &LogGroup, field: Field) -> Lack {
    let (missing, in_attribute) = match field {
        Field::Level => (group.without_level, group.level_in_attribute),
        Field::Trace => (group.without_trace, group.trace_in_attribute),
        Field::Span => (group.without_span, group.span_in_attribute),
        Field::Service => (group.without_service, 0),
    };
    Lack { records: group.records, missing, in_attribute }
}

/// Whether the records come from an application; Kubernetes events never have a trace or a service.
pub fn is_of_an_app(group: &LogGroup) -> bool {
    !group.dataset.starts_with("k8sobjectsreceiver") && !group.dataset.starts_with("k8seventsreceiver")
}

/// What all groups lack of a field, without Kubernetes events.
pub fn lack(seen: &LogQualitySeen, field: Field) -> Lack {
    seen.groups.iter().filter(|g| is_of_an_app(g)).map(|g| lack_of(g, field)).fold(Lack::default(), |a, b| Lack {
        records: a.records + b.records,
        missing: a.missing + b.missing,
        in_attribute: a.in_attribute + b.in_attribute,
    })
}
