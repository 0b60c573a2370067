//! Configuration file, environment and flags: which one wins, and the errors for wrong ones.

use edot_tui::config::{Env, Given, Origin, Settings, print, resolve, unknown_env};
use edot_tui::view::symbols::Symbols;
use std::path::{Path, PathBuf};
use std::time::Duration;

fn data(part: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/config").join(part);
    let mut all: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    all.sort();
    all
}

fn env(pairs: &[(&str, &str)]) -> Env {
    let home = [("HOME", "/home/nobody")];
    home.iter().chain(pairs).map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

fn flag(key: &'static str, value: &str) -> Given {
    Given { key, value: value.into(), origin: Origin::Flag }
}

fn from(text: &str) -> Settings {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    resolve(Vec::new(), Some(file.path().into()), &env(&[])).unwrap()
}

#[test]
fn nothing_given_means_the_lab() {
    let settings = resolve(Vec::new(), None, &env(&[])).unwrap();
    assert_eq!(
        (
            settings.namespace.as_str(),
            settings.hpa.as_str(),
            settings.load_namespace.as_str(),
            settings.load_job.as_str()
        ),
        ("observability-lab", "edot-gateway-hpa", "demo-app", "k6-load")
    );
    assert_eq!(settings.request_timeout, Duration::from_secs(10));
    assert_eq!((settings.color, settings.mouse, settings.readonly, settings.fps), (true, true, false, 10));
    assert_eq!(settings.log(), None);
    assert_eq!(settings.theme_dir, PathBuf::from("/home/nobody/.config/edot-tui/themes"));
    assert_eq!(settings.state_dir, PathBuf::from("/home/nobody/.local/state/edot-tui"));
}

#[test]
fn every_key_of_a_file_counts() {
    let file = data("good").into_iter().find(|p| p.ends_with("everything.toml")).unwrap();
    let s = resolve(Vec::new(), Some(file.clone()), &env(&[])).unwrap();
    assert_eq!(s.kubeconfig, Some("/home/nobody/clusters/one.yaml".into()));
    assert_eq!(s.load_manifest, Some(file.parent().unwrap().join("load/night.yaml")));
    assert_eq!(
        (s.context.as_deref(), s.impersonate.as_deref()),
        (Some("prod"), Some("system:serviceaccount:shop:watcher"))
    );
    assert_eq!((s.namespace.as_str(), s.hpa.as_str()), ("shop", "checkout.v2"));
    assert_eq!((s.load_namespace.as_str(), s.load_job.as_str()), ("shop-load", "k6-nightly"));
    assert_eq!(s.request_timeout, Duration::from_secs(90));
    assert_eq!((s.readonly, s.color, s.mouse, s.fps), (true, false, false, 30));
    assert_eq!((s.theme.as_str(), s.symbols), ("light", Symbols::Ascii));
    assert_eq!(s.log().unwrap().level, "debug");
    assert_eq!((s.es.url.as_deref(), s.es.user.as_deref()), (Some("https://es.example.com:9200"), Some("watcher")));
    assert_eq!(s.es.api_key_file, Some("/home/nobody/es.key".into()));
    assert_eq!((s.es.ca, s.es.off), (Some("/etc/ssl/es.pem".into()), true));
    assert_eq!(s.es.kibana.as_deref(), Some("https://kb.example.com"));
    assert_eq!(s.origins.len(), 23, "a key is missing in this test");
}

#[test]
fn the_table_of_keys_is_read_as_it_is_written() {
    let file = data("good").into_iter().find(|p| p.ends_with("keys.toml")).unwrap();
    let s = resolve(Vec::new(), Some(file.clone()), &env(&[])).unwrap();
    let chords = |action: &str| s.keys.get(action).map(|all| all.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(chords("quit"), Some(vec!["ctrl-q"]));
    assert_eq!(chords("pause"), Some(vec!["space", "p"]));
    assert_eq!(chords("odd name"), Some(vec![]));
    assert_eq!((s.keys.len(), s.fps), (3, 9));
    let printed = print(&s);
    assert!(printed.contains(&format!("\n[keys] # {}:3\n", file.display())), "{printed}");
    assert!(printed.contains("pause = [\"space\", \"p\"]\n"), "{printed}");
    assert!(from("").keys.is_empty());
}

#[test]
fn what_is_printed_gives_the_same_settings_again() {
    for file in data("good") {
        let first = resolve(Vec::new(), Some(file.clone()), &env(&[])).unwrap();
        let mut again = from(&print(&first));
        again.origins = first.origins.clone();
        again.config_file = first.config_file.clone();
        assert_eq!(again, first, "{}", file.display());
    }
}

#[test]
fn printed_values_name_their_origin() {
    let file = data("good").into_iter().find(|p| p.ends_with("seconds.toml")).unwrap();
    let env = env(&[("EDOT_TUI_FPS", "5"), ("NO_COLOR", "1")]);
    let text = print(&resolve(vec![flag("hpa", "mine")], Some(file.clone()), &env).unwrap());
    for line in [
        "hpa = \"mine\" # --hpa".to_owned(),
        "fps = 5 # EDOT_TUI_FPS".to_owned(),
        "no-color = true # NO_COLOR".to_owned(),
        "namespace = \"observability-lab\" # default".to_owned(),
        format!("request-timeout = \"20s\" # {}:1", file.display()),
        "# context is not set".to_owned(),
    ] {
        assert!(text.lines().any(|l| l == line), "{line}\nis not in\n{text}");
    }
}

#[test]
fn a_wrong_file_names_file_line_key_and_what_would_be_right() {
    let files = data("bad");
    assert!(files.len() > 10);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let want = text.lines().next().unwrap().strip_prefix("# error: ").unwrap();
        let error = resolve(Vec::new(), Some(file.clone()), &env(&[])).unwrap_err().to_string();
        let want = format!("{}{want}", file.display());
        assert!(error.starts_with(&want), "\ngot  {error}\nwant {want}");
        assert_eq!(error.lines().count(), 1);
    }
}

#[test]
fn a_flag_beats_the_environment_which_beats_the_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("edot-tui")).unwrap();
    std::fs::write(folder.path().join("edot-tui/config.toml"), "hpa = \"file\"\nnamespace = \"file\"\nfps = 7\n")
        .unwrap();
    let mut env = env(&[("EDOT_TUI_HPA", "env"), ("EDOT_TUI_NAMESPACE", "env")]);
    env.insert("XDG_CONFIG_HOME".into(), folder.path().display().to_string());
    let s = resolve(vec![flag("hpa", "first"), flag("hpa", "flag")], None, &env).unwrap();
    assert_eq!((s.hpa.as_str(), s.namespace.as_str(), s.fps), ("flag", "env", 7));
}

#[test]
fn a_flag_can_take_back_what_the_file_set() {
    let file = data("good").into_iter().find(|p| p.ends_with("everything.toml")).unwrap();
    let flags = vec![flag("readonly", "false"), flag("no-color", "false"), flag("log-level", "off")];
    let s = resolve(flags, Some(file), &env(&[])).unwrap();
    assert_eq!((s.readonly, s.color, s.log()), (false, true, None));
}

#[test]
fn wrong_values_name_the_flag_or_the_variable() {
    let error = |flags, env: &Env| resolve(flags, None, env).unwrap_err().to_string();
    assert_eq!(
        error(vec![flag("fps", "fast")], &env(&[])),
        "--fps: `fps` is \"fast\", but must be a whole number from 1 to 60"
    );
    assert!(error(Vec::new(), &env(&[("EDOT_TUI_READONLY", "maybe")])).starts_with("EDOT_TUI_READONLY: `readonly`"));
    assert!(error(Vec::new(), &env(&[("EDOT_TUI_CONFIG", "/no/such.toml")])).starts_with("/no/such.toml: cannot read"));
    assert!(error(Vec::new(), &env(&[("EDOT_TUI_CONFIG", "/")])).ends_with("must be a file"));
}

#[test]
fn empty_variables_count_as_not_set() {
    let env = env(&[("EDOT_TUI_HPA", ""), ("EDOT_TUI_CONFIG", ""), ("NO_COLOR", ""), ("XDG_STATE_HOME", "relative")]);
    let s = resolve(Vec::new(), None, &env).unwrap();
    assert_eq!((s.hpa.as_str(), s.color), ("edot-gateway-hpa", true));
    assert_eq!(s.state_dir, PathBuf::from("/home/nobody/.local/state/edot-tui"));
}

#[test]
fn a_log_is_kept_only_when_asked_for() {
    let log = |flags| resolve(flags, None, &env(&[])).unwrap().log();
    let by_level = log(vec![flag("log-level", "debug")]).unwrap();
    assert_eq!(by_level.file, PathBuf::from("/home/nobody/.local/state/edot-tui/edot-tui.log"));
    let by_file = log(vec![flag("log-file", "x.log")]).unwrap();
    assert_eq!((by_file.file, by_file.level.as_str()), (PathBuf::from("x.log"), "info"));
    assert_eq!(log(vec![flag("log-file", "x.log"), flag("log-level", "off")]), None);
}

#[test]
fn variables_that_only_look_like_ours_are_found() {
    let env = env(&[("EDOT_TUI_HPA", "x"), ("EDOT_TUI_CONFIG", "x"), ("EDOT_TUI_NAMESPCE", "x")]);
    assert_eq!(unknown_env(&env), ["EDOT_TUI_NAMESPCE (did you mean EDOT_TUI_NAMESPACE?)"]);
}
