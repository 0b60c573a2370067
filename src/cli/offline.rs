//! What was typed for the commands over recordings: report, compare, what-if.

use super::{SCREENS, size, words};
use crate::config::{Given, Origin, keys};
use crate::hpa::{Direction, Policy, SelectPolicy};
use crate::offline::{At, Form};
use crate::report::schema::Schema;
use crate::report::what_if::{Changes, Rule};
use clap::Args;
use clap::builder::PossibleValuesParser;
use std::path::PathBuf;
use std::time::Duration;

/// Flags of what is drawn.
#[derive(Debug, Args)]
pub struct Looks {
    /// Theme: a built-in one, one of your themes folder, or a path to a .toml file [default: dark]
    #[arg(long, value_name = "NAME", help_heading = "Look")]
    theme: Option<String>,
    /// What charts are drawn with [default: braille]
    #[arg(long, value_name = "SET", value_parser = PossibleValuesParser::new(keys::SYMBOLS.iter().copied()), help_heading = "Look")]
    symbols: Option<String>,
    /// No colours (as NO_COLOR=1)
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", help_heading = "Look")]
    no_color: Option<String>,
}

impl Looks {
    /// What was typed, by key.
    pub fn given(&self) -> Vec<Given> {
        let all = [("theme", &self.theme), ("symbols", &self.symbols), ("no-color", &self.no_color)];
        let one = |(key, value): (&'static str, &Option<String>)| {
            value.as_ref().map(|v| Given { key, value: v.clone(), origin: Origin::Flag })
        };
        all.into_iter().filter_map(one).collect()
    }
}

/// `report`.
#[derive(Debug, Args)]
#[command(long_about = words::REPORT, after_help = words::REPORT_AFTER, after_long_help = words::with_schema(words::REPORT_AFTER, Schema::Report))]
pub struct Report {
    /// The recording; `-` reads standard input
    pub file: PathBuf,
    /// The form
    #[arg(short, long, value_name = "FORMAT", default_value = "text", value_parser = PossibleValuesParser::new(Form::NAMES), help_heading = "Output")]
    pub output: String,
    /// Your own expectations (TOML) in place of the guide's
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub expectations: Option<PathBuf>,
    /// Only what was known at this moment: after the recording's beginning (4:12, 90s), or a time (RFC 3339)
    #[arg(long, value_name = "MOMENT", value_parser = At::read, help_heading = "Output")]
    pub at: Option<At>,
    /// With -o svg and cast: columns and rows
    #[arg(long, value_name = "COLSxROWS", default_value = "120x36", value_parser = size, help_heading = "Output")]
    pub size: (u16, u16),
    /// With -o svg and cast: the screen
    #[arg(long, value_name = "SCREEN", default_value = "overview", value_parser = PossibleValuesParser::new(SCREENS), help_heading = "Output")]
    pub screen: String,
    /// With -o svg and cast: how much time the charts show [default: 5m]
    #[arg(long, value_name = "DURATION", value_parser = super::wait, help_heading = "Output")]
    pub span: Option<Duration>,
    /// With -o cast: how many times faster than it was, 0.25 to 1000
    #[arg(long, value_name = "TIMES", default_value = "16", value_parser = speed, help_heading = "Output")]
    pub speed: f64,
    #[command(flatten)]
    pub looks: Looks,
}

/// `compare`.
#[derive(Debug, Args)]
#[command(long_about = words::COMPARE, after_long_help = words::with_schema("", Schema::Compare))]
pub struct Compare {
    /// The first recording
    pub a: PathBuf,
    /// The second recording
    pub b: PathBuf,
    /// The form
    #[arg(short, long, value_name = "FORMAT", default_value = "text", value_parser = PossibleValuesParser::new(["text", "json", "html"]), help_heading = "Output")]
    pub output: String,
    /// Your own expectations (TOML) in place of the guide's
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub expectations: Option<PathBuf>,
    #[command(flatten)]
    pub looks: Looks,
}

/// `what-if`.
#[derive(Debug, Args)]
#[command(long_about = words::WHAT_IF, after_help = words::WHAT_IF_AFTER, after_long_help = words::with_schema(words::WHAT_IF_AFTER, Schema::WhatIf))]
pub struct WhatIf {
    /// The recording; `-` reads standard input
    pub file: PathBuf,
    /// The form
    #[arg(short, long, value_name = "FORMAT", default_value = "text", value_parser = PossibleValuesParser::new(["text", "json", "html"]), help_heading = "Output")]
    pub output: String,
    /// Another target: percent of request, or a quantity
    #[arg(long, value_name = "METRIC=VALUE", value_parser = Changes::pair, help_heading = "Changes")]
    target: Vec<(String, String)>,
    /// Without this metric
    #[arg(long, value_name = "METRIC", help_heading = "Changes")]
    drop: Vec<String>,
    /// Another minReplicas
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(0..=100_000), help_heading = "Changes")]
    min: Option<i32>,
    /// Another maxReplicas
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..=100_000), help_heading = "Changes")]
    max: Option<i32>,
    /// Another request of a pod
    #[arg(long, value_name = "RESOURCE=QUANTITY", value_parser = Changes::request, help_heading = "Changes")]
    request: Vec<(String, i64)>,
    /// Another stabilization window on the way up, seconds
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(i32).range(0..=3600), help_heading = "Changes")]
    scale_up_window: Option<i32>,
    /// Another stabilization window on the way down, seconds
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(i32).range(0..=3600), help_heading = "Changes")]
    scale_down_window: Option<i32>,
    /// A policy in place of the direction's own, such as down=Pods:1/15; may be given several times
    #[arg(long, value_name = "DIRECTION=TYPE:VALUE/SECONDS", value_parser = Changes::policy, help_heading = "Changes")]
    policy: Vec<(Direction, Policy)>,
    /// Another selectPolicy, such as down=Min
    #[arg(long, value_name = "DIRECTION=POLICY", value_parser = Changes::select, help_heading = "Changes")]
    select: Vec<(Direction, SelectPolicy)>,
    #[command(flatten)]
    pub looks: Looks,
}

impl WhatIf {
    /// Everything that is to be otherwise.
    pub fn changes(&self) -> Changes {
        let rule = |direction, window_s| Rule {
            window_s,
            policies: self.policy.iter().filter(|p| p.0 == direction).map(|p| p.1).collect(),
            select: self.select.iter().rfind(|s| s.0 == direction).map(|s| s.1),
        };
        Changes {
            targets: self.target.clone(),
            drop: self.drop.clone(),
            min: self.min,
            max: self.max,
            requests: self.request.clone(),
            up: rule(Direction::Up, self.scale_up_window),
            down: rule(Direction::Down, self.scale_down_window),
        }
    }
}

fn speed(text: &str) -> Result<f64, String> {
    let speed = text.trim_end_matches('x').parse::<f64>().ok().filter(|s| (0.25..=1000.0).contains(s));
    speed.ok_or_else(|| "a factor from 0.25 to 1000, such as 16".into())
}
