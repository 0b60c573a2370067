//! What of the stack is wanted: an overlay, without some parts, and with which Elasticsearch; and the objects that makes. Pure.

use super::files::files;
use super::kustomize::render;
use clap::ValueEnum;
use serde_json::{Value, json};

/// The Secret with what `--es-url` needs.
pub const ES_SECRET: &str = "edot-stack-elasticsearch";
/// Elastic's operator by reference, as `assets/stack/elastic/operator` has it.
pub const OPERATOR: &str = "kubectl create -f https://download.elastic.co/downloads/eck/3.3.0/crds.yaml \
                            -f https://download.elastic.co/downloads/eck/3.3.0/operator.yaml";

/// A part that can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Elasticsearch and Kibana
    Elastic,
    /// Kibana alone
    Kibana,
    /// metrics-server, which is applied only where the cluster has none
    MetricsServer,
    /// The demo: frontend, backend, Redis
    Apps,
    /// The load's scenario, which the key s starts
    Load,
    /// Nothing: all parts, where an earlier `up` left some out
    None,
}

impl Part {
    /// As it is typed.
    pub fn name(self) -> &'static str {
        match self {
            Part::Elastic => "elastic",
            Part::Kibana => "kibana",
            Part::MetricsServer => "metrics-server",
            Part::Apps => "apps",
            Part::Load => "load",
            Part::None => "none",
        }
    }

    pub fn named(name: &str) -> Option<Part> {
        Part::value_variants().iter().copied().find(|part| part.name() == name)
    }

    /// Whether an object belongs to it.
    fn has(self, object: &Value) -> bool {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let kind = text("/kind");
        let namespace = if kind == "Namespace" { text("/metadata/name") } else { text("/metadata/namespace") };
        match self {
            Part::Elastic => matches!(kind, "Elasticsearch" | "Kibana"),
            Part::Kibana => kind == "Kibana",
            Part::MetricsServer | Part::None => false,
            Part::Apps => namespace.starts_with("demo-app"),
            Part::Load => kind == "ConfigMap" && text("/metadata/name") == "k6-scripts",
        }
    }
}

/// What is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    pub overlay: String,
    pub without: Vec<Part>,
    /// An Elasticsearch elsewhere, in place of the stack's own.
    pub es_url: Option<String>,
    pub es_user: Option<String>,
    /// Its certificate is checked with the authority in the Secret.
    pub es_ca: bool,
}

impl Default for Choice {
    fn default() -> Self {
        Choice { overlay: "guide".into(), without: Vec::new(), es_url: None, es_user: None, es_ca: false }
    }
}

impl Choice {
    /// The overlays there are.
    pub fn overlays() -> Vec<&'static str> {
        let name = |path: &'static str| path.strip_prefix("overlays/")?.strip_suffix("/kustomization.yaml");
        files().into_keys().filter_map(name).filter(|name| !name.contains('/')).collect()
    }

    /// The objects, in the order in which they are applied.
    ///
    /// # Errors
    /// There is no such overlay.
    pub fn objects(&self) -> Result<Vec<Value>, String> {
        if !Choice::overlays().contains(&self.overlay.as_str()) {
            return Err(format!(
                "there is no overlay {:?}; there are: {}",
                self.overlay,
                Choice::overlays().join(", ")
            ));
        }
        let mut objects = render(&files(), &format!("overlays/{}", self.overlay))?;
        let elsewhere = self.es_url.as_ref().map(|_| Part::Elastic);
        objects.retain(|object| !self.without.iter().chain(&elsewhere).any(|part| part.has(object)));
        if let Some(url) = &self.es_url {
            objects.iter_mut().for_each(|object| self.send_to(url, object));
        }
        Ok(objects)
    }

    /// Lets the collectors of a workload send to the Elasticsearch at `url`.
    fn send_to(&self, url: &str, object: &mut Value) {
        let Some(pod) = object.pointer_mut("/spec/template/spec") else { return };
        let ca = if self.es_ca { "/etc/elastic/ca.crt" } else { "" };
        let password = json!({"secretKeyRef": {"name": ES_SECRET, "key": "password", "optional": true}});
        for container in pod.get_mut("containers").and_then(Value::as_array_mut).into_iter().flatten() {
            for variable in container.get_mut("env").and_then(Value::as_array_mut).into_iter().flatten() {
                let value = match variable["name"].as_str() {
                    Some("ELASTIC_ENDPOINT") => url,
                    Some("ELASTIC_USER") => self.es_user.as_deref().unwrap_or_default(),
                    Some("ELASTIC_CA_FILE") => ca,
                    Some("ELASTIC_PASSWORD") => {
                        variable["valueFrom"] = password.clone();
                        continue;
                    }
                    _ => continue,
                };
                variable["value"] = json!(value);
            }
        }
        for volume in pod.get_mut("volumes").and_then(Value::as_array_mut).into_iter().flatten() {
            if volume["name"] == "elastic-ca" {
                volume["secret"]["secretName"] = json!(ES_SECRET);
                volume["secret"]["optional"] = json!(true);
            }
        }
    }
}

/// metrics-server; `self_signed` where the kubelets' certificates cannot be checked.
///
/// # Errors
/// None in practice; a test renders both.
pub fn metrics_server(self_signed: bool) -> Result<Vec<Value>, String> {
    render(&files(), if self_signed { "observe/self-signed-kubelets" } else { "observe/metrics-server" })
}

/// The Secret for an Elasticsearch elsewhere.
pub fn es_secret(password: Option<&str>, ca: Option<&str>) -> Value {
    let data = [("password", password), ("ca.crt", ca)].into_iter().filter_map(|(key, value)| Some((key, value?)));
    json!({"apiVersion": "v1", "kind": "Secret",
           "metadata": {"name": ES_SECRET, "namespace": super::inventory::NAMESPACE,
                        "labels": {"app.kubernetes.io/part-of": "edot-stack"}},
           "stringData": data.collect::<std::collections::BTreeMap<_, _>>()})
}

/// What to do where the kind of an object is not served.
pub fn missing_kind(api_version: &str) -> String {
    match api_version.split('/').next().unwrap_or_default() {
        "elasticsearch.k8s.elastic.co" | "kibana.k8s.elastic.co" => {
            format!(
                "install Elastic's operator (ECK) and run this again: {OPERATOR}; or name an Elasticsearch with --es-url"
            )
        }
        "keda.sh" => "install KEDA 2.20 or later and run this again: https://keda.sh/docs/latest/deploy/".to_owned(),
        group => format!("the cluster does not serve {group}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(choice: &Choice) -> Vec<String> {
        let title = |object: &Value| super::super::api::Id::of(object).title();
        choice.objects().unwrap().iter().map(title).collect()
    }

    #[test]
    fn parts_are_left_out() {
        let all = kinds(&Choice::default());
        for (part, gone) in [
            (Part::Elastic, vec!["Elasticsearch observability-lab/elasticsearch", "Kibana observability-lab/kibana"]),
            (Part::Kibana, vec!["Kibana observability-lab/kibana"]),
            (Part::Load, vec!["ConfigMap demo-app/k6-scripts"]),
        ] {
            let left = kinds(&Choice { without: vec![part], ..Choice::default() });
            let missing: Vec<&String> = all.iter().filter(|one| !left.contains(one)).collect();
            assert_eq!(missing, gone, "{part:?}");
        }
        let left = kinds(&Choice { without: vec![Part::Apps], overlay: "sharded".into(), ..Choice::default() });
        assert!(!left.iter().any(|one| one.contains("demo-app")), "{left:?}");
        let unknown = Choice { overlay: "x".into(), ..Choice::default() }.objects().unwrap_err();
        assert!(unknown.contains("guide") && unknown.contains("queue-hpa"), "{unknown}");
    }

    #[test]
    fn an_elasticsearch_elsewhere_replaces_the_stacks_own_in_every_collector_that_writes() {
        let elsewhere =
            Choice { es_url: Some("https://es:9200".into()), es_user: Some("w".into()), ..Choice::default() };
        let choice = Choice { overlay: "tail-sampling".into(), es_ca: true, ..elsewhere };
        let objects = choice.objects().unwrap();
        assert!(!objects.iter().any(|o| o["kind"] == "Elasticsearch"));
        for name in ["edot-gateway", "edot-sampler"] {
            let text = objects
                .iter()
                .find(|o| o["kind"] == "Deployment" && o["metadata"]["name"] == name)
                .unwrap()
                .to_string();
            assert!(
                text.contains("https://es:9200")
                    && text.contains(r#""optional":true,"secretName":"edot-stack-elasticsearch""#)
            );
            assert!(!text.contains("elasticsearch-es-elastic-user") && text.contains(r#""value":"w""#), "{text}");
        }
    }

    #[test]
    fn metrics_server_is_rendered_with_and_without_its_flag() {
        let text = |self_signed| metrics_server(self_signed).unwrap().iter().map(Value::to_string).collect::<String>();
        assert!(text(false).contains("v1beta1.metrics.k8s.io") && !text(false).contains("insecure-tls"));
        assert!(text(true).contains("--kubelet-insecure-tls"));
    }
}
