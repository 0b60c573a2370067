//! HTTP responses (JSON, text, streams) and content negotiation.

use super::failure::Failure;
use http::{HeaderMap, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use hyper::body::{Bytes, Frame};
use serde_json::Value;
use std::io;
use tokio::sync::mpsc;

pub type Body = UnsyncBoxBody<Bytes, io::Error>;
pub type ApiResponse = Response<Body>;

/// Sends the pieces of a streamed body; an error drops the connection.
pub type BodySender = mpsc::Sender<io::Result<Bytes>>;

/// The representation in which a client wants objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Objects,
    /// What `kubectl get` prints.
    Table,
    /// Only metadata.
    Metadata,
}

/// The first acceptable form; clients list them in order of preference.
pub fn form(headers: &HeaderMap) -> Form {
    for part in accepted(headers).split(',') {
        if part.contains("as=Table") {
            return Form::Table;
        }
        if part.contains("as=PartialObjectMetadata") {
            return Form::Metadata;
        }
        let kind = part.split(';').next().unwrap_or_default().trim();
        if matches!(kind, "application/json" | "*/*" | "application/*") {
            break;
        }
    }
    Form::Objects
}

/// Whether the client accepts aggregated discovery.
pub fn aggregated(headers: &HeaderMap) -> bool {
    accepted(headers).split(',').any(|part| {
        part.contains("as=APIGroupDiscoveryList") && part.contains("v=v2;") || {
            part.contains("as=APIGroupDiscoveryList") && part.trim_end().ends_with("v=v2")
        }
    })
}

fn accepted(headers: &HeaderMap) -> String {
    let all = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    all.collect::<Vec<_>>().join(",")
}

pub fn json(code: u16, value: &Value) -> ApiResponse {
    let mut answer = whole(code, "application/json", value.to_string());
    // A cache must not serve it to a client that negotiated another form.
    answer.headers_mut().insert(header::VARY, header::HeaderValue::from_static("Accept"));
    answer
}

/// Aggregated discovery has its own media type, by which clients recognise it.
pub fn aggregated_json(value: &Value) -> ApiResponse {
    whole(200, "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList", value.to_string())
}

pub fn text(code: u16, text: impl Into<String>) -> ApiResponse {
    whole(code, "text/plain; charset=utf-8", text.into())
}

pub fn failure(failure: &Failure) -> ApiResponse {
    json(failure.code, &failure.status())
}

/// A complete body.
pub fn whole(code: u16, kind: &str, body: impl Into<Bytes>) -> ApiResponse {
    of(code, kind, Full::new(body.into()).map_err(|never| match never {}).boxed_unsync())
}

/// An empty body.
pub fn empty(code: u16) -> ApiResponse {
    of(code, "application/json", Empty::new().map_err(|never| match never {}).boxed_unsync())
}

/// A streamed body, and the sender for it.
pub fn stream(kind: &str) -> (ApiResponse, BodySender) {
    let (to, mut from) = mpsc::channel::<io::Result<Bytes>>(64);
    let parts =
        futures::stream::poll_fn(move |cx| from.poll_recv(cx).map(|part| part.map(|part| part.map(Frame::data))));
    (of(200, kind, StreamBody::new(parts).boxed_unsync()), to)
}

fn of(code: u16, kind: &str, body: Body) -> ApiResponse {
    let mut answer = Response::new(body);
    *answer.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(kind) = header::HeaderValue::from_str(kind) {
        answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_acceptable_form_is_used() {
        let of = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            (form(&headers), aggregated(&headers))
        };
        let kubectl = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
        assert_eq!(of(kubectl), (Form::Table, false));
        assert_eq!(of("application/json"), (Form::Objects, false));
        assert_eq!(of("application/json, application/json;as=Table;v=v1;g=meta.k8s.io").0, Form::Objects);
        assert_eq!(of("application/vnd.kubernetes.protobuf,application/json").0, Form::Objects);
        assert_eq!(of("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1").0, Form::Metadata);
        assert!(of("application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json").1);
        assert!(!of("application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList").1);
    }
}
