//! A document as plain text for a terminal, and as Markdown for a pull request. Must not choose what is in it.

use super::document::{Block, Table};
use crate::format::text::{left, width, wrap};
use std::fmt::Write;

/// What a column keeps, however narrow the page is.
const LEAST: usize = 4;
/// A word up to this length is not broken while another column can give way.
const WORD: usize = 24;
/// Columns between two of a table, and before the first.
const GAP: usize = 2;

/// For a terminal: aligned columns, no markup, at most `width` wide.
pub fn plain(document: &[Block], width: u16) -> String {
    let width = usize::from(width).max(20);
    let mut out = String::new();
    for block in document {
        let _ = match block {
            Block::Title(t) => writeln!(out, "{}", wrap(t, width).join("\n")),
            Block::Head(t) => writeln!(out, "\n{}", wrap(t, width).join("\n")),
            Block::Line(t) => writeln!(out, "{}", wrap(t, width).join("\n")),
            Block::Table(t) => write!(out, "{}", columns(t, width)),
        };
    }
    out
}

fn columns(table: &Table, width: usize) -> String {
    let widths = fitting(table, width);
    let line = |cells: &[String]| {
        let wrapped: Vec<Vec<String>> = cells.iter().zip(&widths).map(|(cell, width)| wrap(cell, *width)).collect();
        let height = wrapped.iter().map(Vec::len).max().unwrap_or(1);
        let row = |i: usize| {
            let cell = |(cell, width): (&Vec<String>, &usize)| {
                " ".repeat(GAP) + &left(cell.get(i).map_or("", String::as_str), *width)
            };
            wrapped.iter().zip(&widths).map(cell).collect::<String>().trim_end().to_string() + "\n"
        };
        (0..height).map(row).collect::<String>()
    };
    let head = if table.signs { String::new() } else { line(&table.head) };
    head + &table.rows.iter().map(|r| line(r)).collect::<String>()
}

/// The width of each column, so that all fit: what it takes in whole; where that is too much, heads are wrapped first, then the
/// cells of the widest, and words are broken last.
fn fitting(table: &Table, width: usize) -> Vec<usize> {
    let longest = |text: &str| text.split(' ').map(self::width).max().unwrap_or(0);
    let all = |head: &dyn Fn(&str) -> usize, cell: &dyn Fn(&str) -> usize| -> Vec<usize> {
        let widest = |(c, title): (usize, &String)| {
            let cells = table.rows.iter().filter_map(|r| r.get(c)).map(|t| cell(t)).max().unwrap_or(0);
            cells.max(if table.signs { 0 } else { head(title) })
        };
        table.head.iter().enumerate().map(widest).collect()
    };
    let mut widths = all(&self::width, &self::width);
    let whole_words = all(&|_| LEAST, &longest).into_iter().map(|least| least.clamp(LEAST, WORD));
    let floors = [all(&longest, &self::width), whole_words.collect(), vec![LEAST; widths.len()]];
    let room = width.saturating_sub(GAP * widths.len());
    for floor in &floors {
        while widths.iter().sum::<usize>() > room {
            let wide = (0..widths.len()).filter(|c| widths[*c] > floor[*c]);
            let Some(c) = wide.max_by_key(|c| (widths[*c], *c)) else { break };
            widths[c] -= 1;
        }
    }
    widths
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
    fn a_table_fits_its_page_and_loses_nothing() {
        let row = |cells: &[&str]| cells.iter().map(|c| c.to_string()).collect::<Vec<_>>();
        let sentence = "no queue of the gateway stays full for more than 0:30, and nothing is rejected";
        let rows = vec![row(&["✗", "4:05", "no-back-pressure", sentence, "rejected from 4:05"])];
        let head = row(&["", "at", "expectation", "expected", "observed"]);
        let table = Block::Table(Table { head, rows, signs: true });
        for page in [40, 60, 80, 120, 200] {
            let text = plain(std::slice::from_ref(&table), page);
            assert!(text.lines().all(|l| width(l) <= usize::from(page)), "{page}\n{text}");
            assert!(page < 60 || text.contains("no-back-pressure"), "{text}");
            let letters = |t: &str| t.chars().filter(|c| !c.is_whitespace()).count();
            assert_eq!(letters(&text), letters(&format!("✗4:05no-back-pressure{sentence}rejected from 4:05")));
        }
        assert_eq!(plain(&[table], 200).lines().count(), 1);
    }

    #[test]
    fn nothing_in_a_cell_breaks_a_table() {
        let cells = vec!["a|b".to_string(), "<img>\n# x".into()];
        let table = Table { head: vec!["x".into(), "y".into()], rows: vec![cells], signs: false };
        let text = markdown(&[Block::Table(table)]);
        assert_eq!(text, "| x | y |\n|---|---|\n| a\\|b | &lt;img&gt; \\# x |\n");
    }
}
