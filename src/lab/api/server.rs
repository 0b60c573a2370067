//! One request: authentication, faults, routing.

use super::discovery;
use super::failure::Failure;
use super::faults;
use super::kinds::Rights;
use super::logs;
use super::path::{self, Query, ResourcePath, Route};
use super::port_forward;
use super::read;
use super::response::{self, ApiResponse, Form};
use super::review;
use super::state::ApiState;
use super::watch;
use super::write::{self, PatchType};
use http::{HeaderValue, Method, Request, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use serde_json::Value;
use std::io;
use std::sync::Arc;

/// The largest request body: etcd stores at most 1.5 MB of an object.
const BODY: usize = 3 << 20;

/// Answer a request; an error drops the connection.
pub async fn answer(state: Arc<ApiState>, request: Request<Incoming>) -> io::Result<ApiResponse> {
    if !authorized(&state, &request) {
        let mut refused = response::failure(&Failure::unauthorized());
        // A stranger keeps no connection.
        refused.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        return Ok(refused);
    }
    let in_force = state.faults();
    if faults::is_down(&in_force) {
        return Err(io::ErrorKind::ConnectionReset.into());
    }
    let delay = faults::delay(&in_force);
    if !delay.is_zero() {
        tokio::time::sleep(state.clock.real(delay)).await;
    }
    if faults::are_responses_empty(&in_force) {
        return Ok(response::empty(200));
    }
    Ok(route(&state, request).await.unwrap_or_else(|failure| response::failure(&failure)))
}

/// Compare the token in constant time.
fn authorized(state: &ApiState, request: &Request<Incoming>) -> bool {
    let given = request.headers().get(header::AUTHORIZATION).map_or(&b""[..], |value| value.as_bytes());
    let given = given.strip_prefix(b"Bearer ").unwrap_or_default();
    let token = state.token.as_bytes();
    given.len() == token.len() && given.iter().zip(token).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

async fn route(state: &Arc<ApiState>, request: Request<Incoming>) -> Result<ApiResponse, Failure> {
    match path::route(request.uri().path()) {
        Route::Resource(path) => {
            let in_force = state.faults();
            if faults::is_unmeasured(&in_force, &path) {
                return Ok(response::text(503, "service unavailable\n"));
            }
            let query = Query::read(request.uri().query().unwrap_or_default());
            faults::check(&in_force, verb(&request, &path, &query), &path)?;
            object(state, request, path, query).await
        }
        Route::Other(segments) => {
            let words: Vec<&str> = segments.iter().map(String::as_str).collect();
            match words.as_slice() {
                ["healthz" | "livez" | "readyz", ..] => return Ok(response::text(200, "ok")),
                ["openapi", "v3", rest @ ..] => {
                    let found = discovery::openapi(rest).ok_or_else(Failure::no_such_path)?;
                    return Ok(response::json(200, &found));
                }
                _ => {}
            }
            let aggregated = response::aggregated(request.headers()) && words.len() == 1;
            let found = discovery::answer(&segments, aggregated).ok_or_else(Failure::no_such_path)?;
            Ok(if aggregated && words != ["version"] {
                response::aggregated_json(&found)
            } else {
                response::json(200, &found)
            })
        }
    }
}

/// The verb of the request for RBAC.
fn verb(request: &Request<Incoming>, path: &ResourcePath, query: &Query) -> &'static str {
    match (request.method(), &path.name) {
        (_, Some(_)) if path.subresource.as_deref() == Some("portforward") => "create",
        (&Method::GET, _) if query.yes("watch") => "watch",
        (&Method::GET, Some(_)) => "get",
        (&Method::GET, None) => "list",
        (&Method::POST, _) => "create",
        (&Method::PUT, _) => "update",
        (&Method::PATCH, _) => "patch",
        (&Method::DELETE, Some(_)) => "delete",
        (&Method::DELETE, None) => "deletecollection",
        _ => "get",
    }
}

async fn object(
    state: &Arc<ApiState>,
    mut request: Request<Incoming>,
    path: ResourcePath,
    query: Query,
) -> Result<ApiResponse, Failure> {
    if path.subresource.as_deref() == Some("portforward") {
        return port_forward::open(state, &path, &query, &mut request);
    }
    let form = response::form(request.headers());
    let method = request.method().clone();
    if method == Method::GET {
        return read(state, path, form, query);
    }
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.unwrap_or("application/json").to_owned();
    let text = Limited::new(request.into_body(), BODY).collect().await;
    let text = text.map_err(|_| Failure::new(413, "RequestEntityTooLarge", "the body is longer than 3 MB"))?.to_bytes();
    let body = body(&text, &kind)?;
    if path.kind.rights == Rights::Review {
        return match method {
            Method::POST => Ok(response::json(201, &review::answer(&state.faults(), body))),
            _ => Err(Failure::not_allowed()),
        };
    }
    let written = state.with(|lab| match (&method, &path.name) {
        _ if path.kind.rights == Rights::Samples => Err(Failure::not_allowed()),
        (&Method::POST, None) => write::create(lab, &path, body, &query),
        (&Method::PUT, Some(_)) => write::update(lab, &path, body, &query),
        (&Method::PATCH, Some(_)) => {
            let patch_type = PatchType::of(&kind).ok_or_else(|| unsupported(&kind))?;
            write::patch(lab, &path, &body, patch_type, &query)
        }
        (&Method::DELETE, Some(_)) if path.subresource.is_none() => write::delete(lab, &path, &body, &query),
        (&Method::DELETE, None) => write::delete_all(lab, &path, &body, &query),
        _ => Err(Failure::not_allowed()),
    });
    let (code, object) = written?;
    // A subresource and a Status are never shown as a table.
    let whole = path.subresource.is_none() && object["kind"] != "Status";
    let form = if whole { form } else { Form::Objects };
    let shown = read::formed(&object, &path, form, &query, &state.lab());
    Ok(response::json(code, &shown))
}

/// GET: an object, a list, a watch, a log.
fn read(state: &Arc<ApiState>, path: ResourcePath, form: Form, query: Query) -> Result<ApiResponse, Failure> {
    match (&path.name, path.subresource.as_deref()) {
        _ if path.kind.rights == Rights::Review => Err(Failure::not_allowed()),
        (_, Some("log")) => logs::open(state, &path, &query),
        (Some(_), _) => Ok(response::json(200, &read::get(&state.lab(), &path, form, &query)?)),
        (None, _) if query.yes("watch") && path.kind.rights == Rights::Samples => Err(Failure::not_allowed()),
        (None, _) if query.yes("watch") => watch::open(state, path, form, query),
        (None, _) => Ok(response::json(200, &read::list(&state.lab(), &path, form, &query)?)),
    }
}

fn body(text: &[u8], kind: &str) -> Result<Value, Failure> {
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let bad = |why: String| Failure::bad_request(format!("the object provided is unrecognized: {why}"));
    match kind {
        _ if text.is_empty() => Ok(Value::Null),
        "application/yaml" | "application/apply-patch+yaml" => {
            let text = std::str::from_utf8(text).map_err(|e| bad(e.to_string()))?;
            serde_saphyr::from_str(text).map_err(|e| bad(e.to_string()))
        }
        "application/json"
        | "application/json-patch+json"
        | "application/merge-patch+json"
        | "application/strategic-merge-patch+json" => serde_json::from_slice(text).map_err(|e| bad(e.to_string())),
        _ => Err(unsupported(kind)),
    }
}

fn unsupported(kind: &str) -> Failure {
    let message = format!(
        "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml (not {kind:?})"
    );
    Failure::new(415, "UnsupportedMediaType", message)
}
