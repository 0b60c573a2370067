//! `edot-tui what-if`: the controller's arithmetic over a recording, under other settings of the HPA.

use super::{PageFormat, args::LookFlags, text_target};
use crate::{
    config::Settings,
    decide::rerun::{self, ChangeFlags},
    error::{CommandError, SUCCESS},
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
    #[command(flatten)]
    pub changes: ChangeFlags,
    #[command(flatten)]
    pub look: LookFlags,
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
    let supposed = rerun::simulate(&recorded, &args.changes.changes()).map_err(CommandError::usage)?;
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
