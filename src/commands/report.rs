//! `edot-tui report`: a recording in another format, with the verdict as the exit code.

use super::{
    args::{LookFlags, screen, size, up_to_an_hour},
    text_target, verdict_exit_code,
};
use crate::{
    config::Settings,
    error::{CommandError, SUCCESS},
    offline::{self, Format, Moment, format, reader},
    open,
    recording::{self, create},
    redact,
    report::{self, Cast},
    stdio,
    ui::{SPANS, Screen, Ui, Window},
    verdict::{self, Expectations},
    view::Look,
};
use clap::Args;
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

#[derive(Debug, Args)]
pub struct Report {
    /// The recording; `-` reads standard input, es:ID a session of the store
    pub file: PathBuf,
    /// The format
    #[arg(short, long, value_name = "FORMAT", default_value = "text", value_enum, help_heading = "Output")]
    pub output: Format,
    /// Your own expectations (TOML) in place of the guide's
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub expectations: Option<PathBuf>,
    /// Only what was known at this moment: after the recording's beginning (4:12, 90s), or a time (RFC 3339)
    #[arg(long, value_name = "MOMENT", value_parser = Moment::parse, help_heading = "Output")]
    pub at: Option<Moment>,
    /// With -o svg and cast: columns and rows
    #[arg(long, value_name = "COLSxROWS", default_value = "120x36", value_parser = size, help_heading = "Output")]
    pub size: (u16, u16),
    /// With -o svg and cast: the screen
    #[arg(long, value_name = "SCREEN", default_value = "overview", value_parser = screen(), help_heading = "Output")]
    pub screen: Screen,
    /// With -o svg and cast: how much time the charts show [default: the whole run]
    #[arg(long, value_name = "DURATION", value_parser = up_to_an_hour, help_heading = "Output")]
    pub span: Option<Duration>,
    /// With -o cast: how many times faster than it was, 0.25 to 1000
    #[arg(long, value_name = "TIMES", default_value = "16", value_parser = speed, help_heading = "Output")]
    pub speed: f64,
    /// Write the recording to FILE with all names replaced, so that it can be shared; .gz compresses
    #[arg(long, value_name = "FILE", conflicts_with_all = ["output", "at", "expectations", "screen", "span"], help_heading = "Output")]
    pub redact: Option<PathBuf>,
    #[command(flatten)]
    pub look: LookFlags,
}

/// Writes the report to stdout.
///
/// # Errors
/// The recording or the expectations cannot be read.
pub fn run(settings: &Settings, args: &Report) -> Result<u8, CommandError> {
    let local = reader::local(settings, &args.file)?;
    if let Some(to) = &args.redact {
        return redacted(&local.path, to);
    }
    let look = open::look_for_pictures(settings)?;
    let expected = offline::expectations(args.expectations.as_deref().or(settings.expectations.as_deref()))?;
    let mut ui = Ui::new(true, crate::view::panes());
    ui.screen = args.screen;
    ui.expected = Some(expected.clone());
    if let Some(span) = args.span.and_then(|s| i64::try_from(s.as_secs()).ok()) {
        ui.window = Window::Span(SPANS.iter().position(|s| *s >= span).unwrap_or(SPANS.len() - 1));
    }
    if args.output == Format::Cast {
        return cast(args, &local.path, &ui, &expected, &look);
    }
    let (session, origin) = reader::session(&local.path, args.at)?;
    let verdict = verdict::run(&session, &expected);
    let size = if args.output == Format::Text { (text_target(settings).width, 0) } else { args.size };
    stdio::data(&format::write(&session, &verdict, &origin, args.output, &ui, size, &look)?)?;
    Ok(verdict_exit_code(&verdict))
}

/// Writes the recording again, without its names.
fn redacted(from: &Path, to: &Path) -> Result<u8, CommandError> {
    if from == Path::new("-") {
        return Err(CommandError::usage(
            "--redact reads the recording twice, so it takes a file and not standard input",
        ));
    }
    // Before the file is made, so that none is left of what is no recording.
    recording::open(from)?;
    let file = create::create(to, create::Existing::Keep).map_err(CommandError::failed)?;
    let mut out = io::BufWriter::new(file);
    let open = || recording::open(from).map_err(CommandError::from);
    let done = redact::recording(open, &mut out, create::is_gz(to)).map_err(|e| e.context(to.display().to_string()))?;
    let left_out = match done.left_out {
        0 => String::new(),
        n => format!("; {n} of a later version, or too long, are left out"),
    };
    stdio::message(&format!(
        "{}: {} observations, {} names replaced{left_out}; look through it before you share it",
        to.display(),
        done.observations,
        done.names
    ));
    Ok(SUCCESS)
}

/// The cast is written while the recording is read, so that neither is held in memory.
fn cast(args: &Report, file: &Path, ui: &Ui, expected: &Expectations, look: &Look) -> Result<u8, CommandError> {
    let options = Cast { size: args.size, speed: args.speed, ui, look };
    let mut to = io::BufWriter::new(io::stdout().lock());
    let mut reader = reader::open(file, args.at)?;
    let written = report::cast(reader.by_ref(), &options, &mut to).and_then(|s| to.flush().map(|()| s));
    match written {
        Ok(session) => Ok(verdict_exit_code(&verdict::run(&session, expected))),
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(SUCCESS),
        Err(e) => Err(CommandError::from(e).context("stdout")),
    }
}

fn speed(text: &str) -> Result<f64, String> {
    let speed = text.trim_end_matches('x').parse::<f64>().ok().filter(|s| (0.25..=1000.0).contains(s));
    speed.ok_or_else(|| "a factor from 0.25 to 1000, such as 16".into())
}
