//! Text by its width on screen: cut, padded, wrapped. Must not draw.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns that `text` takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// `text`, cut to `most` columns; a cut is marked.
pub fn fit(text: &str, most: usize, ellipsis: char) -> String {
    if width(text) <= most {
        return text.to_string();
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        let w = c.width().unwrap_or(0);
        if used + w + 1 > most {
            break;
        }
        out.push(c);
        used += w;
    }
    if most > 0 {
        out.push(ellipsis);
    }
    out
}

/// The end of `text`, cut to `most` columns; a cut is marked.
pub fn fit_end(text: &str, most: usize, ellipsis: char) -> String {
    let reversed = |text: &str| text.chars().rev().collect::<String>();
    reversed(&fit(&reversed(text), most, ellipsis))
}

/// `text` in at least `width` columns, from the left.
pub fn left(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(self::width(text))))
}

/// `text` in at least `width` columns, to the right.
pub fn right(text: &str, width: usize) -> String {
    format!("{}{text}", " ".repeat(width.saturating_sub(self::width(text))))
}

/// `1 pod`, `3 pods`.
pub fn plural(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// What follows a number and stays on its line.
const UNITS: [&str; 12] = ["%", "s", "ms", "m", "h", "d", "k", "M", "Ki", "Mi", "Gi", "Ti"];

/// The words of a text; a number and its unit are one.
fn words(text: &str) -> Vec<&str> {
    let mut out: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    for word in text.split(' ') {
        let end = at + word.len();
        let number = |(from, to): &(usize, usize)| text[*from..*to].ends_with(|c: char| c.is_ascii_digit());
        match out.last_mut() {
            Some(last) if UNITS.contains(&word.trim_end_matches([',', ';', '.', ':', ')'])) && number(last) => {
                last.1 = end
            }
            _ => out.push((at, end)),
        }
        at = end + 1;
    }
    out.into_iter().map(|(from, to)| &text[from..to]).collect()
}

/// `text` in lines of at most `most` columns, broken between words where that is possible.
pub fn wrap(text: &str, most: usize) -> Vec<String> {
    let most = most.max(1);
    let mut lines = vec![String::new()];
    for word in words(text) {
        let mut word = word;
        loop {
            let line = lines.last().map_or(0, |l| width(l));
            let gap = usize::from(line > 0);
            if line + gap + width(word) <= most {
                if let Some(l) = lines.last_mut() {
                    if gap == 1 {
                        l.push(' ');
                    }
                    l.push_str(word);
                }
                break;
            }
            if line > 0 {
                lines.push(String::new());
                continue;
            }
            // One word longer than a line.
            let mut used = 0;
            let cut = word.char_indices().find(|(_, c)| {
                used += c.width().unwrap_or(0);
                used > most
            });
            let at = cut.map_or(word.len(), |(i, c)| if i == 0 { c.len_utf8() } else { i });
            if let Some(l) = lines.last_mut() {
                l.push_str(&word[..at]);
            }
            word = &word[at..];
            if word.is_empty() {
                break;
            }
            lines.push(String::new());
        }
    }
    lines
}

/// The same in at most `rows` lines; a cut is marked.
pub fn bounded(text: &str, most: usize, rows: usize, ellipsis: char) -> Vec<String> {
    let mut lines = wrap(text, most);
    let rest = lines.split_off(rows.min(lines.len()));
    // Together with the line that has no room it is too long, so the cut is marked.
    if let (Some(last), Some(next)) = (lines.last_mut(), rest.first()) {
        *last = fit(&format!("{last} {next}"), most, ellipsis);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_by_columns() {
        assert_eq!(fit("gateway", 7, '…'), "gateway");
        assert_eq!(fit("gateway", 4, '…'), "gat…");
        assert_eq!(fit("日本語", 4, '…'), "日…");
        assert_eq!(fit("x", 0, '…'), "");
        assert_eq!(fit_end("queue{q=a}", 6, '…'), "…{q=a}");
        assert_eq!(fit_end("queue", 6, '…'), "queue");
    }

    #[test]
    fn pads_by_columns_and_counts_things() {
        assert_eq!((left("日", 4), right("日", 4)), ("日  ".into(), "  日".into()));
        assert_eq!((plural(1, "pod"), plural(3, "pod")), ("1 pod".into(), "3 pods".into()));
    }

    #[test]
    fn wraps_between_words() {
        assert_eq!(wrap("New size: 4; reason: cpu", 12), ["New size: 4;", "reason: cpu"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrap("", 3), [""]);
        assert_eq!(wrap("newest sample 74 %, 1 s old", 16), ["newest sample", "74 %, 1 s old"]);
        assert_eq!(wrap("0 to 4 s", 7), ["0 to", "4 s"]);
        assert_eq!(bounded("New size: 4; reason: cpu", 12, 1, '…'), ["New size: 4…"]);
        assert_eq!(bounded("New size: 4; reason: cpu", 12, 2, '…'), ["New size: 4;", "reason: cpu"]);
        assert_eq!(bounded("abcdefgh ij", 3, 2, '…'), ["abc", "de…"]);
        assert_eq!(bounded("text", 3, 0, '…'), [""; 0]);
    }

    proptest::proptest! {
        #[test]
        fn no_line_is_wider(text in "\\PC{0,60}", most in 1usize..30) {
            for l in wrap(&text, most) {
                proptest::prop_assert!(width(&l) <= most.max(2));
            }
        }
    }
}
