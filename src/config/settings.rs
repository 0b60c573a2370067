//! The settings: one row each. Its flag, environment variable, key of the configuration file, help, check, default and line
//! in `--print-config` all come from that row. A new setting is a field and a row here, and the place that uses it.

use super::row::Fallback::{Described, Empty, Value};
use super::row::Group::{Cluster, Collectors, Elasticsearch, Files, Lab, Load, Look};
use super::row::{Field, Setting};
use super::{Log, Origin};
use crate::view::symbols::Symbols;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

/// What the program goes by, once flags, environment and file are resolved.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// None: `KUBECONFIG`, `~/.kube/config`, then the pod's own service account.
    pub kubeconfig: Option<PathBuf>,
    /// None: the kubeconfig's current context.
    pub context: Option<String>,
    pub namespace: String,
    pub hpa: String,
    /// Every HPA, of all namespaces.
    pub all_namespaces: bool,
    /// Every HPA of these contexts, separated by commas; `all` is all of them.
    pub contexts: Option<String>,
    /// Every HPA with these labels, as kubectl writes it.
    pub selector: Option<String>,
    /// The user to act as (`--as`).
    pub impersonate: Option<String>,
    /// The longest that one request may take; watches are exempt.
    pub request_timeout: Duration,
    pub load_namespace: String,
    pub load_job: String,
    /// The user's own manifest for the load.
    pub load_manifest: Option<PathBuf>,
    /// Change nothing in the cluster.
    pub readonly: bool,
    /// Watch the embedded lab, even where a cluster is configured.
    pub lab: bool,
    /// A shipped scenario's name, or a path that ends in `.toml`.
    pub scenario: String,
    /// How much faster than real time the lab runs.
    pub speed: f64,
    /// None: the scenario's own.
    pub seed: Option<u64>,
    /// The collectors' own metrics are not read.
    pub no_collector: bool,
    /// Where those are: a port and path inside each pod, or a URL; None for 8888/metrics.
    pub collector_metrics: Option<String>,
    /// Which Elasticsearch; its secrets are read where they are used.
    pub es: Es,
    /// Which Elasticsearch keeps sessions; where it has no address, `es`.
    pub store: Es,
    /// A built-in theme's name, one in [`Settings::theme_dir`], or a path that ends in `.toml`.
    pub theme: String,
    pub symbols: Symbols,
    pub color: bool,
    pub mouse: bool,
    /// Most frames a second.
    pub fps: u16,
    /// As it was given; see [`Settings::log`].
    pub log_file: Option<PathBuf>,
    /// As it was given; see [`Settings::log`].
    pub log_level: Option<String>,
    /// Nothing is kept over restarts.
    pub no_state: bool,
    /// What a run is compared with; None: the guide's timeline.
    pub expectations: Option<PathBuf>,
    /// The file's `[keys]`: an action's name and the key chords that trigger it, not yet interpreted.
    pub keys: BTreeMap<String, Vec<String>>,
    /// The user's own themes; need not exist.
    pub theme_dir: PathBuf,
    /// Logs and recordings; need not exist.
    pub state_dir: PathBuf,
    /// The configuration file that was read.
    pub config_file: Option<PathBuf>,
    /// Where each value came from, by key; a key that is missing has its default.
    pub origins: BTreeMap<&'static str, Origin>,
}

/// Which Elasticsearch, as which user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Es {
    pub off: bool,
    /// None: found in the cluster.
    pub url: Option<String>,
    pub user: Option<String>,
    pub api_key_file: Option<PathBuf>,
    /// Certificates in PEM, trusted besides the system's.
    pub ca: Option<PathBuf>,
    pub kibana: Option<String>,
}

/// All settings, in the order of the help and of `--print-config`.
pub static SETTINGS: &[Setting] = &[
    Setting {
        key: "kubeconfig",
        group: Cluster,
        placeholder: "FILE",
        field: Field::File(|s| &mut s.kubeconfig),
        default: Described("$KUBECONFIG, ~/.kube/config, then the pod's service account"),
        help: "Kubeconfig file",
    },
    Setting {
        key: "context",
        group: Cluster,
        placeholder: "NAME",
        field: Field::Text(|s| &mut s.context),
        default: Described("its current one"),
        help: "Context of the kubeconfig",
    },
    Setting {
        key: "namespace",
        group: Cluster,
        placeholder: "NAME",
        field: Field::Name(63, |s| &mut s.namespace),
        default: Value("observability-lab"),
        help: "Namespace of the HPA",
    },
    Setting {
        key: "hpa",
        group: Cluster,
        placeholder: "NAME",
        field: Field::Name(253, |s| &mut s.hpa),
        default: Value("edot-gateway-hpa"),
        help: "The HPA",
    },
    Setting {
        key: "all-namespaces",
        group: Cluster,
        placeholder: "BOOL",
        field: Field::On(|s| &mut s.all_namespaces),
        default: Value("false"),
        help: "Every HPA, of all namespaces; with -n those of one (dashboard, status)",
    },
    Setting {
        key: "contexts",
        group: Cluster,
        placeholder: "LIST",
        field: Field::Text(|s| &mut s.contexts),
        default: Empty,
        help: "Every HPA of these contexts, such as `prod-eu,prod-us`; `all` is all of the kubeconfig's",
    },
    Setting {
        key: "selector",
        group: Cluster,
        placeholder: "LABELS",
        field: Field::Text(|s| &mut s.selector),
        default: Empty,
        help: "Every HPA with these labels, such as `tier=gateway,env in (dev,prod)`",
    },
    Setting {
        key: "as",
        group: Cluster,
        placeholder: "USER",
        field: Field::Text(|s| &mut s.impersonate),
        default: Empty,
        help: "User to act as; needs the right to impersonate",
    },
    Setting {
        key: "request-timeout",
        group: Cluster,
        placeholder: "DURATION",
        field: Field::Timeout(|s| &mut s.request_timeout),
        default: Value("10s"),
        help: "The longest that one request may take",
    },
    Setting {
        key: "load-namespace",
        group: Load,
        placeholder: "NAME",
        field: Field::Name(63, |s| &mut s.load_namespace),
        default: Value("demo-app"),
        help: "Namespace of the load",
    },
    Setting {
        key: "load-job",
        group: Load,
        placeholder: "NAME",
        field: Field::Name(63, |s| &mut s.load_job),
        default: Value("k6-load"),
        help: "The load's Job",
    },
    Setting {
        key: "load-manifest",
        group: Load,
        placeholder: "FILE",
        field: Field::File(|s| &mut s.load_manifest),
        default: Empty,
        help: "Your own manifest for the load (YAML: one Job, and what it needs) in place of the built-in one",
    },
    Setting {
        key: "readonly",
        group: Load,
        placeholder: "BOOL",
        field: Field::On(|s| &mut s.readonly),
        default: Value("false"),
        help: "Change nothing in the cluster: disables the key `s`",
    },
    Setting {
        key: "lab",
        group: Lab,
        placeholder: "BOOL",
        field: Field::On(|s| &mut s.lab),
        default: Value("false"),
        help: "Watch the embedded lab, a small cluster inside this process, even where a cluster is configured",
    },
    Setting {
        key: "scenario",
        group: Lab,
        placeholder: "NAME",
        field: Field::NameOrFile(|s| &mut s.scenario),
        default: Value("guide"),
        help: "What happens in the lab: a name of `edot-tui lab --list`, or a path to a .toml file",
    },
    Setting {
        key: "speed",
        group: Lab,
        placeholder: "X",
        field: Field::Factor(0.1, 100.0, |s| &mut s.speed),
        default: Value("1"),
        help: "How much faster than real time the lab runs, 0.1 to 100",
    },
    Setting {
        key: "seed",
        group: Lab,
        placeholder: "N",
        field: Field::Whole(|s| &mut s.seed),
        default: Described("the scenario's"),
        help: "Seed of the lab's random numbers: the same seed gives the same run",
    },
    Setting {
        key: "no-collector",
        group: Collectors,
        placeholder: "BOOL",
        field: Field::On(|s| &mut s.no_collector),
        default: Value("false"),
        help: "Do not read the collectors' own metrics",
    },
    Setting {
        key: "collector-metrics",
        group: Collectors,
        placeholder: "WHERE",
        field: Field::Place(|s| &mut s.collector_metrics),
        default: Described("8888/metrics"),
        help: "Where a collector's metrics are: a port and path inside its pod, a Service's URL, or a URL in which {pod} is its name",
    },
    Setting {
        key: "es-url",
        group: Elasticsearch,
        placeholder: "URL",
        field: Field::Url(|s| &mut s.es.url),
        default: Described("ECK's in the HPA's namespace, through a port-forward"),
        help: "Elasticsearch's address",
    },
    Setting {
        key: "es-user",
        group: Elasticsearch,
        placeholder: "NAME",
        field: Field::Text(|s| &mut s.es.user),
        default: Empty,
        help: "Its user, with the password in EDOT_TUI_ES_PASSWORD; for ECK also one of its own, such as elastic",
    },
    Setting {
        key: "es-api-key-file",
        group: Elasticsearch,
        placeholder: "FILE",
        field: Field::File(|s| &mut s.es.api_key_file),
        default: Empty,
        help: "File with an API key in its encoded form, in place of EDOT_TUI_ES_API_KEY",
    },
    Setting {
        key: "es-ca",
        group: Elasticsearch,
        placeholder: "FILE",
        field: Field::File(|s| &mut s.es.ca),
        default: Empty,
        help: "CA of its certificate (PEM), trusted besides the system's",
    },
    Setting {
        key: "kibana-url",
        group: Elasticsearch,
        placeholder: "URL",
        field: Field::Url(|s| &mut s.es.kibana),
        default: Described("that of the Ingress before ECK's Kibana"),
        help: "Kibana's address, for links into it",
    },
    Setting {
        key: "no-es",
        group: Elasticsearch,
        placeholder: "BOOL",
        field: Field::On(|s| &mut s.es.off),
        default: Value("false"),
        help: "Leave Elasticsearch out",
    },
    Setting {
        key: "store-url",
        group: Elasticsearch,
        placeholder: "URL",
        field: Field::Url(|s| &mut s.store.url),
        default: Described("that of --es-url"),
        help: "Elasticsearch that keeps sessions: `sessions`, `--store`, and recordings named es:ID",
    },
    Setting {
        key: "store-user",
        group: Elasticsearch,
        placeholder: "NAME",
        field: Field::Text(|s| &mut s.store.user),
        default: Empty,
        help: "Its user, with the password in EDOT_TUI_STORE_PASSWORD",
    },
    Setting {
        key: "store-api-key-file",
        group: Elasticsearch,
        placeholder: "FILE",
        field: Field::File(|s| &mut s.store.api_key_file),
        default: Empty,
        help: "File with an API key in its encoded form, in place of EDOT_TUI_STORE_API_KEY",
    },
    Setting {
        key: "store-ca",
        group: Elasticsearch,
        placeholder: "FILE",
        field: Field::File(|s| &mut s.store.ca),
        default: Empty,
        help: "CA of its certificate (PEM), trusted besides the system's",
    },
    Setting {
        key: "theme",
        group: Look,
        placeholder: "NAME",
        field: Field::NameOrFile(|s| &mut s.theme),
        default: Value("dark"),
        help: "Theme: a built-in one, one of your themes folder, or a path to a .toml file",
    },
    Setting {
        key: "symbols",
        group: Look,
        placeholder: "SET",
        field: Field::Symbols(|s| &mut s.symbols),
        default: Described("what the locale and TERM can show"),
        help: "What charts are drawn with",
    },
    Setting {
        key: "no-color",
        group: Look,
        placeholder: "BOOL",
        field: Field::Off(|s| &mut s.color),
        default: Value("false"),
        help: "No colours (as NO_COLOR=1)",
    },
    Setting {
        key: "no-mouse",
        group: Look,
        placeholder: "BOOL",
        field: Field::Off(|s| &mut s.mouse),
        default: Value("false"),
        help: "Leave the mouse to the terminal, so that text can be selected",
    },
    Setting {
        key: "fps",
        group: Look,
        placeholder: "N",
        field: Field::Number(1, 60, |s| &mut s.fps),
        default: Value("10"),
        help: "Most frames a second, 1 to 60",
    },
    Setting {
        key: "log-file",
        group: Files,
        placeholder: "FILE",
        field: Field::File(|s| &mut s.log_file),
        default: Empty,
        help: "Log to this file; without it nothing is logged unless --log-level is given",
    },
    Setting {
        key: "log-level",
        group: Files,
        placeholder: "LEVEL",
        field: Field::Level(|s| &mut s.log_level),
        default: Empty,
        help: "How much to log, to $XDG_STATE_HOME/edot-tui/edot-tui.log if no file is named",
    },
    Setting {
        key: "no-state",
        group: Files,
        placeholder: "BOOL",
        field: Field::On(|s| &mut s.no_state),
        default: Value("false"),
        help: "Do not keep theme, y axis and zoom over restarts",
    },
    Setting {
        key: "expectations",
        group: Files,
        placeholder: "FILE",
        field: Field::File(|s| &mut s.expectations),
        default: Empty,
        help: "Your own expectations (TOML) in place of the guide's: what the Timeline and the verdict compare the run with",
    },
];

/// The setting of that key.
pub fn find(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|s| s.key == key)
}

impl Settings {
    /// Whether a value was given anywhere, in place of the default.
    pub fn is_given(&self, key: &str) -> bool {
        self.origins.contains_key(key)
    }

    /// Whether a value was given as a flag.
    pub fn is_flag(&self, key: &str) -> bool {
        self.origins.get(key) == Some(&Origin::Flag)
    }

    /// A setting's value as it would be typed.
    pub fn text(&self, key: &str) -> Option<String> {
        find(key)?.text(self)
    }

    /// Takes the default again, as if nothing had been given.
    pub fn reset(&mut self, setting: &Setting) {
        self.origins.remove(setting.key);
        if let Value(text) = setting.default {
            // That all defaults are good is held by a test.
            let _ = setting.set(self, text, &|text| PathBuf::from(text));
        }
    }

    /// The same, for the embedded lab.
    pub fn in_lab(&self) -> Settings {
        let mut settings = Settings { lab: true, ..self.clone() };
        settings.origins.insert("lab", Origin::Flag);
        settings
    }

    /// Where to log and how much; None unless a file or a level was asked for.
    pub fn log(&self) -> Option<Log> {
        let level = self.log_level.as_deref();
        if level == Some("off") || (level.is_none() && self.log_file.is_none()) {
            return None;
        }
        let file = self.log_file.clone().unwrap_or_else(|| self.state_dir.join(Path::new("edot-tui.log")));
        Some(Log { file, level: level.unwrap_or("info").to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_a_good_value_and_every_field_is_reached_by_one_row() {
        for (i, setting) in SETTINGS.iter().enumerate() {
            let mut settings = Settings::default();
            if let Value(text) = setting.default {
                setting.set(&mut settings, text, &|text| text.into()).unwrap();
                assert_eq!(setting.text(&settings).as_deref(), Some(text), "{}", setting.key);
            }
            assert!(!SETTINGS[..i].iter().any(|other| other.key == setting.key), "{} is there twice", setting.key);
        }
    }

    #[test]
    fn no_two_rows_share_a_field() {
        let values = |s: &Settings| SETTINGS.iter().map(|row| row.text(s)).collect::<Vec<_>>();
        let mut base = Settings::default();
        SETTINGS.iter().for_each(|row| base.reset(row));
        let before = values(&base);
        for (i, row) in SETTINGS.iter().enumerate() {
            let text = match &row.field {
                Field::On(_) | Field::Off(_) => "true",
                Field::Number(..) | Field::Whole(_) | Field::Factor(..) => "7",
                Field::Timeout(_) => "7s",
                Field::Symbols(_) => "ascii",
                Field::Level(_) => "warn",
                Field::Url(_) => "http://seven",
                _ => "seven",
            };
            let mut changed = base.clone();
            row.set(&mut changed, text, &|text| text.into()).unwrap();
            let after = values(&changed);
            let moved: Vec<usize> = (0..SETTINGS.len()).filter(|at| before[*at] != after[*at]).collect();
            assert_eq!(moved, [i], "{}", row.key);
        }
    }
}
