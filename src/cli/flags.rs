//! The flags that every observing command shares. Their values are checked in `config`, so that a wrong one reads the same
//! wherever it stands.

use crate::config::{Given, Origin, keys};
use clap::Args;
use clap::builder::PossibleValuesParser;
use std::path::PathBuf;

/// Flags that mirror the keys of the configuration.
#[derive(Debug, Args)]
pub struct Common {
    /// Kubeconfig file [default: $KUBECONFIG, ~/.kube/config, then the pod's service account]
    #[arg(long, value_name = "FILE", help_heading = "Cluster")]
    kubeconfig: Option<String>,
    /// Context of the kubeconfig [default: its current one]
    #[arg(long, value_name = "NAME", help_heading = "Cluster")]
    context: Option<String>,
    /// Namespace of the HPA [default: observability-lab]
    #[arg(short, long, value_name = "NAME", help_heading = "Cluster")]
    namespace: Option<String>,
    /// The HPA [default: edot-gateway-hpa]
    #[arg(long, value_name = "NAME", help_heading = "Cluster")]
    hpa: Option<String>,
    /// User to act as; needs the right to impersonate
    #[arg(long = "as", value_name = "USER", help_heading = "Cluster")]
    as_user: Option<String>,
    /// The longest that one request may take [default: 10s]
    #[arg(long, value_name = "DURATION", help_heading = "Cluster")]
    request_timeout: Option<String>,

    /// Namespace of the load [default: demo-app]
    #[arg(long, value_name = "NAME", help_heading = "Load")]
    load_namespace: Option<String>,
    /// The load's Job [default: k6-load]
    #[arg(long, value_name = "NAME", help_heading = "Load")]
    load_job: Option<String>,
    /// Your own manifest for the load (YAML: one Job, and what it needs) in place of the built-in one
    #[arg(long, value_name = "FILE", help_heading = "Load")]
    load_manifest: Option<String>,
    /// Change nothing in the cluster: takes the key `s` away
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true, help_heading = "Load")]
    readonly: Option<String>,

    /// Watch the embedded lab, a small cluster inside this process, whatever is configured
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true, help_heading = "Lab")]
    lab: Option<String>,
    /// What befalls the lab: a name of `edot-tui lab --list`, or a path to a .toml file [default: guide]
    #[arg(long, value_name = "NAME", help_heading = "Lab")]
    scenario: Option<String>,
    /// How much faster than real time the lab's runs, 0.1 to 100 [default: 1]
    #[arg(long, value_name = "X", help_heading = "Lab")]
    speed: Option<String>,
    /// Same seed, same course [default: the scenario's]
    #[arg(long, value_name = "N", help_heading = "Lab")]
    seed: Option<String>,
    /// Do not read the collectors' own metrics
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true, help_heading = "Collectors")]
    no_collector: Option<String>,
    /// Where a collector's metrics are: a port and path inside its pod, a Service's URL, or a URL in which {pod} is its name [default: 8888/metrics]
    #[arg(long, value_name = "WHERE", help_heading = "Collectors")]
    collector_metrics: Option<String>,
    /// Elasticsearch's address [default: ECK's in the HPA's namespace, through a port-forward]
    #[arg(long, value_name = "URL", help_heading = "Elasticsearch")]
    es_url: Option<String>,
    /// Its user, with the password in EDOT_TUI_ES_PASSWORD; for ECK also one of its own, such as elastic
    #[arg(long, value_name = "NAME", help_heading = "Elasticsearch")]
    es_user: Option<String>,
    /// File with an API key in its encoded form, in place of EDOT_TUI_ES_API_KEY
    #[arg(long, value_name = "FILE", help_heading = "Elasticsearch")]
    es_api_key_file: Option<String>,
    /// CA of its certificate (PEM), trusted besides the system's
    #[arg(long, value_name = "FILE", help_heading = "Elasticsearch")]
    es_ca: Option<String>,
    /// Kibana's address, for links into it [default: that of the Ingress before ECK's Kibana]
    #[arg(long, value_name = "URL", help_heading = "Elasticsearch")]
    kibana_url: Option<String>,
    /// Leave Elasticsearch out
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", help_heading = "Elasticsearch")]
    no_es: Option<String>,

    /// Theme: a built-in one, one of your themes folder, or a path to a .toml file [default: dark]
    #[arg(long, value_name = "NAME", help_heading = "Look")]
    theme: Option<String>,
    /// What charts are drawn with [default: braille]
    #[arg(long, value_name = "SET", value_parser = PossibleValuesParser::new(keys::SYMBOLS.iter().copied()), help_heading = "Look")]
    symbols: Option<String>,
    /// No colours (as NO_COLOR=1)
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", help_heading = "Look")]
    no_color: Option<String>,
    /// Leave the mouse to the terminal, so that text can be selected
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", help_heading = "Look")]
    no_mouse: Option<String>,
    /// Most frames a second, 1 to 60 [default: 10]
    #[arg(long, value_name = "N", help_heading = "Look")]
    fps: Option<String>,

    /// Configuration file [default: $XDG_CONFIG_HOME/edot-tui/config.toml]
    #[arg(long, value_name = "FILE", help_heading = "Files")]
    pub config: Option<PathBuf>,
    /// Log to this file; without it nothing is logged unless --log-level is given
    #[arg(long, value_name = "FILE", help_heading = "Files")]
    log_file: Option<String>,
    /// How much to log, to $XDG_STATE_HOME/edot-tui/edot-tui.log if no file is named
    #[arg(long, value_name = "LEVEL", value_parser = PossibleValuesParser::new(keys::LEVELS.iter().copied()), help_heading = "Files")]
    log_level: Option<String>,
    /// Your own expectations (TOML) in place of the guide's: what the Timeline and a verdict hold the run against
    #[arg(long, value_name = "FILE", help_heading = "Files")]
    expectations: Option<String>,
    /// Print the configuration in force as TOML, with the source of each value, and end
    #[arg(long, help_heading = "Files")]
    pub print_config: bool,
}

impl Common {
    /// What was typed, by key.
    pub fn given(&self) -> Vec<Given> {
        let all = [
            ("kubeconfig", &self.kubeconfig),
            ("context", &self.context),
            ("namespace", &self.namespace),
            ("hpa", &self.hpa),
            ("as", &self.as_user),
            ("request-timeout", &self.request_timeout),
            ("load-namespace", &self.load_namespace),
            ("load-job", &self.load_job),
            ("load-manifest", &self.load_manifest),
            ("readonly", &self.readonly),
            ("lab", &self.lab),
            ("scenario", &self.scenario),
            ("speed", &self.speed),
            ("seed", &self.seed),
            ("no-collector", &self.no_collector),
            ("collector-metrics", &self.collector_metrics),
            ("es-url", &self.es_url),
            ("es-user", &self.es_user),
            ("es-api-key-file", &self.es_api_key_file),
            ("es-ca", &self.es_ca),
            ("kibana-url", &self.kibana_url),
            ("no-es", &self.no_es),
            ("expectations", &self.expectations),
            ("theme", &self.theme),
            ("symbols", &self.symbols),
            ("no-color", &self.no_color),
            ("no-mouse", &self.no_mouse),
            ("fps", &self.fps),
            ("log-file", &self.log_file),
            ("log-level", &self.log_level),
        ];
        let one = |(key, value): (&'static str, &Option<String>)| {
            value.as_ref().map(|v| Given { key, value: v.clone(), origin: Origin::Flag })
        };
        all.into_iter().filter_map(one).collect()
    }
}
