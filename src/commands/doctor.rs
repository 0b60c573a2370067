//! `edot-tui doctor`: checks configuration, access, metrics and the HPA.

use super::{args::SettingFlags, block_on};
use crate::{
    config::{self, Settings},
    doctor::{self, check::exit_code, print},
    error::CommandError,
    stdio,
    view::symbols::Symbols,
};
use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub struct Doctor {
    /// What to print
    #[arg(short, long, value_name = "FORMAT", default_value = "text", value_enum, help_heading = "Output")]
    pub output: DoctorFormat,
    /// Check what the guide, Elastic and OpenTelemetry advise for production, too
    #[arg(long, help_heading = "Checks")]
    pub production: bool,
    #[command(flatten)]
    pub settings: SettingFlags,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DoctorFormat {
    Text,
    Json,
}

/// Makes all checks and prints them; the exit code is that of the worst.
///
/// # Errors
/// stdout cannot be written.
pub fn run(settings: &Settings, args: &Doctor) -> Result<u8, CommandError> {
    let checks = block_on(async { Ok(doctor::examine(settings, &config::environment(), args.production).await) })?;
    stdio::data(&match args.output {
        DoctorFormat::Json => print::json(&checks),
        DoctorFormat::Text => print::text(&checks, settings.symbols == Symbols::Ascii),
    })?;
    Ok(exit_code(&checks))
}
