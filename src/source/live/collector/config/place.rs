//! Where a collector's configuration is: the files that its arguments name, in the ConfigMaps that its pod mounts. This
//! finds the lab's as well as those of the OpenTelemetry operator. Must not read them.

use crate::source::live::convert;
use crate::source::live::discovered::ConfigFile;
use crate::source::live::wire::{Container, MappedFiles, PodSpec, VolumeMount};

/// The files of a container's configuration, in the order in which they are put together. Where no argument names any,
/// whatever the ConfigMaps of its volumes hold.
pub fn files(spec: &PodSpec, container: &str) -> Vec<ConfigFile> {
    let Some(container) = spec.containers.iter().find(|c| convert::name(&c.name) == container) else {
        return Vec::new();
    };
    let mounted: Vec<(&VolumeMount, &MappedFiles)> =
        container.volume_mounts.iter().flat_map(|mount| maps(spec, &mount.name).map(move |map| (mount, map))).collect();
    let named: Vec<ConfigFile> = arguments(container)
        .filter_map(|path| mounted.iter().find_map(|(mount, map)| file(path, mount, map)))
        .collect();
    match named.is_empty() {
        true => mounted.iter().map(|(_, map)| of(&map.name, "")).collect(),
        false => named,
    }
}

fn of(map: &str, key: &str) -> ConfigFile {
    ConfigFile { map: convert::name(map), key: convert::name(key) }
}

/// The ConfigMaps of a volume.
fn maps<'a>(spec: &'a PodSpec, volume: &str) -> impl Iterator<Item = &'a MappedFiles> {
    let volume = spec.volumes.iter().find(|v| v.name == volume);
    let projected = volume.and_then(|v| v.projected.as_ref()).into_iter().flat_map(|p| &p.sources);
    volume.and_then(|v| v.config_map.as_ref()).into_iter().chain(projected.filter_map(|s| s.config_map.as_ref()))
}

/// The paths after `--config`.
fn arguments(container: &Container) -> impl Iterator<Item = &str> {
    // A shell's line is one argument.
    let mut words = container.command.iter().chain(&container.args).flat_map(|a| a.split_whitespace());
    std::iter::from_fn(move || {
        loop {
            let word = words.next()?.trim_start_matches('-');
            let value = if word == "config" { words.next()? } else { word.strip_prefix("config=").unwrap_or_default() };
            let path = value.trim_matches(['"', '\'']);
            let path = path.strip_prefix("file:").unwrap_or(path);
            if path.starts_with('/') {
                return Some(path);
            }
        }
    })
}

/// The key that stands at `path`.
fn file(path: &str, mount: &VolumeMount, map: &MappedFiles) -> Option<ConfigFile> {
    let at = mount.mount_path.trim_end_matches('/');
    let inside = match mount.sub_path.as_str() {
        "" => path.strip_prefix(at)?.strip_prefix('/')?,
        whole if path == at => whole,
        folder => path.strip_prefix(at).filter(|rest| rest.starts_with('/')).map(|_| folder)?,
    };
    match map.items.is_empty() {
        true => Some(of(&map.name, inside)),
        false => map.items.iter().find(|i| i.path == inside).map(|i| of(&map.name, &i.key)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn found(container: Value, volumes: Value) -> Vec<(String, String)> {
        let mut container = container;
        container["name"] = json!("c");
        let spec: PodSpec = serde_json::from_value(json!({"containers": [container], "volumes": volumes})).unwrap();
        files(&spec, "c").into_iter().map(|f| (f.map, f.key)).collect()
    }

    fn mounts(path: &str) -> Value {
        json!([{"name": "config", "mountPath": path}])
    }

    #[test]
    fn the_argument_names_the_file() {
        let volumes = json!([{"name": "config", "configMap": {"name": "gw"}}, {"name": "other", "emptyDir": {}}]);
        let one = [("gw".to_owned(), "config.yaml".to_owned())];
        for args in [
            json!(["--config", "/etc/otel/config.yaml"]),
            json!(["--config=/etc/otel/config.yaml"]),
            json!(["otel", "--config=file:/etc/otel/config.yaml", "--config", "env:MORE"]),
            json!(["-c", "exec otelcol --config=\"/etc/otel/config.yaml\" 2>&1"]),
        ] {
            let container = json!({"args": args, "volumeMounts": mounts("/etc/otel/")});
            assert_eq!(found(container, volumes.clone()), one, "{args}");
        }
    }

    #[test]
    fn the_operators_files_have_other_names_than_their_keys() {
        let volumes = json!([{"name": "config", "configMap": {"name": "gateway-collector-4711",
            "items": [{"key": "collector.yaml", "path": "main.yaml"}]}}]);
        let container = json!({"args": ["--config=/conf/main.yaml"], "volumeMounts": mounts("/conf")});
        assert_eq!(found(container, volumes), [("gateway-collector-4711".into(), "collector.yaml".into())]);
    }

    #[test]
    fn without_an_argument_each_mounted_one_may_be_it() {
        let volumes = json!([{"name": "config", "projected": {"sources": [{"configMap": {"name": "a"}}, {"secret": {}},
            {"configMap": {"name": "b"}}]}}, {"name": "not-mounted", "configMap": {"name": "c"}}]);
        let container = json!({"args": ["otel"], "volumeMounts": mounts("/usr/share")});
        assert_eq!(found(container, volumes), [("a".into(), "".into()), ("b".into(), "".into())]);
        assert!(found(json!({}), json!(null)).is_empty());
    }

    #[test]
    fn a_sub_path_is_a_single_file() {
        let volumes = json!([{"name": "config", "configMap": {"name": "gw"}}]);
        let mount = json!([{"name": "config", "mountPath": "/otel.yml", "subPath": "gateway.yml"}]);
        let container = json!({"command": ["otelcol", "--config", "/otel.yml"], "volumeMounts": mount});
        assert_eq!(found(container, volumes), [("gw".into(), "gateway.yml".into())]);
    }
}
