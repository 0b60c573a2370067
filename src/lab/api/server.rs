//! One request: who asks, what befalls it, where it leads.

use super::answer::{self, Answer, Form};
use super::discovery;
use super::face::Face;
use super::failure::Failure;
use super::faults;
use super::forward;
use super::kinds::Rights;
use super::logs;
use super::path::{Place, Query, Target, target};
use super::read;
use super::review;
use super::watch;
use super::write::{self, Way};
use http::{Method, Request, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use serde_json::Value;
use std::io;
use std::sync::Arc;

/// The most that is taken of a request's body: etcd takes 1.5 MB of an object.
const BODY: usize = 3 << 20;

/// Answer a request; an error drops the connection.
pub async fn answer(face: Arc<Face>, request: Request<Incoming>) -> io::Result<Answer> {
    if !authorized(&face, &request) {
        return Ok(answer::failure(&Failure::unauthorized()));
    }
    let in_force = face.faults();
    if faults::away(&in_force) {
        return Err(io::ErrorKind::ConnectionReset.into());
    }
    let delay = faults::delay(&in_force);
    if !delay.is_zero() {
        tokio::time::sleep(face.clock.real(delay)).await;
    }
    if faults::swallowed(&in_force) {
        return Ok(answer::empty(200));
    }
    Ok(route(&face, request).await.unwrap_or_else(|failure| answer::failure(&failure)))
}

/// Compared to the end, whatever comes.
fn authorized(face: &Face, request: &Request<Incoming>) -> bool {
    let given = request.headers().get(header::AUTHORIZATION).map_or(&b""[..], |value| value.as_bytes());
    let given = given.strip_prefix(b"Bearer ").unwrap_or_default();
    let token = face.token.as_bytes();
    given.len() == token.len() && given.iter().zip(token).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

async fn route(face: &Arc<Face>, request: Request<Incoming>) -> Result<Answer, Failure> {
    match target(request.uri().path()) {
        Target::Place(place) => {
            let in_force = face.faults();
            if faults::unmeasured(&in_force, &place) {
                return Ok(answer::text(503, "service unavailable\n"));
            }
            let query = Query::read(request.uri().query().unwrap_or_default());
            faults::check(&in_force, verb(&request, &place, &query), &place)?;
            object(face, request, place, query).await
        }
        Target::Other(parts) => {
            let words: Vec<&str> = parts.iter().map(String::as_str).collect();
            match words.as_slice() {
                ["healthz" | "livez" | "readyz", ..] => return Ok(answer::text(200, "ok")),
                ["openapi", "v3", rest @ ..] => {
                    let found = discovery::openapi(rest).ok_or_else(Failure::no_such_path)?;
                    return Ok(answer::json(200, &found));
                }
                _ => {}
            }
            let aggregated = answer::aggregated(request.headers()) && words.len() == 1;
            let found = discovery::answer(&parts, aggregated).ok_or_else(Failure::no_such_path)?;
            Ok(if aggregated && words != ["version"] {
                answer::aggregated_json(&found)
            } else {
                answer::json(200, &found)
            })
        }
    }
}

/// The verb that RBAC knows the request by.
fn verb(request: &Request<Incoming>, place: &Place, query: &Query) -> &'static str {
    match (request.method(), &place.name) {
        (_, Some(_)) if place.part.as_deref() == Some("portforward") => "create",
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
    face: &Arc<Face>,
    mut request: Request<Incoming>,
    place: Place,
    query: Query,
) -> Result<Answer, Failure> {
    if place.part.as_deref() == Some("portforward") {
        return forward::open(face, &place, &query, &mut request);
    }
    let form = answer::form(request.headers());
    let method = request.method().clone();
    if method == Method::GET {
        return seen(face, place, form, query);
    }
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.unwrap_or("application/json").to_owned();
    let text = Limited::new(request.into_body(), BODY).collect().await;
    let text = text.map_err(|_| Failure::new(413, "RequestEntityTooLarge", "the body is longer than 3 MB"))?.to_bytes();
    let body = body(&text, &kind)?;
    if place.kind.rights == Rights::Review {
        return match method {
            Method::POST => Ok(answer::json(201, &review::answer(&face.faults(), body))),
            _ => Err(Failure::not_allowed()),
        };
    }
    let written = face.with(|lab| match (&method, &place.name) {
        _ if place.kind.rights == Rights::Samples => Err(Failure::not_allowed()),
        (&Method::POST, None) => write::create(lab, &place, body, &query),
        (&Method::PUT, Some(_)) => write::update(lab, &place, body, &query),
        (&Method::PATCH, Some(_)) => {
            let way = Way::of(&kind).ok_or_else(|| unsupported(&kind))?;
            write::patch(lab, &place, &body, way, &query)
        }
        (&Method::DELETE, Some(_)) if place.part.is_none() => write::delete(lab, &place, &body, &query),
        (&Method::DELETE, None) => write::delete_all(lab, &place, &body, &query),
        _ => Err(Failure::not_allowed()),
    });
    let (code, object) = written?;
    // A part of an object and a Status are never shown as a table.
    let whole = place.part.is_none() && object["kind"] != "Status";
    let form = if whole { form } else { Form::Objects };
    let shown = read::formed(&object, &place, form, &query, &face.lab());
    Ok(answer::json(code, &shown))
}

/// GET.
fn seen(face: &Arc<Face>, place: Place, form: Form, query: Query) -> Result<Answer, Failure> {
    match (&place.name, place.part.as_deref()) {
        _ if place.kind.rights == Rights::Review => Err(Failure::not_allowed()),
        (_, Some("log")) => logs::open(face, &place, &query),
        (Some(_), _) => Ok(answer::json(200, &read::get(&face.lab(), &place, form, &query)?)),
        (None, _) if query.yes("watch") && place.kind.rights == Rights::Samples => Err(Failure::not_allowed()),
        (None, _) if query.yes("watch") => watch::open(face, place, form, query),
        (None, _) => Ok(answer::json(200, &read::list(&face.lab(), &place, form, &query)?)),
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
