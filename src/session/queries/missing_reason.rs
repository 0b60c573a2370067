//! Why a metric has no figure: what the controller reported about this metric, else what it reported about the HPA, else
//! the status of the feed. The wording is `explain`'s. Must not guess.

use crate::hpa::spec;
use crate::observe::{Condition, EventSeen, Feed, FeedState, MetricKind};
use crate::session::metrics::{TargetType, Track};
use crate::session::{Session, hpa_status};

/// Why a metric has no figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingReason<'a> {
    /// A condition or an event of the controller.
    Controller { reason: &'a str, message: &'a str },
    /// The target has 0 replicas.
    NoReplicas,
    /// The feed of the pods or of their samples is not up; with its reason, where it has one.
    Feed(Option<&'a str>),
    /// The controller has not reported a figure yet.
    NoFigureYet,
}

impl<'a> MissingReason<'a> {
    fn condition(c: &'a Condition) -> Self {
        MissingReason::Controller { reason: &c.reason, message: &c.message }
    }
}

impl Session {
    /// Why a metric has no figure.
    pub fn missing_reason(&self, track: &Track) -> MissingReason<'_> {
        // Where the controller has a figure, only our own samples are missing.
        let hpa = self.hpa.as_ref().filter(|_| track.current.is_none());
        if let Some(c) = hpa.and_then(hpa_status::unreadable) {
            return MissingReason::condition(c);
        }
        // The condition quotes one failing metric, the first; each has an event of its own.
        let inactive = hpa.and_then(|h| hpa_status::condition(h, "ScalingActive")).filter(|c| c.status == "False");
        let quoted = inactive.filter(|c| !c.reason.starts_with("FailedGet") || is_about(track, &c.reason, &c.message));
        if let Some(c) = quoted {
            return MissingReason::condition(c);
        }
        let of_it = |e: &EventSeen| self.is_own_hpa(e) && is_about(track, &e.reason, &e.message);
        if let Some(event) = hpa.and_then(|_| self.events.newest_of(of_it).into_iter().next()) {
            return MissingReason::Controller { reason: &event.reason, message: &event.message };
        }
        if let Some(c) = inactive {
            return MissingReason::condition(c);
        }
        if self.current_replicas() == Some(0) {
            return MissingReason::NoReplicas;
        }
        let mut feeds = [Feed::Pods, Feed::Usage].into_iter().filter_map(|feed| self.feeds.get(feed));
        match feeds.find(|f| f.status.state != FeedState::Up).filter(|_| track.is_resource()) {
            Some(feed) => MissingReason::Feed(feed.status.reason.as_deref()),
            None => MissingReason::NoFigureYet,
        }
    }
}

/// Whether a message of the controller is about this metric. The texts are those of `FailedGet…Metric` in
/// pkg/controller/podautoscaler/horizontal.go and metrics/client.go.
fn is_about(track: &Track, reason: &str, message: &str) -> bool {
    let m = &track.metric;
    let name = &m.name;
    let resource = match track.target_type {
        TargetType::Utilization => format!("failed to get {name} utilization"),
        _ => format!("failed to get {name} usage"),
    };
    match (m.kind, reason) {
        (MetricKind::Resource, "FailedGetResourceMetric") => message.contains(&resource),
        (MetricKind::ContainerResource, "FailedGetContainerResourceMetric") => message.contains(&resource),
        (MetricKind::Pods, "FailedGetPodsMetric") => message.contains(&format!("metric {name}:")),
        (MetricKind::Object, "FailedGetObjectMetric") => {
            let (kind, object) = m.object.as_deref().and_then(|o| o.split_once('/')).unwrap_or_default();
            // up to 1.36, and from 1.37 on
            let (before, since) = (format!("metric {name}: {kind} on "), format!("metric {name} on {kind} "));
            (message.contains(&before) && message.contains(&format!(" {object}/")))
                || (message.contains(&since) && message.contains(&format!("/{object}: ")))
        }
        (MetricKind::External, "FailedGetExternalMetric") => {
            message.contains(&format!("/{name}/")) && selects(m.selector.as_deref(), message)
        }
        _ => false,
    }
}

/// Whether a message contains this selector, in the form in which Go prints it.
fn selects(selector: Option<&str>, message: &str) -> bool {
    let Some(selector) = selector else { return message.contains("/nil") };
    let one = |part: &str| match (part.split_once(" in ("), part.split_once(" notin ("), part.split_once('=')) {
        (Some((key, _)), _, _) => message.contains(&format!("Key:{key},Operator:In")),
        (_, Some((key, _)), _) => message.contains(&format!("Key:{key},Operator:NotIn")),
        (_, _, Some((key, value))) => message.contains(&format!("{key}: {value},")),
        _ => message.contains(&format!("Key:{},", part.trim_start_matches('!'))),
    };
    spec::requirements(selector).all(one)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::{
        Condition, EventSeen, HpaSeen, Metric, MetricValue, ObjectRef, Observation, Stamped, Time, WatchingSeen,
    };

    fn external(selector: Option<&str>) -> Metric {
        let value = MetricValue { average_value: Some("30".into()), ..MetricValue::default() };
        let selector = selector.map(Into::into);
        Metric { kind: MetricKind::External, name: "queue".into(), selector, value, ..Metric::default() }
    }

    fn event(uid: &str, reason: &str, message: &str) -> EventSeen {
        let object = ObjectRef { kind: "HorizontalPodAutoscaler".into(), name: "web".into(), ..ObjectRef::default() };
        let last = Time::from_timestamp(9, 0);
        let (uid, reason, message) = (uid.into(), reason.into(), message.into());
        EventSeen { uid, reason, message, object, last, ..EventSeen::default() }
    }

    fn condition(kind: &str, reason: &str, message: &str) -> Condition {
        let (kind, status) = (kind.into(), "False".into());
        Condition { kind, status, reason: reason.into(), message: message.into(), since: None }
    }

    /// Each metric's reason, with these conditions and events.
    fn reasons(metrics: Vec<Metric>, conditions: Vec<Condition>, events: Vec<EventSeen>) -> Vec<String> {
        let mut hpa = HpaSeen { name: "web".into(), max_replicas: 4, metrics, ..HpaSeen::default() };
        hpa.status.conditions = conditions;
        hpa.status.current_replicas = Some(1);
        let mut session = Session::default();
        let at = Time::from_timestamp(10, 0).unwrap();
        let watching = WatchingSeen { hpa: "web".into(), ..WatchingSeen::default() };
        let first = [Observation::Watching(watching), Observation::Hpa(Box::new(hpa))];
        let all = first.into_iter().chain(events.into_iter().map(|e| Observation::Event(Box::new(e))));
        all.for_each(|what| session.apply(&Stamped { at, what }));
        let text = |t: &Track| match session.missing_reason(t) {
            MissingReason::Controller { reason, message } => format!("{reason}: {message}"),
            other => format!("{other:?}"),
        };
        session.metrics.live().map(text).collect()
    }

    #[test]
    fn each_metric_has_its_own_reason() {
        let go = |selector: &str| format!("unable to get external metric ns/queue/{selector}: refused");
        let (nil, labels) = (go("nil"), go("&LabelSelector{MatchLabels:map[string]string{a: b,},MatchExpressions:[]}"));
        let expressions = go(
            "&LabelSelector{MatchLabels:{},MatchExpressions:[LabelSelectorRequirement{Key:q,Operator:In,Values:[c b],},]}",
        );
        let metrics = vec![external(None), external(Some("a=b")), external(Some("q in (b,c)"))];
        let failed = "FailedGetExternalMetric";
        let events = vec![event("1", failed, &nil), event("2", failed, &labels), event("3", failed, &expressions)];
        let first = condition("ScalingActive", failed, &nil);
        let expected: Vec<String> = [nil, labels, expressions].iter().map(|m| format!("{failed}: {m}")).collect();
        assert_eq!(reasons(metrics.clone(), vec![first], events.clone()), expected);
        assert_eq!(reasons(metrics, vec![], events), expected, "also while others keep the HPA active");
    }

    #[test]
    fn what_holds_for_the_whole_hpa_holds_for_each_metric() {
        let lost = condition("AbleToScale", "FailedGetScale", "not found");
        let stale = condition("ScalingActive", "FailedGetExternalMetric", "/queue/nil: refused");
        assert_eq!(reasons(vec![external(None)], vec![lost, stale], vec![]), ["FailedGetScale: not found"]);
        let shared = condition("ScalingActive", "AmbiguousSelector", "pods by selector");
        let metrics = vec![external(None), external(Some("a=b"))];
        assert_eq!(reasons(metrics, vec![shared], vec![]), ["AmbiguousSelector: pods by selector"; 2]);
    }

    #[test]
    fn without_an_event_the_condition_is_used() {
        let first = condition("ScalingActive", "FailedGetPodsMetric", "metric qps: refused");
        assert_eq!(reasons(vec![external(None)], vec![first], vec![]), ["FailedGetPodsMetric: metric qps: refused"]);
        assert_eq!(reasons(vec![external(None)], vec![], vec![]), ["NoFigureYet"]);
    }
}
