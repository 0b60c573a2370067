//! Discovery, aggregated or group by group; the server's version and OpenAPI. Pure.

use super::kinds::{self, ResourceKind, Rights};
use serde_json::{Value, json};

/// `/version`: the version whose behaviour the lab follows.
pub fn version() -> Value {
    json!({
        "major": "1", "minor": "36", "emulationMajor": "1", "emulationMinor": "36",
        "minCompatibilityMajor": "1", "minCompatibilityMinor": "35", "gitVersion": "v1.36.3",
        "gitCommit": "", "gitTreeState": "clean", "buildDate": "2026-11-01T00:00:00Z", "goVersion": "",
        "compiler": "rustc", "platform": "edot-tui/lab",
    })
}

/// The response for a path that is not a resource; None when nothing is served there. `aggregated`: the client accepts
/// aggregated discovery.
pub fn answer(segments: &[String], aggregated: bool) -> Option<Value> {
    let words: Vec<&str> = segments.iter().map(String::as_str).collect();
    Some(match words.as_slice() {
        [] => {
            let groups = kinds::groups().into_iter().flat_map(|(group, versions)| {
                let versions = versions.iter().map(move |version| format!("/apis/{group}/{version}"));
                std::iter::once(format!("/apis/{group}")).chain(versions)
            });
            let fixed = ["/api", "/api/v1", "/apis", "/livez", "/openapi/v3", "/readyz", "/version"].map(str::to_owned);
            json!({"paths": fixed.into_iter().chain(groups).collect::<Vec<_>>()})
        }
        ["api"] if aggregated => aggregate(&[("", &["v1"])]),
        ["apis"] if aggregated => aggregate(&kinds::groups()),
        ["api"] => json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}),
        ["apis"] => {
            let groups: Vec<Value> = kinds::groups().iter().map(|(name, versions)| group(name, versions)).collect();
            json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
        }
        ["apis", name] => {
            let (_, versions) = kinds::groups().into_iter().find(|(group, _)| group == name)?;
            let mut group = group(name, versions);
            group["kind"] = json!("APIGroup");
            group["apiVersion"] = json!("v1");
            group
        }
        ["api", version] => resources("", version)?,
        ["apis", group, version] => resources(group, version)?,
        ["version"] => version(),
        _ => return None,
    })
}

fn group(name: &str, versions: &[&str]) -> Value {
    let one = |version: &&str| json!({"groupVersion": format!("{name}/{version}"), "version": version});
    let versions: Vec<Value> = versions.iter().map(one).collect();
    json!({"name": name, "versions": versions, "preferredVersion": versions[0]})
}

fn resources(group: &str, version: &str) -> Option<Value> {
    let all: Vec<Value> = kinds::of(group, version).flat_map(plain).collect();
    let named = json!({
        "kind": "APIResourceList", "apiVersion": "v1",
        "groupVersion": kinds::api_version(group, version), "resources": all,
    });
    (!all.is_empty()).then_some(named)
}

/// A resource and its subresources, as APIResource.
fn plain(kind: &ResourceKind) -> Vec<Value> {
    let mut own = json!({
        "name": kind.plural, "singularName": kind.singular, "namespaced": kind.namespaced, "kind": kind.name,
        "verbs": kind.rights.verbs(),
    });
    if !kind.short.is_empty() {
        own["shortNames"] = json!(kind.short);
    }
    if !kind.categories.is_empty() {
        own["categories"] = json!(kind.categories);
    }
    let subresources = kind.subresources.iter().map(|subresource| {
        let (name, of_kind, verbs) = subresource_of(kind, subresource);
        let mut one = json!({
            "name": format!("{}/{name}", kind.plural), "singularName": "", "namespaced": kind.namespaced,
            "kind": of_kind, "verbs": verbs,
        });
        if of_kind == "Scale" {
            one["group"] = json!("autoscaling");
            one["version"] = json!("v1");
        }
        one
    });
    std::iter::once(own).chain(subresources).collect()
}

fn subresource_of<'a>(kind: &'a ResourceKind, subresource: &'a str) -> (&'a str, &'a str, &'static [&'static str]) {
    match subresource {
        "log" => (subresource, kind.name, &["get"]),
        "portforward" => (subresource, "PodPortForwardOptions", &["create", "get"]),
        "scale" => (subresource, "Scale", &["get", "patch", "update"]),
        _ => (subresource, kind.name, &["get", "patch", "update"]),
    }
}

fn aggregate(groups: &[(&str, &[&str])]) -> Value {
    let items: Vec<Value> = groups
        .iter()
        .map(|(group, versions)| {
            let versions: Vec<Value> = versions.iter().map(|version| aggregated_version(group, version)).collect();
            let metadata = if group.is_empty() { json!({}) } else { json!({"name": group}) };
            json!({"metadata": metadata, "versions": versions})
        })
        .collect();
    json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items})
}

fn aggregated_version(group: &str, version: &str) -> Value {
    let kind_of = |name: &str| json!({"group": "", "version": "", "kind": name});
    let resources: Vec<Value> = kinds::of(group, version)
        .map(|kind| {
            let subresources: Vec<Value> = kind
                .subresources
                .iter()
                .map(|subresource| {
                    let (name, of_kind, verbs) = subresource_of(kind, subresource);
                    let mut response = kind_of(of_kind);
                    if of_kind == "Scale" {
                        response = json!({"group": "autoscaling", "version": "v1", "kind": "Scale"});
                    }
                    json!({"subresource": name, "responseKind": response, "verbs": verbs})
                })
                .collect();
            let mut own = json!({
                "resource": kind.plural, "responseKind": kind_of(kind.name),
                "scope": if kind.namespaced { "Namespaced" } else { "Cluster" },
                "singularResource": kind.singular, "verbs": kind.rights.verbs(),
            });
            for (key, list) in [("shortNames", kind.short), ("categories", kind.categories)] {
                if !list.is_empty() {
                    own[key] = json!(list);
                }
            }
            if !subresources.is_empty() {
                own["subresources"] = json!(subresources);
            }
            own
        })
        .collect();
    json!({"version": version, "resources": resources, "freshness": "Current"})
}

/// `/openapi/v3` and the documents it lists. They have no schemas; they only declare `fieldValidation`, which `kubectl
/// apply` looks for.
pub fn openapi(rest: &[&str]) -> Option<Value> {
    let path_of = |group: &str, version: &str| match group {
        "" => format!("api/{version}"),
        group => format!("apis/{group}/{version}"),
    };
    if rest.is_empty() {
        let all = kinds::KINDS.iter().flat_map(|kind| kind.versions.iter().map(|version| path_of(kind.group, version)));
        let paths = all.map(|path| {
            let url = json!({"serverRelativeURL": format!("/openapi/v3/{path}?hash=LAB")});
            (path, url)
        });
        return Some(json!({"paths": paths.collect::<serde_json::Map<_, _>>()}));
    }
    let (group, version) = match rest {
        ["api", version] => ("", *version),
        ["apis", group, version] => (*group, *version),
        _ => return None,
    };
    let mut paths = serde_json::Map::new();
    for kind in kinds::of(group, version).filter(|kind| kind.rights == Rights::Full) {
        let within = if kind.namespaced { "namespaces/{namespace}/" } else { "" };
        let path = format!("/{}/{within}{}/{{name}}", path_of(group, version), kind.plural);
        let gvk = json!({"group": group, "version": version, "kind": kind.name});
        let checked = json!([{"name": "fieldValidation", "in": "query", "schema": {"type": "string"}}]);
        let operation = |action: &str| json!({"x-kubernetes-action": action, "x-kubernetes-group-version-kind": gvk, "parameters": checked});
        paths.insert(path, json!({"patch": operation("patch"), "put": operation("put")}));
    }
    let found = !paths.is_empty();
    let document = json!({
        "openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1.36.3"},
        "paths": paths, "components": {"schemas": {}},
    });
    found.then_some(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_resource_is_in_both_forms_of_discovery() {
        for kind in kinds::KINDS {
            for version in kind.versions {
                let all = resources(kind.group, version).unwrap().to_string();
                assert!(all.contains(&format!("\"name\":\"{}\"", kind.plural)), "{}", kind.plural);
            }
            assert!(!kind.name.is_empty() && !kind.singular.is_empty(), "{}", kind.plural);
        }
        let groups = answer(&["apis".into()], true).unwrap();
        assert_eq!(groups["items"].as_array().unwrap().len(), kinds::groups().len());
        assert_eq!(groups["items"][2]["versions"][0]["version"], "v2", "the preferred version comes first");
        assert_eq!(answer(&["apis".into(), "nothing".into()], false), None);
        assert_eq!(openapi(&["apis", "nothing", "v1"]), None);
    }
}
