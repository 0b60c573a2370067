//! Why log records lack a field, and how to fix it. The statements are those of the collector's transform processor. Must not
//! decide whether it is worth a finding.

use crate::session::ingest::quality::{Field, Lack};

/// Why a field is missing and a hint for it, as (reason, hint); None where it is not missing.
pub fn missing_field(lack: Lack, field: Field) -> Option<(String, String)> {
    if lack.missing == 0 {
        return None;
    }
    let (name, home) = (field.name(), field.home());
    if lack.in_attribute > 0 {
        let reason = format!(
            "attributes.{name} is set, but {name} is an alias of {home}, which stays empty; Kibana shows no {name}"
        );
        return Some((reason, format!("in the gateway's transform processor (context: log): {}", statement(field))));
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

/// The statement that fills a field from the attribute of the same name, for `transform` with `context: log`.
fn statement(field: Field) -> &'static str {
    match field {
        Field::Level => r#"set(log.severity_text, log.attributes["log.level"])"#,
        Field::Trace => r#"set(log.trace_id.string, log.attributes["trace.id"])"#,
        Field::Span => r#"set(log.span_id.string, log.attributes["span.id"])"#,
        Field::Service => r#"set(resource.attributes["service.name"], log.attributes["service.name"])"#,
    }
}
