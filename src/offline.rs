//! The commands over recordings: report, compare, what-if. Read, fold, judge, write. Must not observe a cluster.

mod place;
mod read;
mod write;

pub use place::At;
pub use write::Form;

use crate::exit;
use crate::out;
use crate::report::{
    self, Cast, Origin,
    compare::Side,
    document, text,
    what_if::{self, Changes},
};
use crate::session::Session;
use crate::start::Refusal;
use crate::ui::{SPANS, Screen, Ui};
use crate::verdict::{Expectations, Overall, Verdict, verdict};
use crate::view::Look;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

/// What a report is asked for.
pub struct Asked<'a> {
    pub file: &'a Path,
    pub form: Form,
    pub expectations: Option<&'a Path>,
    /// Only what was known by then.
    pub at: Option<At>,
    pub screen: Screen,
    pub size: (u16, u16),
    /// Seconds that the time axis of a screen shows; None is the screen's own.
    pub span: Option<u64>,
    pub speed: f64,
}

/// Writes a report to stdout; the exit code tells the verdict.
///
/// # Errors
/// The recording or the expectations cannot be read.
pub fn report(asked: &Asked, look: &Look) -> Result<u8, Refusal> {
    let expected = expectations(asked.expectations)?;
    let mut ui = Ui::new(true);
    ui.screen = asked.screen;
    ui.expected = Some(expected.clone());
    if let Some(span) = asked.span.and_then(|s| i64::try_from(s).ok()) {
        ui.span = SPANS.iter().position(|s| *s >= span).unwrap_or(SPANS.len() - 1);
    }
    if asked.form == Form::Cast {
        return film(asked, &ui, &expected, look);
    }
    let (session, origin) = read::session(asked.file, asked.at)?;
    let judged = verdict(&session, &expected);
    let text = write::write(&session, &judged, &origin, asked.form, &ui, asked.size, look)?;
    Ok(out::finish(&text, code(&judged)))
}

/// The film is written while it is read, so that its length does not matter.
fn film(asked: &Asked, ui: &Ui, expected: &Expectations, look: &Look) -> Result<u8, Refusal> {
    let film = Cast { size: asked.size, speed: asked.speed, ui, look };
    let mut to = io::BufWriter::new(io::stdout().lock());
    let mut reading = read::open(asked.file, asked.at)?;
    let written = report::cast(reading.by_ref(), &film, &mut to).and_then(|s| to.flush().map(|()| s));
    match written {
        Ok(session) => Ok(code(&verdict(&session, expected))),
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(exit::FINE),
        Err(e) => Err(Refusal { text: format!("stdout: {e}"), code: exit::ERROR }),
    }
}

/// A session as it is shown, in a form other than a film.
///
/// # Errors
/// None in practice; writing to memory is fallible by type.
pub fn export(session: &Session, form: Form, ui: &Ui, size: (u16, u16), look: &Look) -> Result<String, Refusal> {
    let judged = verdict(session, ui.expectations());
    write::write(session, &judged, &report::Origin::default(), form, ui, size, look)
}

/// 4 when an expectation failed.
pub fn code(judged: &Verdict) -> u8 {
    if judged.result == Overall::Fail { exit::VERDICT } else { exit::FINE }
}

/// The user's own expectations, or the built-in guide.
///
/// # Errors
/// The file cannot be read or is faulty.
pub fn expectations(path: Option<&Path>) -> Result<Arc<Expectations>, Refusal> {
    let Some(path) = path else { return Ok(Arc::new(Expectations::guide().clone())) };
    let refuse = |text: String| Refusal { text: format!("{}: {text}", path.display()), code: exit::USAGE };
    let text = std::fs::read_to_string(path).map_err(|e| refuse(e.to_string()))?;
    Expectations::read(&text).map(Arc::new).map_err(refuse)
}

/// What charts of characters are drawn on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paper {
    pub width: u16,
    pub colours: bool,
}

/// Compares two recordings.
///
/// # Errors
/// One of them, or the expectations, cannot be read.
pub fn compare(
    files: (&Path, &Path),
    form: Form,
    expected: Option<&Path>,
    paper: Paper,
    look: &Look,
) -> Result<u8, Refusal> {
    let expected = expectations(expected)?;
    let names = [files.0, files.1].map(|f| f.display().to_string());
    let (a, b) = (read::session(files.0, None)?.0, read::session(files.1, None)?.0);
    let (va, vb) = (verdict(&a, &expected), verdict(&b, &expected));
    let (a, b) = (side(&names[0], &a, &va), side(&names[1], &b, &vb));
    let compared = report::compare::compare(&a, &b);
    let text = match form {
        Form::Json => write::json(&compared)?,
        Form::Html => {
            let (panels, axis) = report::compare::overlaid(&a, &b);
            write::overlaid_html("edot-tui compare", &report::compare::document(&compared), &panels, &axis)
        }
        _ => {
            let (panels, axis) = report::compare::overlaid(&a, &b);
            let charts = report::text_chart::draw(&panels, &axis, paper.width, paper.colours, look);
            text::plain(&report::compare::document(&compared)) + &charts
        }
    };
    Ok(out::finish(&text, exit::FINE))
}

/// Re-runs the controller over a recording under changes.
///
/// # Errors
/// The recording cannot be read, or a change does not fit it.
pub fn what_if(file: &Path, changes: &Changes, form: Form, paper: Paper, look: &Look) -> Result<u8, Refusal> {
    let mut reader = read::open(file, None)?;
    let recorded = what_if::record(reader.by_ref());
    let origin = reader.origin();
    origin.damage.iter().for_each(|d| out::message(d));
    let refuse = |text| Refusal { text, code: exit::USAGE };
    let simulation = what_if::simulate(&recorded, changes).map_err(refuse)?;
    let summary = what_if::summarize(&simulation, &recorded, origin.file);
    let (panels, axis) = what_if::panels(&simulation, &recorded);
    let text = match form {
        Form::Json => write::json(&summary)?,
        Form::Html => write::overlaid_html("edot-tui what-if", &what_if::document(&summary), &panels, &axis),
        _ => {
            let charts = report::text_chart::draw(&panels, &axis, paper.width, paper.colours, look);
            text::plain(&what_if::document(&summary)) + &charts
        }
    };
    Ok(out::finish(&text, exit::FINE))
}

fn side<'a>(name: &'a str, session: &'a Session, verdict: &'a Verdict) -> Side<'a> {
    Side { name, session, verdict }
}

/// The whole page of a session as text, for those who only want to read the verdict.
pub fn verdict_text(session: &Session, judged: &Verdict) -> String {
    let all = document::document(&report::report(session, judged, &Origin::default()));
    let from = all.iter().position(|b| matches!(b, document::Block::Head(_))).unwrap_or(0);
    let until = all
        .iter()
        .skip(from + 1)
        .position(|b| matches!(b, document::Block::Head(_)))
        .map_or(all.len(), |i| from + 1 + i);
    text::plain(&all[from..until])
}
