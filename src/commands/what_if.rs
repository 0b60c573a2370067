//! `edot-tui what-if`: the controller's arithmetic over a recording, under other settings of the HPA.

use super::{PageFormat, args::LookFlags, text_target};
use crate::{
    config::Settings,
    decide::rerun::{self, Changes, Rule},
    error::{CommandError, SUCCESS},
    hpa::{Direction, Policy, SelectPolicy},
    offline::{format, reader},
    open,
    report::{self, text, what_if},
    stdio,
};
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct WhatIf {
    /// The recording; `-` reads standard input, es:ID a session of the store
    pub file: PathBuf,
    /// The format
    #[arg(short, long, value_name = "FORMAT", default_value = "text", value_enum, help_heading = "Output")]
    pub output: PageFormat,
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
    /// Another stabilization window for scaling up, seconds
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(i32).range(0..=3600), help_heading = "Changes")]
    scale_up_window: Option<i32>,
    /// Another stabilization window for scaling down, seconds
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(i32).range(0..=3600), help_heading = "Changes")]
    scale_down_window: Option<i32>,
    /// A policy in place of the direction's own, such as down=Pods:1/15; may be given several times
    #[arg(long, value_name = "DIRECTION=TYPE:VALUE/SECONDS", value_parser = Changes::policy, help_heading = "Changes")]
    policy: Vec<(Direction, Policy)>,
    /// Another selectPolicy, such as down=Min
    #[arg(long, value_name = "DIRECTION=POLICY", value_parser = Changes::select, help_heading = "Changes")]
    select: Vec<(Direction, SelectPolicy)>,
    #[command(flatten)]
    pub look: LookFlags,
}

impl WhatIf {
    /// All changes that were asked for.
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

/// Writes the recorded and the supposed run to stdout.
///
/// # Errors
/// The recording cannot be read, or a change does not fit it.
pub fn run(settings: &Settings, args: &WhatIf) -> Result<u8, CommandError> {
    let look = open::look(settings)?;
    let local = reader::local(settings, &args.file)?;
    let mut reader = reader::open(&local.path, None)?;
    let recorded = rerun::record(reader.by_ref());
    let origin = reader.origin();
    origin.damage.iter().for_each(|d| stdio::message(d));
    let supposed = rerun::simulate(&recorded, &args.changes()).map_err(CommandError::usage)?;
    let summary = what_if::summarize(&supposed, &recorded, origin.file);
    let (panels, axis) = what_if::panels(&supposed, &recorded);
    let text = match args.output {
        PageFormat::Json => format::json(&summary)?,
        PageFormat::Html => format::overlaid_html("edot-tui what-if", &what_if::document(&summary), &panels, &axis),
        PageFormat::Text => {
            let target = text_target(settings);
            let charts = report::text_chart::draw(&panels, &axis, target.width, target.colours, &look);
            text::plain(&what_if::document(&summary), target.width) + &charts
        }
    };
    stdio::data(&text).map(|()| SUCCESS)
}
