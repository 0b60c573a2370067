//! A session and its verdict in the format that was asked for. Must not judge or read files.

use crate::error::CommandError;
use crate::report::{self, Origin, csv, document, html, panels, plot, series, text};
use crate::session::Session;
use crate::ui::Ui;
use crate::verdict::Verdict;
use crate::view::{self, Cx, Look};
use clap::ValueEnum;
use ratatui::{buffer::Buffer, layout::Rect};
use serde::Serialize;

/// The formats of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
    Csv,
    Html,
    Svg,
    Junit,
    Cast,
    Markdown,
}

impl Format {
    /// The format of a name, as it is typed; text for any other.
    pub fn named(name: &str) -> Format {
        Format::from_str(name, false).unwrap_or(Format::Text)
    }

    /// What a file's name ends in.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Text => "txt",
            Format::Json => "json",
            Format::Csv => "csv",
            Format::Html => "html",
            Format::Svg => "svg",
            Format::Junit => "xml",
            Format::Cast => "cast",
            Format::Markdown => "md",
        }
    }
}

/// The session in a format; `size` is that of a picture, and its columns are those of text. A cast needs the observations, so
/// this gives text in its place.
///
/// # Errors
/// None in practice; writing to memory is fallible by type.
pub fn write(
    session: &Session,
    verdict: &Verdict,
    origin: &Origin,
    format: Format,
    ui: &Ui,
    size: (u16, u16),
    look: &Look,
) -> Result<String, CommandError> {
    let full = || report::report(session, verdict, origin);
    Ok(match format {
        Format::Text | Format::Cast => text::plain(&document::document(&full()), size.0),
        Format::Markdown => text::markdown(&document::document(&full())),
        Format::Json => json(&full())?,
        Format::Csv => csv::write(&series::all_series(session)).map_err(|e| CommandError::failed(e.to_string()))?,
        Format::Html => html::html(session, verdict, &full()),
        Format::Junit => report::junit(&full()),
        Format::Svg => {
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
pub fn json(value: &impl Serialize) -> Result<String, CommandError> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

/// A page whose charts overlay two runs.
pub fn overlaid_html(title: &str, blocks: &[document::Block], panels: &[panels::Panel], axis: &plot::Axis) -> String {
    // The key figures come before the charts, what is looked up after them.
    let mut heads = blocks.iter().enumerate().filter(|(_, b)| matches!(b, document::Block::Head(_))).map(|(at, _)| at);
    let figures = heads.next().unwrap_or(blocks.len());
    let rest = heads.next().unwrap_or(blocks.len());
    let charts: String = panels.iter().map(|p| html::figure(p, axis, &Vec::new(), 170.0)).collect();
    let body = format!(
        "<header>{}</header>\n{}\n<section class=\"charts\">\n{charts}</section>\n{}",
        html::blocks_html(&blocks[..figures]),
        html::blocks_html(&blocks[figures..rest]),
        html::blocks_html(&blocks[rest..])
    );
    html::page(title, &body, &html::data(panels, axis))
}
