//! `edot-tui size`: what a gateway's replica carries, from recordings, and what a forecast needs.

use super::text_target;
use super::{args::LookFlags, runs};
use crate::{
    config::Settings,
    decide::size::{self, Rates},
    error::{CommandError, SUCCESS},
    offline::format,
    report::{self, text},
    stdio,
};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Size {
    /// The recordings, the newest last: its settings are the present ones; `-` reads standard input, `lab:SCENARIO@SEED` runs one
    #[arg(required = true, value_name = "RUN")]
    pub files: Vec<PathBuf>,
    /// The format
    #[arg(short, long, value_name = "FORMAT", default_value = "text", value_enum, help_heading = "Output")]
    pub output: SizeFormat,
    /// A forecast, items per second of each signal; k and M stand for thousands and millions
    #[arg(long, value_name = "SIGNAL=RATE,...", value_parser = rates, help_heading = "Forecast")]
    rate: Option<Rates>,
    #[command(flatten)]
    pub look: LookFlags,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SizeFormat {
    Text,
    Json,
    Markdown,
}

/// `traces=50k,logs=20k`.
fn rates(text: &str) -> Result<Rates, String> {
    let one = |part: &str| {
        let (name, rate) = part.split_once('=')?;
        let place = ["traces", "metrics", "logs"].iter().position(|n| *n == name.trim())?;
        let rate = rate.trim();
        let (digits, times) = match rate.strip_suffix(['k', 'K']) {
            Some(digits) => (digits, 1e3),
            None => rate.strip_suffix('M').map_or((rate, 1.0), |digits| (digits, 1e6)),
        };
        let rate: f64 = digits.trim().parse().ok()?;
        ((0.0..=1e12).contains(&(rate * times))).then_some((place, rate * times))
    };
    let mut out = Rates::default();
    for part in text.split(',') {
        let (place, rate) =
            one(part).ok_or("traces, metrics or logs, and items per second, such as traces=50k,logs=20k")?;
        out[place] = rate;
    }
    if out.iter().sum::<f64>() <= 0.0 {
        return Err("a forecast of nothing needs nothing".into());
    }
    Ok(out)
}

/// Writes the capacity to stdout.
///
/// # Errors
/// A recording cannot be read, or has no figures of gateways.
pub fn run(settings: &Settings, args: &Size) -> Result<u8, CommandError> {
    let mut sessions = Vec::new();
    let mut names = Vec::new();
    for file in &args.files {
        let (session, name) = runs::session(settings, file)?;
        sessions.push(session);
        names.push(name);
    }
    let capacity = size::learn(&sessions.iter().collect::<Vec<_>>()).map_err(|e| {
        let hint = "record a run with the collectors' metrics (pods/portforward) and some load";
        CommandError::usage(e).hint(hint)
    })?;
    let summary = report::size::summarize(&capacity, args.rate, names);
    if args.rate.is_some() && summary.forecast.is_none() {
        let text = "replicas cannot be computed: the HPA has no target for cpu, or a replica alone is above it";
        return Err(CommandError::usage(text));
    }
    let text = match args.output {
        SizeFormat::Json => format::json(&summary)?,
        SizeFormat::Markdown => text::markdown(&report::size::document(&summary)),
        SizeFormat::Text => text::plain(&report::size::document(&summary), text_target(settings).width),
    };
    stdio::data(&text).map(|()| SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_parsed() {
        assert_eq!(rates("traces=50k,logs=20"), Ok([50_000.0, 0.0, 20.0]));
        assert_eq!(rates("metrics=1.5M"), Ok([0.0, 1.5e6, 0.0]));
        for wrong in ["", "traces", "spans=5", "traces=-1", "traces=x", "traces=0", "traces=inf", "traces=nan"] {
            assert!(rates(wrong).is_err(), "{wrong}");
        }
    }
}
