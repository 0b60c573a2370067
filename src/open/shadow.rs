//! From files and lines of text to shadows. Must not run them.

use crate::{
    decide::{rerun::Changes, shadow},
    error::CommandError,
    observe::{HpaSeen, ShadowSeen, text::clean},
    source::live::{convert, wire},
};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The longest file that is read, bytes.
const LONGEST: u64 = 1_000_000;

/// The shadows of a command line: one of the changes, or one of each HPA in the files.
///
/// # Errors
/// Names the file, the object and the field; there is no shadow, or there are too many.
pub fn given(files: &[PathBuf], changes: &Changes) -> Result<Vec<ShadowSeen>, CommandError> {
    let hint = "give a spec with -f hpa.yaml, or changes such as --target cpu=60 --max 8";
    if !changes.is_none() {
        return Ok(vec![ShadowSeen { flags: changes.flags(), ..ShadowSeen::default() }]);
    }
    if files.is_empty() {
        return Err(CommandError::usage("there is nothing to run beside the HPA").hint(hint));
    }
    let mut all = Vec::new();
    for file in files {
        all.extend(read(file).map_err(CommandError::usage)?);
    }
    few(all).map_err(CommandError::usage)
}

/// The shadows of a line: flags of `what-if`, or `-f FILE`; several are separated by `;`. A file of the `present` shadows is not
/// read again.
///
/// # Errors
/// Which part is wrong, and how.
pub fn parse(line: &str, present: &[ShadowSeen]) -> Result<Vec<ShadowSeen>, String> {
    let mut all: Vec<ShadowSeen> = Vec::new();
    for part in line.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        match part.strip_prefix("-f ").map(str::trim) {
            Some(file) => match present.iter().find(|shadow| shadow.spec.is_some() && shadow.file == file) {
                Some(known) => all.push(known.clone()),
                None => all.extend(read(Path::new(file))?),
            },
            None => all.push(ShadowSeen { flags: Changes::of_flags(part)?.flags(), ..ShadowSeen::default() }),
        }
    }
    few(all)
}

/// The line that [`parse`] reads as these shadows.
pub fn line(shadows: &[ShadowSeen]) -> String {
    shadows.iter().map(ShadowSeen::part).collect::<Vec<_>>().join("; ")
}

fn few(all: Vec<ShadowSeen>) -> Result<Vec<ShadowSeen>, String> {
    match all.len() {
        n if n > shadow::MOST => Err(format!("there are {n} shadows; at most {} run at once", shadow::MOST)),
        _ => Ok(all),
    }
}

/// Every HPA of a file with one or several YAML (or JSON) documents; `-` is standard input.
pub fn read(file: &Path) -> Result<Vec<ShadowSeen>, String> {
    let standard = file == Path::new("-");
    let name = if standard { "stdin".to_owned() } else { clean(&file.display().to_string(), 200) };
    let io = |e: std::io::Error| format!("{name}: {e}");
    let text = if standard {
        std::io::read_to_string(std::io::stdin()).map_err(io)?
    } else {
        if std::fs::metadata(file).map_err(io)?.len() > LONGEST {
            return Err(format!("{name}: it is longer than 1 MB, so that it is hardly an HPA"));
        }
        std::fs::read_to_string(file).map_err(io)?
    };
    let options = serde_saphyr::options! { with_snippet: false };
    let documents: Vec<Value> = serde_saphyr::from_multiple_with_options(&text, options)
        .map_err(|e| format!("{name}: not valid YAML: {}", clean(&e.to_string(), 300)))?;
    let mut out: Vec<ShadowSeen> = Vec::new();
    for object in documents.into_iter().flat_map(objects) {
        if object.get("kind").and_then(Value::as_str) != Some("HorizontalPodAutoscaler") {
            continue;
        }
        let seen = hpa(object).map_err(|e| format!("{name}: {e}"))?;
        out.push(ShadowSeen { spec: Some(Box::new(seen)), ..ShadowSeen::default() });
    }
    if out.is_empty() {
        return Err(format!("{name}: there is no HorizontalPodAutoscaler in it"));
    }
    for (i, shadow) in out.iter_mut().enumerate() {
        shadow.file = if i == 0 { name.clone() } else { format!("{name}#{}", i + 1) };
        shadow::changes(shadow).map_err(|e| {
            let of = shadow.spec.as_ref().map_or("", |spec| spec.name.as_str());
            format!("{name}: HorizontalPodAutoscaler {of}: {e}")
        })?;
    }
    Ok(out)
}

/// The objects of a document: its own, or those of a List.
fn objects(mut document: Value) -> Vec<Value> {
    match document.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) => items,
        _ => vec![document],
    }
}

fn hpa(object: Value) -> Result<HpaSeen, String> {
    let version = object.get("apiVersion").and_then(Value::as_str).unwrap_or_default().to_owned();
    if version != "autoscaling/v2" {
        let version = clean(&version, 60);
        return Err(format!(
            "apiVersion {version:?} is not autoscaling/v2; kubectl get hpa.v2.autoscaling NAME -o yaml prints that"
        ));
    }
    let wire: wire::Hpa = serde_json::from_value(object).map_err(|e| clean(&e.to_string(), 200))?;
    let seen = convert::hpa(&wire);
    // What it is about and where it comes from is of no matter to a shadow.
    Ok(HpaSeen {
        uid: String::new(),
        resource_version: String::new(),
        created: None,
        status: Default::default(),
        ..seen
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HPA: &str = "apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: gateway}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: gateway}
  maxReplicas: 8
  metrics:
  - type: Resource
    resource: {name: cpu, target: {type: Utilization, averageUtilization: 60}}
";

    fn file(folder: &tempfile::TempDir, name: &str, text: &str) -> String {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    #[test]
    fn a_file_may_hold_several_hpas_and_other_objects() {
        let folder = tempfile::tempdir().unwrap();
        let other = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n";
        let text = format!("{HPA}---\n{other}---\n{}", HPA.replace("maxReplicas: 8", "maxReplicas: 5"));
        let path = file(&folder, "all.yaml", &text);
        let all = parse(&format!("-f {path}; --max 3"), &[]).unwrap();
        let names: Vec<&str> = all.iter().map(ShadowSeen::name).collect();
        assert_eq!(names, [path.as_str(), &format!("{path}#2"), "--max 3"]);
        let max: Vec<i32> = all.iter().filter_map(|s| s.spec.as_ref()).map(|spec| spec.max_replicas).collect();
        assert_eq!(max, [8, 5]);
        // Its line gives the same again, without the file.
        std::fs::remove_file(&path).unwrap();
        assert_eq!(parse(&line(&all), &all), Ok(all.clone()));
        assert_eq!(parse("; --max 3 ;", &all).unwrap().len(), 1);
        assert_eq!(parse(" ", &all), Ok(Vec::new()));
        let list = format!("apiVersion: v1\nkind: List\nitems:\n- {}", HPA.trim_end().replace('\n', "\n  "));
        assert_eq!(parse(&format!("-f {}", file(&folder, "list.yaml", &list)), &[]).unwrap().len(), 1);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        for (text, says) in [
            ("kind: [", "not valid YAML"),
            ("", "there is no HorizontalPodAutoscaler in it"),
            (&HPA.replace("autoscaling/v2", "autoscaling/v1"), "apiVersion \"autoscaling/v1\" is not autoscaling/v2"),
            (
                &HPA.replace("maxReplicas: 8", ""),
                "HorizontalPodAutoscaler gateway: spec.maxReplicas is 0; it is at least 1",
            ),
            (&HPA.replace("maxReplicas: 8", "maxReplicas: many"), "invalid type"),
            (
                &HPA.replace("averageUtilization: 60", "averageUtilisation: 60"),
                "spec.metrics[0]: the target is not positive",
            ),
            (
                &HPA.replace("  maxReplicas: 8", "  maxReplicas: 2\n  minReplicas: 3"),
                "spec.maxReplicas 2 is below spec.minReplicas 3",
            ),
            (&HPA[..HPA.find("  metrics").unwrap()], "spec.metrics is empty"),
        ] {
            let error = parse(&format!("-f {}", file(&folder, "x.yaml", text)), &[]).unwrap_err();
            assert!(error.contains("x.yaml: ") && error.contains(says), "{error}");
        }
        assert!(parse("-f /nowhere/x.yaml", &[]).unwrap_err().contains("/nowhere/x.yaml: "));
        assert!(parse("--max 1; --max 2; --max 3; --max 4; --max 5", &[]).unwrap_err().contains("at most 4"));
        assert!(given(&[], &Changes::default()).unwrap_err().to_string().contains("nothing to run beside the HPA"));
    }
}
