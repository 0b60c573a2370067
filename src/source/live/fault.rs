//! What can go wrong with a request, sorted by what is to be done about it, with words for the user.
//!
//! Must not retry; that is the feeds' part. Texts of servers are cleaned and bounded here.

use super::pace::{Pace, jitter};
use super::wire;
use crate::observe::text::clean;
use crate::observe::{Feed, FeedState, FeedStatus, Rule};
use std::time::Duration;

/// What a request was for, in the terms of RBAC.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    pub verb: &'static str,
    /// Empty for core.
    pub group: String,
    pub version: String,
    /// Plural, with the subresource if there is one.
    pub resource: String,
    /// Empty for the whole cluster.
    pub namespace: String,
}

impl Asked {
    /// The same with another verb.
    pub fn to(&self, verb: &'static str) -> Asked {
        Asked { verb, ..self.clone() }
    }

    /// `horizontalpodautoscalers.autoscaling in namespace lab`.
    pub fn what(&self) -> String {
        let dot = if self.group.is_empty() { "" } else { "." };
        match self.namespace.is_empty() {
            true => format!("{}{dot}{}", self.resource, self.group),
            false => format!("{}{dot}{} in namespace {}", self.resource, self.group, self.namespace),
        }
    }

    /// `autoscaling/v2`.
    pub fn api(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }
}

/// What a fault calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No connection, no answer in time, or broken off before an answer.
    Unreachable,
    /// The server's certificate or the TLS handshake.
    Tls,
    /// 401.
    Unauthorized,
    /// 403.
    Denied,
    /// 404.
    Absent,
    /// 410: the resource version is too old.
    Expired,
    /// 429 and 5xx: later.
    Busy,
    /// An answer that broke off.
    Cut,
    /// An answer that is not what was asked for.
    Garbled,
    /// Any other answer.
    Refused,
}

/// A request that failed.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub kind: Kind,
    /// In a sentence's words.
    pub reason: String,
    pub hint: Option<String>,
    /// Boxed, for most faults have none.
    pub rule: Option<Box<Rule>>,
    /// What the server asked to wait.
    pub retry_after: Option<Duration>,
}

impl Fault {
    /// A fault with nothing but its reason.
    pub fn new(kind: Kind, reason: impl Into<String>) -> Fault {
        Fault { kind, reason: reason.into(), hint: None, rule: None, retry_after: None }
    }

    /// The same fault with other words for mending it.
    pub fn with_hint(self, hint: impl Into<String>) -> Fault {
        Fault { hint: Some(hint.into()), ..self }
    }

    /// From an answer other than success. `body` may be a Status, or whatever a proxy wrote.
    pub fn from_answer(code: u16, retry_after: Option<Duration>, body: &[u8], asked: &Asked) -> Fault {
        let status = serde_json::from_slice::<wire::Status>(body).ok().filter(|s| s.kind == "Status");
        let said = match &status {
            Some(status) => clean(&status.message, 300),
            None => plain(&String::from_utf8_lossy(body)),
        };
        let asked_wait = status.and_then(|s| s.details.retry_after_seconds).map(Duration::from_secs);
        let fault = match code {
            401 => Fault::new(Kind::Unauthorized, "the API server does not accept the credentials (401 Unauthorized)")
                .with_hint("log in again or renew the token; the kubeconfig is read anew at every try"),
            403 => denied(&said, asked),
            404 => Fault::new(Kind::Absent, format!("{} is not served here (404: {said})", asked.api())),
            410 => Fault::new(Kind::Expired, "the resource version is too old (410 Gone)"),
            429 | 500..=599 => Fault::new(Kind::Busy, format!("{} answers {code}: {said}", asked.what())),
            _ => Fault::new(Kind::Refused, format!("{} answers {code}: {said}", asked.what())),
        };
        Fault { retry_after: retry_after.or(asked_wait), ..fault }
    }

    /// From an error below HTTP, met on the way to `server` (its URL).
    pub fn from_error(error: &(dyn std::error::Error + 'static), server: &str) -> Fault {
        let (mut tls, mut at) = (false, Some(error));
        while let Some(next) = at {
            let io = next.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
            tls |= next.is::<rustls::Error>() || io.is_some_and(|inner| inner.is::<rustls::Error>());
            at = next.source();
        }
        let said = root(error);
        match tls {
            true => Fault::new(Kind::Tls, format!("no TLS connection to {server}: {said}"))
                .with_hint("check certificate-authority and server of the cluster in the kubeconfig"),
            false => Fault::new(Kind::Unreachable, format!("cannot reach {server}: {said}")),
        }
    }

    /// How a feed stands that met this fault.
    pub fn state(&self) -> FeedState {
        match self.kind {
            Kind::Unauthorized | Kind::Denied => FeedState::Denied,
            Kind::Absent => FeedState::Absent,
            _ => FeedState::Retrying,
        }
    }

    /// How long to wait after `attempt` tries that failed.
    pub fn wait(&self, attempt: u32, pace: &Pace) -> Duration {
        match self.kind {
            // By then the credentials may be fetched anew, whoever fetched them last.
            Kind::Unauthorized => pace.renew,
            Kind::Denied | Kind::Absent | Kind::Refused => pace.settled,
            _ => jitter(pace.backoff(attempt)).max(self.retry_after.unwrap_or_default().min(pace.settled)),
        }
    }

    /// The feed's state, without the time of the next try.
    pub fn link(&self, feed: Feed, attempt: u32) -> FeedStatus {
        FeedStatus {
            reason: Some(self.reason.clone()),
            hint: self.hint.clone(),
            rule: self.rule.as_deref().cloned(),
            attempt,
            ..FeedStatus::new(feed, self.state())
        }
    }
}

/// A watch needs list as well, so both are asked for together.
fn denied(said: &str, asked: &Asked) -> Fault {
    let who = said.split_once("User \"").and_then(|(_, rest)| rest.split_once('"')).map(|(user, _)| user);
    let who = who.map_or_else(|| "this user".to_owned(), |user| format!("user {user}"));
    let verbs = match asked.verb {
        "list" | "watch" => r#""list", "watch""#.to_owned(),
        // Which of them is asked for depends on the server's version.
        _ if asked.resource == "pods/portforward" => r#""get", "create""#.to_owned(),
        verb => format!(r#""{verb}""#),
    };
    let place = match asked.namespace.as_str() {
        "" => "a ClusterRole".to_owned(),
        namespace => format!("a Role in namespace {namespace}"),
    };
    Fault {
        kind: Kind::Denied,
        reason: format!("{who} may not {} {} (403)", asked.verb, asked.what()),
        hint: Some(format!(
            r#"add to {place}: apiGroups ["{}"], resources ["{}"], verbs [{verbs}]"#,
            asked.group, asked.resource
        )),
        rule: Some(Box::new(Rule {
            verb: asked.verb.to_owned(),
            group: asked.group.clone(),
            resource: asked.resource.clone(),
            namespace: asked.namespace.clone(),
        })),
        retry_after: None,
    }
}

/// The words of an error's root, without what only a programmer would look for.
pub fn root(error: &(dyn std::error::Error + 'static)) -> String {
    let mut root = error;
    while let Some(next) = root.source() {
        root = next;
    }
    let text = root.to_string();
    match text.as_str() {
        "deadline has elapsed" => "no connection in time".to_owned(),
        "tls handshake eof" => "the connection was closed during the TLS handshake".to_owned(),
        text if text.starts_with("peer closed connection") => "the connection was closed in the midst".to_owned(),
        text => clean(text.split(" (os error").next().unwrap_or_default(), 300),
    }
}

/// The words of an error page, without its markup.
pub fn plain(body: &str) -> String {
    let (mut out, mut tag) = (String::new(), false);
    for c in body.chars().take(4096) {
        match c {
            '<' => tag = true,
            '>' if tag => {
                tag = false;
                out.push(' ');
            }
            c if !tag => out.push(c),
            _ => {}
        }
    }
    let words: Vec<&str> = out.split_whitespace().collect();
    clean(&words.join(" "), 200)
}

#[cfg(test)]
#[path = "fault_tests.rs"]
mod tests;
