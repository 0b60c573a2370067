//! `edot-tui compare`: two recordings side by side.

use super::{PageFormat, args::LookFlags, text_target};
use crate::{
    config::Settings,
    error::{CommandError, SUCCESS, VERDICT_FAILED},
    offline::{self, format, reader},
    open,
    report::{
        self,
        compare::Side,
        fail_if::{Condition, Held},
        text,
    },
    stdio, verdict,
};
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Compare {
    /// The first recording; es:ID is a session of the store
    pub a: PathBuf,
    /// The second recording
    pub b: PathBuf,
    /// The format
    #[arg(short, long, value_name = "FORMAT", default_value = "text", value_enum, help_heading = "Output")]
    pub output: PageFormat,
    /// Your own expectations (TOML) in place of the guide's
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub expectations: Option<PathBuf>,
    /// Exit with 4 where this holds, such as 'first_scale_up > +20%' (of the first), 'rescales > +2' or 'items_lost > 0'; may be
    /// given several times
    #[arg(long, value_name = "CONDITION", value_parser = Condition::parse, help_heading = "Output")]
    pub fail_if: Vec<Condition>,
    #[command(flatten)]
    pub look: LookFlags,
}

/// Writes the comparison to stdout, and the conditions that hold to stderr.
///
/// # Errors
/// One of the recordings, or the expectations, cannot be read.
pub fn run(settings: &Settings, args: &Compare) -> Result<u8, CommandError> {
    let look = open::look(settings)?;
    let expected = offline::expectations(args.expectations.as_deref().or(settings.expectations.as_deref()))?;
    let read = |path| reader::session(&reader::local(settings, path)?.path, None);
    let (session_a, session_b) = (read(&args.a)?.0, read(&args.b)?.0);
    let (verdict_a, verdict_b) = (verdict::run(&session_a, &expected), verdict::run(&session_b, &expected));
    let (name_a, name_b) = (args.a.display().to_string(), args.b.display().to_string());
    let a = Side { name: &name_a, session: &session_a, verdict: &verdict_a };
    let b = Side { name: &name_b, session: &session_b, verdict: &verdict_b };
    let compared = report::compare::compare(&a, &b);
    let held: Result<Vec<Held>, String> =
        args.fail_if.iter().map(|condition| condition.held(&compared.figures)).collect();
    let held = held.map_err(CommandError::usage)?;
    let text = match args.output {
        PageFormat::Json => format::json(&compared)?,
        PageFormat::Html => {
            let (panels, axis) = report::compare::overlaid(&a, &b);
            format::overlaid_html("edot-tui compare", &report::compare::document(&compared), &panels, &axis)
        }
        PageFormat::Text => {
            let target = text_target(settings);
            let (panels, axis) = report::compare::overlaid(&a, &b);
            let charts = report::text_chart::draw(&panels, &axis, target.width, target.colours, &look);
            text::plain(&report::compare::document(&compared), target.width) + &charts
        }
    };
    stdio::data(&text)?;
    for one in &held {
        match one {
            Held::No => {}
            Held::Yes(what) => stdio::message(&format!("failed: {what}")),
            Held::Unknown(what) => stdio::message(&format!("not decided: {what}")),
        }
    }
    Ok(if held.iter().any(|one| matches!(one, Held::Yes(_))) { VERDICT_FAILED } else { SUCCESS })
}
