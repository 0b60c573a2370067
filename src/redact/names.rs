//! The names of a recording and what stands in their place. Names of one kind are numbered in their own order, so that lists stay
//! sorted as they were; the same name has the same replacement in fields and in texts. Must not know which field is what.
//!
//! In a text a word stays only if it is an ordinary one: letters alone, a number with a unit, or a word of the API. Everything that
//! looks like a name, an address or a path is replaced, whether or not it was seen in a field.

use super::fields::Field;
use std::collections::{BTreeMap, BTreeSet};

/// Words that are no names, although they stand in names' places or look like names. Those of the controller's own sentences are
/// among them: with one of them replaced its decisions could not be recognized again.
const WORDS: &str = "
default kube-system kube-public kube-node-lease kubernetes lab in-cluster
cpu memory storage ephemeral-storage hugepages pods nodes nil resource resources container external object metric metrics value usage
utilization percentage of request requests above below target all current number replicas size new reason spec on the was able to get
failed unable for and count from recommended recommendations recent were higher lower than one applying highest lowest recommendation
scaling is disabled since replica zero a missing selector scale scaled did not workload hpa controller matches desired within acceptable
range too many few increasing decreasing faster slower time no returned known ready api any some at or by with in it be as an are
horizontal-pod-autoscaler replicaset-controller deployment-controller statefulset-controller daemonset-controller job-controller
default-scheduler kubelet kwok_controller node-controller taint-eviction-controller kube-controller-manager kube-scheduler
metrics-server port-forward readonly edot-tui k6 otel otlp apm app in-flight scale-up scale-down self-signed back-off re-run
elasticsearch Spec.MaxReplicas Spec.MinReplicas memory_limiter health_check true false notin exists app.kubernetes.io app.kubernetes.io/name apps/v1 batch/v1 v1";

/// What k6's own metrics begin with.
const K6_METRICS: [&str; 10] = [
    "http_req",
    "iteration",
    "data_received",
    "data_sent",
    "vus",
    "checks",
    "dropped_iterations",
    "ws_",
    "grpc_",
    "group_duration",
];
/// What ends the name of an API group or label of Kubernetes, and what may stand before it.
const OF_KUBERNETES: [&str; 3] = [".k8s.io", ".kubernetes.io", ".k8s.elastic.co"];
const GROUPS: [&str; 13] = [
    "v1",
    "v1beta1",
    "metrics",
    "custom",
    "external",
    "networking",
    "coordination",
    "rbac",
    "authorization",
    "app",
    "topology",
    "elasticsearch",
    "kibana",
];
/// Units behind a number.
const UNITS: [&str; 36] = [
    "", "%", "e", "E-", "n", "u", "µ", "m", "k", "K", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "B",
    "kB", "KB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "ns", "µs", "us", "ms", "s", "x",
];
/// What the datasets of Kubernetes events begin with.
const EVENTS: [&str; 2] = ["k8sobjectsreceiver", "k8seventsreceiver"];
/// What begins a name of a data stream.
const SIGNALS: [&str; 4] = ["logs", "metrics", "traces", "profiles"];

/// The names of a recording, by what their replacements are called.
#[derive(Debug, Default)]
pub struct Names(BTreeMap<&'static str, BTreeSet<String>>);

impl Names {
    /// Takes the names out of a field; `beside` is the kind or reason that stands with it.
    pub fn take(&mut self, field: Field, text: &str, beside: &str) {
        match field {
            Field::Name(label) => self.add(label, text),
            Field::Named => self.add(label_of(beside), text),
            Field::KindAndName => {
                let (kind, name) = text.split_once('/').unwrap_or(("", text));
                self.add(label_of(kind), name);
            }
            Field::Path => text.split('/').for_each(|part| self.add("file", part)),
            Field::Component => {
                if let Some((_, name)) = text.split_once('/') {
                    self.add("component", name);
                }
            }
            Field::Index => {
                let Some(index) = index(text) else { return self.add("index", text) };
                self.add("dataset", index.dataset);
                self.add("namespace", index.namespace);
            }
            Field::Dataset => self.add("dataset", text),
            Field::Selector => selector(text).for_each(|part| self.add("label", part)),
            // `Successfully assigned lab/app-1 to node-7`.
            Field::Text if beside == "Scheduled" => {
                if let Some((_, node)) = text.rsplit_once(" to ") {
                    self.add("node", node);
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, label: &'static str, name: &str) {
        if !is_ordinary(name) {
            self.0.entry(label).or_default().insert(name.to_owned());
        }
    }

    /// Every name with its replacement: `pod-07`, of ten pods and more.
    pub fn dictionary(self) -> Dictionary {
        let mut out = Dictionary::default();
        for (label, names) in self.0 {
            let width = names.len().to_string().len();
            for (n, name) in names.into_iter().enumerate() {
                out.known.entry(name).or_insert_with(|| format!("{label}-{:0width$}", n + 1));
            }
        }
        // A text is cut into words; a name that is several of them is searched as it is, the longest first.
        out.phrases = out.known.keys().filter(|name| !name.chars().all(is_of_word)).cloned().collect();
        out.phrases.sort_by_key(|name| std::cmp::Reverse(name.len()));
        out
    }
}

/// What a kind's names are called.
fn label_of(kind: &str) -> &'static str {
    match kind {
        "Pod" => "pod",
        "ReplicaSet" => "replicaset",
        "Deployment" => "deployment",
        "StatefulSet" => "statefulset",
        "DaemonSet" => "daemonset",
        "Job" => "job",
        "Node" => "node",
        "Service" => "service",
        "HorizontalPodAutoscaler" => "hpa",
        "Namespace" => "namespace",
        _ => "object",
    }
}

/// Replaces names. Words that it meets first are added, so that they are replaced alike from then on.
#[derive(Debug, Default)]
pub struct Dictionary {
    known: BTreeMap<String, String>,
    phrases: Vec<String>,
    /// How many were added, by what they are called.
    added: BTreeMap<&'static str, usize>,
}

impl Dictionary {
    /// How many names are replaced.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Replaces what a field holds.
    pub fn field(&mut self, field: Field, text: &mut String, beside: &str) {
        if text.is_empty() {
            return;
        }
        *text = match field {
            Field::Keep => return,
            Field::Id if text.chars().all(|c| c.is_ascii_hexdigit() || c == '-') => return,
            Field::Id => self.name("uid", text),
            Field::Code if text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => return,
            Field::Code | Field::Text => self.text(text),
            Field::Version => text.split(['-', '+', '~', ' ']).next().unwrap_or_default().to_owned(),
            Field::Name(label) => self.name(label, text),
            Field::Named => self.name(label_of(beside), text),
            Field::KindAndName => match text.split_once('/') {
                Some((kind, name)) => format!("{kind}/{}", self.name(label_of(kind), name)),
                None => self.name("object", text),
            },
            Field::Path => text.split('/').map(|part| self.name("file", part)).collect::<Vec<_>>().join("/"),
            Field::Component => self.component(text),
            Field::Index => self.index(text),
            Field::Dataset => self.dataset(text),
            Field::Selector => self.selector(text),
            Field::K6Metric => {
                let (metric, tags) = text.split_at(text.find('{').unwrap_or(text.len()));
                let metric = if is_of_k6(metric) { metric.to_owned() } else { self.name("metric", metric) };
                metric + &if tags.is_empty() { String::new() } else { format!("{{{}}}", self.name("tags", tags)) }
            }
            Field::Url => self.url(text),
            Field::Words => self.name("text", text),
            Field::Drop => String::new(),
        };
    }

    fn name(&mut self, label: &'static str, name: &str) -> String {
        if is_ordinary(name) {
            return name.to_owned();
        }
        if let Some(known) = self.known.get(name) {
            return known.clone();
        }
        // They are numbered apart from those that were gathered.
        let n = self.added.entry(label).or_default();
        *n += 1;
        let made = format!("{label}-x{n}");
        self.known.insert(name.to_owned(), made.clone());
        made
    }

    /// `otlp/acme` -> `otlp/component-1`; an address stays one: `otlp/10.0.0.1:4317` -> `otlp/component-2:4317`.
    fn component(&mut self, id: &str) -> String {
        let Some((kind, name)) = id.split_once('/') else { return id.to_owned() };
        let port = name.rsplit_once(':').map(|(_, port)| port).filter(|p| p.bytes().all(|b| b.is_ascii_digit()));
        let made = self.name("component", name);
        let made = port.map_or_else(|| made.clone(), |port| format!("{made}:{port}"));
        format!("{kind}/{made}")
    }

    /// Records of Kubernetes events are kept apart from those of applications by how their dataset begins.
    fn dataset(&mut self, dataset: &str) -> String {
        let made = self.name("dataset", dataset);
        match EVENTS.iter().find(|begin| dataset.starts_with(**begin)) {
            Some(begin) => format!("{begin}.{made}"),
            None => made,
        }
    }

    fn index(&mut self, name: &str) -> String {
        let Some(index) = index(name) else { return self.name("index", name) };
        let (dataset, namespace) = (self.dataset(index.dataset), self.name("namespace", index.namespace));
        let made = format!("{}{}-{dataset}-{namespace}{}", index.before, index.signal, index.generation);
        self.known.insert(name.to_owned(), made.clone());
        let stream = format!("{}-{}-{}", index.signal, index.dataset, index.namespace);
        self.known.insert(stream, format!("{}-{dataset}-{namespace}", index.signal));
        made
    }

    fn selector(&mut self, text: &str) -> String {
        pieces(text, |c| !" ,=!()".contains(c))
            .map(|(part, is_word)| match is_word {
                true => self.name("label", part),
                false => part.to_owned(),
            })
            .collect()
    }

    /// `https://es.acme.example:9200/path` -> `https://host-x1:9200`.
    fn url(&mut self, text: &str) -> String {
        let Some((scheme, rest)) = text.split_once("://") else { return self.text(text) };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let port = authority.rsplit_once(':').map(|(_, p)| p);
        let port = port.filter(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
        let host = port.map_or(authority, |p| &authority[..authority.len() - p.len() - 1]);
        let host = self.name("host", host);
        format!("{scheme}://{host}{}", port.map(|p| format!(":{p}")).unwrap_or_default())
    }

    /// A text with the names in it replaced.
    pub fn text(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        for name in self.phrases.iter().filter(|name| name.len() > 3) {
            if text.contains(name.as_str()) {
                text = text.replace(name.as_str(), &self.known[name]);
            }
        }
        let mut quoted = false;
        pieces(&text, is_of_word)
            .map(|(part, is_word)| match is_word {
                true => self.word(part, quoted),
                false => {
                    // An apostrophe inside a word is none.
                    quoted = part.ends_with(['"', '`']) || (part.len() > 1 && part.ends_with('\''));
                    part.to_owned()
                }
            })
            .collect()
    }

    /// A word with what may be joined in it: `demo/web-1`, `http://es:9200`, `Key:env`.
    fn word(&mut self, word: &str, quoted: bool) -> String {
        let bare = word.trim_end_matches(['.', ':', '/', '-']).trim_start_matches(['.', ':']);
        if bare.is_empty() || is_ordinary(word) {
            return word.to_owned();
        }
        let at = word.find(bare).unwrap_or_default();
        let (before, after) = (&word[..at], &word[at + bare.len()..]);
        format!("{before}{}{after}", self.bare(bare, quoted))
    }

    fn bare(&mut self, word: &str, quoted: bool) -> String {
        if let Some(known) = self.known.get(word) {
            return known.clone();
        }
        if is_ordinary(word) || self.is_replacement(word) {
            return word.to_owned();
        }
        if word.contains("://") {
            return self.url(word);
        }
        if is_of_kubernetes(word) || (word.contains('_') && is_of_k6(word)) {
            return word.to_owned();
        }
        let joined = word.contains(['/', '@', '~']);
        if joined || word.contains([':', '=']) {
            let parts = pieces(word, |c| !"/:@=~".contains(c)).map(|(part, is_word)| match is_word {
                true => self.bare(part, joined || quoted),
                false => part.to_owned(),
            });
            return parts.collect();
        }
        match is_plain(word) && !quoted {
            true => word.to_owned(),
            false => self.name("name", word),
        }
    }

    /// Whether it is one of the words that are put in place of names.
    fn is_replacement(&self, word: &str) -> bool {
        word.contains('-') && self.known.values().any(|made| made == word)
    }
}

/// The parts of a text in turn: those whose characters `belong`, and what is between them.
fn pieces(text: &str, belong: impl Fn(char) -> bool) -> impl Iterator<Item = (&str, bool)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let is_word = belong(rest.chars().next()?);
        let (piece, after) = rest.split_at(rest.find(|c| belong(c) != is_word).unwrap_or(rest.len()));
        rest = after;
        Some((piece, is_word))
    })
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || "-_.:/@~=%".contains(c)
}

fn selector(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', ',', '=', '!', '(', ')']).filter(|part| !part.is_empty())
}

/// Whether a word is never replaced, wherever it stands: a word of [`WORDS`], a number, or a label of Kubernetes itself.
fn is_ordinary(word: &str) -> bool {
    word.is_empty() || is_quantity(word) || WORDS.split_whitespace().any(|w| w == word) || is_of_kubernetes(word)
}

/// Letters alone, as words of sentences and identifiers of the API are; `v1`, `v1beta1`; a flag, `--es-url`.
fn is_plain(word: &str) -> bool {
    if word.strip_prefix("--").is_some_and(|flag| flag.chars().all(|c| c.is_ascii_lowercase() || c == '-')) {
        return true;
    }
    let version = word.strip_prefix('v').is_some_and(|rest| {
        rest.starts_with(|c: char| c.is_ascii_digit())
            && rest.replace("alpha", "").replace("beta", "").bytes().all(|b| b.is_ascii_digit() || b == b'.')
    });
    version || word.chars().all(char::is_alphabetic)
}

/// Numbers with units: `250m`, `1.5`, `50%`, `1m30s`, `3/4`. An address of four numbers is none.
fn is_quantity(word: &str) -> bool {
    let number = |c: char| c.is_ascii_digit() || c == '.';
    if !word.starts_with(|c: char| c.is_ascii_digit()) || word.split('.').count() > 3 {
        return false;
    }
    let mut units = pieces(word, number).filter(|(_, is_number)| !is_number).map(|(unit, _)| unit);
    let clock = |u: &str| matches!(u, "h" | "m" | "s" | "ms" | "µs" | "ns" | ":" | "/");
    match (units.next(), units.next()) {
        (None, _) => true,
        (Some(unit), None) => UNITS.contains(&unit) || clock(unit),
        (Some(first), Some(second)) => clock(first) && clock(second) && units.all(clock),
    }
}

/// `v1beta1.metrics.k8s.io`, `app.kubernetes.io/name`.
fn is_of_kubernetes(word: &str) -> bool {
    let (host, label) = word.split_once('/').unwrap_or((word, ""));
    let group = OF_KUBERNETES.iter().find_map(|end| host.strip_suffix(end));
    group.is_some_and(|group| group.split('.').all(|part| GROUPS.contains(&part))) && is_plain(label)
}

fn is_of_k6(metric: &str) -> bool {
    K6_METRICS.iter().any(|begin| metric.starts_with(begin))
        && metric.chars().all(|c| c.is_ascii_lowercase() || "_.".contains(c))
}

/// The parts of an index of a data stream, or of a data stream, by the naming scheme `type-dataset-namespace`.
struct IndexName<'a> {
    before: &'a str,
    signal: &'a str,
    dataset: &'a str,
    namespace: &'a str,
    /// `-2026.11.24-000001`, or nothing.
    generation: &'a str,
}

fn index(name: &str) -> Option<IndexName<'_>> {
    let dated = name.find(".ds-").map(|at| name.split_at(at + 4));
    let (before, rest) = dated.unwrap_or(("", name));
    // What a lifecycle policy put in front of it is its own: `partial-`, `shrink-x1y2-`.
    let stream = match dated {
        Some(_) => {
            let (head, _number) = rest.rsplit_once('-').filter(|(_, n)| n.bytes().all(|b| b.is_ascii_digit()))?;
            head.rsplit_once('-').filter(|(_, date)| date.bytes().all(|b| b.is_ascii_digit() || b == b'.'))?.0
        }
        None => rest,
    };
    let (signal, named) = stream.split_once('-').filter(|(signal, _)| SIGNALS.contains(signal))?;
    let (dataset, namespace) = named.rsplit_once('-')?;
    Some(IndexName { before, signal, dataset, namespace, generation: &rest[stream.len()..] })
}
