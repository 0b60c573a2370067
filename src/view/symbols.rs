//! The characters charts and panes are drawn with: braille, blocks for poor fonts, ASCII for none.

use super::theme::Role;
use crate::session::Incident;

impl Glyphs {
    /// The sign of something that happened, and how bad it is.
    pub fn incident(&self, what: &Incident) -> (char, Role) {
        match what {
            Incident::MetricsBack | Incident::Resumed => (self.check, Role::Good),
            Incident::Edited { .. } | Incident::Resized { .. } => (self.marker, Role::Accent),
            Incident::ScaledBy { .. } | Incident::Paused(_) => (self.stop, Role::Warn),
            Incident::OutOfMemory(_) | Incident::MetricsLost(_) | Incident::Rejected | Incident::Lost => {
                (self.cross, Role::Bad)
            }
        }
    }
}

/// A set of drawing characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Symbols {
    /// 2×4 dots a cell.
    #[default]
    Braille,
    /// 2×2 dots a cell.
    Block,
    /// One character a cell, 7 bits.
    Ascii,
}

/// The characters of one set that are not dots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glyphs {
    /// Dashes of a target or bound.
    pub dash: char,
    /// Vertical line of a marker and of the cursor.
    pub marker: char,
    pub cursor: char,
    /// Grid point.
    pub grid: char,
    /// Shades used where there is no background colour: tolerance band, above the target.
    pub band: char,
    pub above: char,
    /// Filled share and rest of a bar.
    pub bar: char,
    pub rest: char,
    /// Rising eighths, lowest first.
    pub bars: [char; 8],
    pub up: char,
    pub down: char,
    /// Between an old and a new figure.
    pub to: &'static str,
    pub play: char,
    pub stop: char,
    /// Recording.
    pub rec: char,
    /// Feed states: up, stale or retrying, absent, denied or failed, not started.
    pub dot_up: char,
    pub dot_half: char,
    pub dot_absent: char,
    pub dot_failed: char,
    pub dot_none: char,
    /// A list's selected row; something cut off.
    pub pointer: char,
    pub ellipsis: char,
    /// Done, not done.
    pub check: char,
    pub cross: char,
    /// Between parts of a line.
    pub separator: char,
    /// Borders: horizontal, vertical, corners (top left, top right, bottom left, bottom right), then tees
    /// (left, right, down, up).
    pub horizontal: char,
    pub vertical: char,
    pub corners: [char; 4],
    pub tees: [char; 4],
}

const BRAILLE: Glyphs = Glyphs {
    dash: '╌',
    marker: '│',
    cursor: '┃',
    grid: '·',
    band: '░',
    above: '▒',
    bar: '━',
    rest: '╌',
    bars: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
    up: '▲',
    down: '▼',
    to: "→",
    play: '▶',
    stop: '■',
    rec: '●',
    dot_up: '●',
    dot_half: '◐',
    dot_absent: '○',
    dot_failed: '✕',
    dot_none: '·',
    pointer: '▸',
    ellipsis: '…',
    check: '✓',
    cross: '✕',
    separator: '·',
    horizontal: '─',
    vertical: '│',
    corners: ['┌', '┐', '└', '┘'],
    tees: ['├', '┤', '┬', '┴'],
};

// only what code page 437 and the oldest fonts have
const BLOCK: Glyphs = Glyphs {
    dash: '─',
    cursor: '║',
    bar: '█',
    rest: '░',
    dot_half: '◘',
    dot_failed: 'x',
    pointer: '►',
    play: '►',
    ellipsis: '~',
    check: '√',
    cross: 'x',
    bars: ['▄', '▄', '▄', '▄', '█', '█', '█', '█'],
    ..BRAILLE
};

const ASCII: Glyphs = Glyphs {
    dash: '-',
    marker: '|',
    cursor: '!',
    grid: '.',
    band: '.',
    above: ':',
    bar: '#',
    rest: '-',
    bars: ['_', '.', ',', '-', '=', '+', '*', '#'],
    up: '^',
    down: 'v',
    to: "->",
    play: '>',
    stop: '#',
    rec: '*',
    dot_up: '*',
    dot_half: '~',
    dot_absent: 'o',
    dot_failed: 'x',
    dot_none: '.',
    pointer: '>',
    ellipsis: '~',
    check: '+',
    cross: 'x',
    separator: '|',
    horizontal: '-',
    vertical: '|',
    corners: ['+'; 4],
    tees: ['+'; 4],
};

/// The set for a terminal, by its environment: `var` looks a variable up. Without a UTF-8 locale only ASCII is sure, and the
/// Linux console has the characters of code page 437. Where no locale is set, the terminal is taken for a UTF-8 one.
pub fn detect(var: impl Fn(&str) -> Option<String>) -> Symbols {
    let get = |key: &str| var(key).map(|v| v.to_ascii_lowercase()).filter(|v| !v.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(get);
    if locale.is_some_and(|l| !l.contains("utf-8") && !l.contains("utf8")) {
        return Symbols::Ascii;
    }
    if get("TERM").as_deref() == Some("linux") { Symbols::Block } else { Symbols::Braille }
}

/// The sign of a series, so that lines differ without colour; None of any other role.
pub fn sign(role: Role) -> Option<char> {
    Role::SERIES.iter().position(|series| *series == role).map(|i| ['*', 'o', '+', 'x', '#'][i])
}

impl Symbols {
    #[cfg(test)]
    pub const ALL: [Symbols; 3] = [Symbols::Braille, Symbols::Block, Symbols::Ascii];

    /// The names of keys, in words where arrows cannot be shown.
    pub fn keys(self, text: &str) -> String {
        if self != Symbols::Ascii {
            return text.to_string();
        }
        let names = [("←→", "Left/Right"), ("←", "Left"), ("→", "Right"), ("↑", "Up"), ("↓", "Down"), ("–", "-")];
        names.iter().fold(text.to_string(), |text, (sign, name)| text.replace(sign, name))
    }

    /// The replacement of a character that this set does not have.
    pub fn plain(self, sign: &str) -> Option<char> {
        match (self, sign) {
            (Symbols::Ascii, "–" | "−") => Some('-'),
            (Symbols::Ascii, "×") => Some('x'),
            (Symbols::Ascii, "…") => Some('~'),
            (Symbols::Ascii, "≥" | "→") => Some('>'),
            (Symbols::Ascii, "·") => Some('.'),
            // A name from the cluster, which this terminal could not show.
            (Symbols::Ascii, sign) if !sign.is_ascii() => Some('?'),
            _ => None,
        }
    }

    /// Its characters.
    pub fn glyphs(self) -> &'static Glyphs {
        match self {
            Symbols::Braille => &BRAILLE,
            Symbols::Block => &BLOCK,
            Symbols::Ascii => &ASCII,
        }
    }

    /// Dots a cell: columns, rows.
    pub fn dots(self) -> (usize, usize) {
        match self {
            Symbols::Braille => (2, 4),
            Symbols::Block => (2, 2),
            Symbols::Ascii => (1, 1),
        }
    }
}

impl std::str::FromStr for Symbols {
    type Err = String;

    fn from_str(word: &str) -> Result<Symbols, String> {
        match word {
            "braille" => Ok(Symbols::Braille),
            "block" => Ok(Symbols::Block),
            "ascii" => Ok(Symbols::Ascii),
            _ => Err(format!("no symbol set `{word}`; allowed: braille, block, ascii")),
        }
    }
}

impl std::fmt::Display for Symbols {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Symbols::Braille => "braille",
            Symbols::Block => "block",
            Symbols::Ascii => "ascii",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_named_and_wrong_names_list_the_known_ones() {
        for symbols in Symbols::ALL {
            assert_eq!(symbols.to_string().parse(), Ok(symbols));
        }
        let error = "fancy".parse::<Symbols>().map_or_else(|e| e, |s| s.to_string());
        assert!(error.contains("fancy") && error.contains("braille, block, ascii"));
    }

    #[test]
    fn locale_and_terminal_decide() {
        let of = |vars: &[(&str, &str)]| detect(|key| vars.iter().find(|(k, _)| *k == key).map(|(_, v)| v.to_string()));
        assert_eq!(of(&[]), Symbols::Braille);
        assert_eq!(of(&[("LANG", "en_US.UTF-8")]), Symbols::Braille);
        assert_eq!(of(&[("LANG", "C.utf8"), ("TERM", "linux")]), Symbols::Block);
        for locale in ["C", "POSIX", "de_DE.ISO-8859-1", "en_US"] {
            assert_eq!(of(&[("LANG", locale), ("TERM", "xterm")]), Symbols::Ascii, "{locale}");
        }
        assert_eq!(of(&[("LANG", "C"), ("LC_ALL", "en_US.UTF-8")]), Symbols::Braille, "LC_ALL beats LANG");
        assert_eq!(of(&[("LANG", "en_US.UTF-8"), ("LC_CTYPE", "C")]), Symbols::Ascii);
    }

    #[test]
    fn ascii_is_seven_bits_and_everything_is_one_column_wide() {
        assert!(format!("{ASCII:?}").is_ascii());
        for symbols in Symbols::ALL {
            for c in format!("{:?}", symbols.glyphs()).chars() {
                assert_eq!(unicode_width::UnicodeWidthChar::width(c), Some(1), "{c}");
            }
        }
    }
}
