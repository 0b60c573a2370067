//! A judged session in the form that was asked for. Must not judge or read files.

use crate::exit;
use crate::report::{self, Origin, csv, document, html, panels, plot, series, text};
use crate::session::Session;
use crate::start::Refusal;
use crate::ui::Ui;
use crate::verdict::Verdict;
use crate::view::{self, Cx, Look};
use ratatui::{buffer::Buffer, layout::Rect};
use serde::Serialize;

/// The forms of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Text,
    Json,
    Csv,
    Html,
    Svg,
    Junit,
    Cast,
    Markdown,
}

impl Form {
    /// Their names, as they are typed.
    pub const NAMES: [&str; 8] = ["text", "json", "csv", "html", "svg", "junit", "cast", "markdown"];

    /// The form of a name; text for any other.
    pub fn named(name: &str) -> Form {
        const ALL: [Form; 8] =
            [Form::Text, Form::Json, Form::Csv, Form::Html, Form::Svg, Form::Junit, Form::Cast, Form::Markdown];
        let at = Form::NAMES.iter().position(|n| *n == name);
        at.and_then(|i| ALL.get(i)).copied().unwrap_or(Form::Text)
    }

    /// The end of a file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Form::Text => "txt",
            Form::Json => "json",
            Form::Csv => "csv",
            Form::Html => "html",
            Form::Svg => "svg",
            Form::Junit => "xml",
            Form::Cast => "cast",
            Form::Markdown => "md",
        }
    }
}

/// The session in a form; a film needs its observations, so it is not among them.
///
/// # Errors
/// None in practice; writing to memory is fallible by type.
pub fn write(
    session: &Session,
    judged: &Verdict,
    origin: &Origin,
    form: Form,
    ui: &Ui,
    size: (u16, u16),
    look: &Look,
) -> Result<String, Refusal> {
    let full = || report::report(session, judged, origin);
    Ok(match form {
        Form::Text | Form::Cast => text::plain(&document::document(&full())),
        Form::Markdown => text::markdown(&document::document(&full())),
        Form::Json => json(&full())?,
        Form::Csv => csv::write(&series::all_series(session)).map_err(|e| failed(&e))?,
        Form::Html => html::html(session, judged, &full()),
        Form::Junit => report::junit(&full()),
        Form::Svg => {
            let mut buffer = Buffer::empty(Rect::new(0, 0, size.0, size.1));
            view::draw(&mut buffer, &Cx::new(session, session.now_ms(), ui, look));
            report::svg(&buffer, look.theme())
        }
    })
}

/// As JSON for people and programs.
///
/// # Errors
/// None in practice; JSON is fallible by type.
pub fn json(value: &impl Serialize) -> Result<String, Refusal> {
    Ok(serde_json::to_string_pretty(value).map_err(|e| failed(&e))? + "\n")
}

/// A page whose charts lay two courses over each other.
pub fn overlaid_html(title: &str, blocks: &[document::Block], panels: &[panels::Panel], axis: &plot::Axis) -> String {
    let head = blocks.iter().position(|b| matches!(b, document::Block::Head(_))).unwrap_or(blocks.len());
    let charts: String = panels.iter().map(|p| html::figure(p, axis, &Vec::new(), 170.0)).collect();
    let (above, below) = blocks.split_at(head);
    let body = format!(
        "<header>{}</header>\n<section class=\"charts\">\n{charts}</section>\n{}",
        html::blocks_html(above),
        html::blocks_html(below)
    );
    html::page(title, &body, &html::data(panels, axis))
}

fn failed(error: &dyn std::fmt::Display) -> Refusal {
    Refusal { text: error.to_string(), code: exit::ERROR }
}
