//! What was applied, and how it was chosen: a ConfigMap in the cluster. Pure but for reading it.

use super::MANAGED_BY;
use super::api::{Api, Id};
use super::choice::{Choice, Part};
use crate::observe::text::{MESSAGE, clean};
use crate::source::live::client::ApiError;
use serde_json::{Value, json};

/// The namespace that every overlay has.
pub const NAMESPACE: &str = "observability-lab";
const NAME: &str = "edot-tui-stack";

/// The stack that is in a cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Inventory {
    pub choice: Choice,
    /// Every object that was, or was about to be, applied.
    pub objects: Vec<Id>,
}

/// The inventory's own name.
pub fn id() -> Id {
    Id::new("v1", "ConfigMap", NAMESPACE, NAME)
}

/// The inventory; None where there is no stack.
///
/// # Errors
/// Those of a request.
pub async fn read(api: &Api) -> Result<Option<Inventory>, ApiError> {
    Ok(api.get(&id()).await?.as_ref().map(of))
}

/// From the ConfigMap. What cannot be read in it is left out.
fn of(map: &Value) -> Inventory {
    let text = |key: &str| map["data"][key].as_str().unwrap_or_default();
    let some = |key: &str| Some(clean(text(key), MESSAGE)).filter(|text| !text.is_empty());
    let parts = text("without").split(' ').filter_map(Part::named).collect();
    let overlay = some("overlay").filter(|name| Choice::overlays().contains(&name.as_str()));
    let choice = Choice {
        overlay: overlay.unwrap_or_else(|| Choice::default().overlay),
        without: parts,
        es_url: some("es-url"),
        es_user: some("es-user"),
        es_ca: text("es-ca") == "true",
    };
    let ids = text("objects").lines().filter_map(|line| match line.split(' ').collect::<Vec<_>>().as_slice() {
        [version, kind, namespace, name] => Some(Id::new(version, kind, namespace.trim_matches('-'), name)),
        _ => None,
    });
    Inventory { choice, objects: ids.collect() }
}

impl Inventory {
    /// As a ConfigMap.
    pub fn object(&self) -> Value {
        let Choice { overlay, without, es_url, es_user, es_ca } = &self.choice;
        let line = |id: &Id| {
            let namespace = if id.namespace.is_empty() { "-" } else { &id.namespace };
            format!("{} {} {namespace} {}\n", id.api_version, id.kind, id.name)
        };
        let without: Vec<&str> = without.iter().map(|part| part.name()).collect();
        json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": NAME, "namespace": NAMESPACE,
                         "labels": {MANAGED_BY.0: MANAGED_BY.1, "app.kubernetes.io/part-of": "edot-stack"}},
            "data": {"overlay": overlay, "without": without.join(" "), "es-url": es_url.clone().unwrap_or_default(),
                     "es-user": es_user.clone().unwrap_or_default(), "es-ca": es_ca.to_string(),
                     "objects": self.objects.iter().map(line).collect::<String>()},
        })
    }

    /// With these objects besides its own.
    pub fn with(mut self, more: impl IntoIterator<Item = Id>) -> Inventory {
        self.objects.extend(more);
        self.objects.sort();
        self.objects.dedup();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_as_the_same() {
        let choice = Choice {
            overlay: "split".into(),
            without: vec![Part::Kibana, Part::Load],
            es_url: Some("https://es:9200".into()),
            es_user: None,
            es_ca: true,
        };
        let objects = vec![Id::new("v1", "Namespace", "", "a"), Id::new("apps/v1", "Deployment", "a", "b")];
        let inventory = Inventory { choice, objects };
        assert_eq!(of(&inventory.object()), inventory);
        assert_eq!(of(&json!({"data": {"overlay": "none such", "objects": "a b\n"}})).choice, Choice::default());
    }
}
