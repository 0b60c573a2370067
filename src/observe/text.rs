//! Text from outside is hostile: it is cleaned and bounded here, once, where it enters. Must not style or wrap it.

/// The most that is kept of a message, in bytes.
pub const MESSAGE: usize = 4096;
/// The most that is kept of a name, in bytes.
pub const NAME: usize = 253;

/// `text` without control characters, escape sequences, bidi and other invisible formatting characters, on one line
/// and at most `max` bytes long (a cut is marked with `…`, which may come on top).
pub fn clean(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(max));
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if out.len() >= max {
            out.push('…');
            break;
        }
        match c {
            '\u{1b}' => skip_escape(&mut chars),
            '\u{9b}' => skip_csi(&mut chars),
            '\n' | '\r' | '\t' => {
                if !out.ends_with(' ') && !out.is_empty() {
                    out.push(' ');
                }
            }
            c if c.is_control() || invisible(c) => {}
            c => out.push(c),
        }
    }
    out.truncate(out.trim_end().len());
    out
}

type Rest<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// Skips an escape sequence whose ESC has been consumed: CSI, a string (OSC, DCS, APC, PM, SOS) up to its end, or two characters.
fn skip_escape(chars: &mut Rest) {
    match chars.next() {
        Some('[') => skip_csi(chars),
        Some(']' | 'P' | '_' | '^' | 'X') => {
            while let Some(c) = chars.next() {
                if c == '\u{7}' || c == '\u{9c}' {
                    break;
                }
                if c == '\u{1b}' {
                    chars.next();
                    break;
                }
            }
        }
        _ => {}
    }
}

fn skip_csi(chars: &mut Rest) {
    while let Some(&c) = chars.peek() {
        if !('\u{20}'..='\u{7e}').contains(&c) {
            break;
        }
        chars.next();
        if ('@'..='~').contains(&c) {
            break;
        }
    }
}

/// Characters without a glyph of their own that can reorder or hide the text around them.
fn invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removes_what_a_terminal_would_interpret() {
        assert_eq!(clean("a\u{1b}[31mred\u{1b}[0m", 99), "ared");
        assert_eq!(clean("x\u{1b}]0;title\u{7}y\u{1b}]8;;http://e\u{1b}\\z", 99), "xyz");
        assert_eq!(clean("\u{9b}2Jq\u{8}\u{7f}", 99), "q");
        assert_eq!(clean("evil\u{202e}txt.exe\u{2066}", 99), "eviltxt.exe");
        assert_eq!(clean("two\r\nlines\tand tab ", 99), "two lines and tab");
    }

    #[test]
    fn bounds_long_text() {
        let long = clean(&"é".repeat(1 << 20), MESSAGE);
        assert!(long.len() <= MESSAGE + 5 && long.ends_with('…'));
        assert_eq!(clean("short", 5), "short");
    }

    proptest::proptest! {
        #[test]
        fn no_control_character_remains(s in proptest::prelude::any::<String>()) {
            let out = clean(&s, 64);
            proptest::prop_assert!(out.len() <= 64 + 8);
            proptest::prop_assert!(out.chars().all(|c| !c.is_control() && !invisible(c)));
            proptest::prop_assert_eq!(clean(&out, 128), out);
        }
    }
}
