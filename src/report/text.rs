//! A document as plain text for a terminal, and as Markdown for a pull request. Must not choose what is in it.

use super::document::{Block, Table};
use std::fmt::Write;
use unicode_width::UnicodeWidthStr;

/// The greatest width of a column of plain text, except the last.
const WIDEST: usize = 58;

/// For a terminal: aligned columns, no markup.
pub fn plain(document: &[Block]) -> String {
    let mut out = String::new();
    for block in document {
        let _ = match block {
            Block::Title(t) => writeln!(out, "{t}"),
            Block::Head(t) => writeln!(out, "\n{t}"),
            Block::Line(t) => writeln!(out, "{t}"),
            Block::Table(t) => write!(out, "{}", columns(t)),
        };
    }
    out
}

fn columns(table: &Table) -> String {
    let count = table.head.len();
    let width = |c: usize| {
        let cells = table.rows.iter().filter_map(|r| r.get(c)).chain(table.head.get(c));
        cells.map(|t| t.width()).max().unwrap_or(0).min(WIDEST)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    let line = |cells: &[String]| {
        let mut out = String::from(" ");
        for (c, cell) in cells.iter().enumerate() {
            out.push(' ');
            out.push_str(cell);
            if c + 1 < count {
                out.push_str(&" ".repeat(widths[c].saturating_sub(cell.width()) + 1));
            }
        }
        out.trim_end().to_string() + "\n"
    };
    let head = if table.signs { String::new() } else { line(&table.head) };
    head + &table.rows.iter().map(|r| line(r)).collect::<String>()
}

/// For a pull request.
pub fn markdown(document: &[Block]) -> String {
    let mut out = String::new();
    let mut listed = false;
    for block in document {
        let list = matches!(block, Block::Line(_));
        if !list && listed {
            out.push('\n');
        }
        listed = list;
        let _ = match block {
            Block::Title(t) => writeln!(out, "# {}\n", escaped(t)),
            Block::Head(t) => writeln!(out, "## {}\n", escaped(t)),
            Block::Line(t) => writeln!(out, "- {}", escaped(t)),
            Block::Table(t) => writeln!(out, "{}", rows(t)),
        };
    }
    out.trim_end().to_string() + "\n"
}

fn rows(table: &Table) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.iter().map(|c| escaped(c)).collect::<Vec<_>>().join(" | "));
    let rule = format!("|{}\n", "---|".repeat(table.head.len()));
    line(&table.head) + &rule + &table.rows.iter().map(|r| line(r)).collect::<String>()
}

/// Text with everything escaped that Markdown would interpret.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '|' | '*' | '_' | '`' | '[' | ']' | '#' | '\\' | '~' => {
                out.push('\\');
                out.push(c);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_cell_breaks_a_table() {
        let cells = vec!["a|b".to_string(), "<img>\n# x".into()];
        let table = Table { head: vec!["x".into(), "y".into()], rows: vec![cells], signs: false };
        let text = markdown(&[Block::Table(table)]);
        assert_eq!(text, "| x | y |\n|---|---|\n| a\\|b | &lt;img&gt; \\# x |\n");
    }
}
