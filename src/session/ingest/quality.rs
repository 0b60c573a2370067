//! What log records lack, and why: an attribute that the alias does not read, or nothing at all. The statements are those
//! of the collector's transform processor. Must not decide whether that is worth a finding.

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

    /// Where the field lives in OTel mode.
    pub fn home(self) -> &'static str {
        match self {
            Field::Level => "severity_text",
            Field::Trace => "trace_id",
            Field::Span => "span_id",
            Field::Service => "resource.attributes.service.name",
        }
    }

    /// What fills it from the attribute of the same name, for `transform` with `context: log`.
    pub fn statement(self) -> &'static str {
        match self {
            Field::Level => r#"set(log.severity_text, log.attributes["log.level"])"#,
            Field::Trace => r#"set(log.trace_id.string, log.attributes["trace.id"])"#,
            Field::Span => r#"set(log.span_id.string, log.attributes["span.id"])"#,
            Field::Service => r#"set(resource.attributes["service.name"], log.attributes["service.name"])"#,
        }
    }
}

/// How many records lack a field, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lack {
    pub records: u64,
    pub missing: u64,
    /// Of the missing: those that have an attribute of that name, which the alias does not read.
    pub in_attribute: u64,
}

impl Lack {
    /// 0 to 1; None without records.
    pub fn share(&self) -> Option<f64> {
        (self.records > 0).then(|| self.missing as f64 / self.records as f64)
    }
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

/// Records of Kubernetes events have no trace by nature, and no service.
pub fn is_of_an_app(group: &LogGroup) -> bool {
    !group.dataset.starts_with("k8sobjectsreceiver") && !group.dataset.starts_with("k8seventsreceiver")
}

/// What all groups lack of a field; Kubernetes events are left out.
pub fn lack(seen: &LogQualitySeen, field: Field) -> Lack {
    seen.groups.iter().filter(|g| is_of_an_app(g)).map(|g| lack_of(g, field)).fold(Lack::default(), |a, b| Lack {
        records: a.records + b.records,
        missing: a.missing + b.missing,
        in_attribute: a.in_attribute + b.in_attribute,
    })
}

/// Why a field is missing and what mends it, as (reason, mend); None where it is not missing.
pub fn why(lack: Lack, field: Field) -> Option<(String, String)> {
    if lack.missing == 0 {
        return None;
    }
    let (name, home) = (field.name(), field.home());
    if lack.in_attribute > 0 {
        let reason = format!(
            "attributes.{name} is set, but {name} is an alias of {home}, which stays empty; Kibana shows no {name}"
        );
        return Some((reason, format!("in the gateway's transform processor (context: log): {}", field.statement())));
    }
    let hint = match field {
        Field::Level => {
            "parse the severity in the agent (filelog: severity_parser), or set log.severity_text in a transform processor"
        }
        Field::Trace | Field::Span => {
            "let the app log its trace context and parse it (filelog: trace_parser), or send logs by OTLP from its SDK"
        }
        Field::Service => {
            "set OTEL_SERVICE_NAME in the app, or derive it from the pod with the k8sattributes processor"
        }
    };
    Some((format!("they carry no {name} under any name"), hint.to_owned()))
}
