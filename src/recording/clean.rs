//! A recording may come from anywhere, so its text is hostile, too: it is cleaned and bounded when it is read. What this
//! program wrote stays unchanged. Must not know what a line means.

use crate::observe::text::{MESSAGE, clean};
use serde_json::Value;

/// The most bytes of one string: a whole message, its `…`, and escapes.
const TEXT: usize = MESSAGE + 64;

/// Whether a line needs no cleaning: it has no escaped control characters, no invisible characters and no overlong string.
pub(super) fn is_clean(line: &[u8]) -> bool {
    if is_plain(line) {
        return line.len() <= TEXT || line.split(|b| *b == b'"').all(|part| part.len() <= TEXT);
    }
    let mut since_quote = 0;
    let mut before = 0;
    for &b in line {
        since_quote = if b == b'"' { 0 } else { since_quote + 1 };
        let escape = before == b'\\' && matches!(b, b'u' | b'n' | b'r' | b't' | b'b' | b'f');
        // The first bytes of U+0080–U+00BF and U+0600–U+063F, U+1800–U+2FFF, U+F000–U+FFFF, U+10000 and up: some of those
        // are invisible, so the whole line is parsed and cleaned.
        let rare = matches!(b, 0xc2 | 0xd8 | 0xef | 0xf0..=0xff) || (before == 0xe1 && b == 0xa0);
        let invisible = before == 0xe2 && matches!(b, 0x80 | 0x81);
        if since_quote > TEXT || escape || rare || invisible || b < 0x20 || b == 0x7f {
            return false;
        }
        before = b;
    }
    true
}

/// Whether all bytes are printable ASCII other than `\\`. Every byte of a recording passes here, so eight are checked at
/// once: for a byte that is not plain, the highest bit is set in one of the terms.
fn is_plain(line: &[u8]) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    let odd = |eight: u64| {
        let escape = eight ^ (ONES * u64::from(b'\\'));
        let (control, backslash) = (eight.wrapping_sub(ONES * 0x20) & !eight, escape.wrapping_sub(ONES) & !escape);
        (control | backslash | eight | eight.wrapping_add(ONES)) & HIGH
    };
    let (eights, rest) = line.as_chunks();
    eights.iter().fold(0, |all, eight| all | odd(u64::from_ne_bytes(*eight))) == 0
        && rest.iter().all(|b| matches!(b, b' '..=b'[' | b']'..=b'~'))
}

/// The line with each of its strings cleaned; None if it is not JSON.
pub(super) fn line(text: &[u8]) -> Option<Vec<u8>> {
    let mut value: Value = serde_json::from_slice(text).ok()?;
    scrub(&mut value);
    serde_json::to_vec(&value).ok()
}

fn scrub(value: &mut Value) {
    match value {
        Value::String(text) => {
            let cleaned = clean(text, MESSAGE);
            // Trailing blanks are harmless and part of what was observed.
            if *text != cleaned && text.trim_end() != cleaned {
                *text = cleaned;
            }
        }
        Value::Array(all) => all.iter_mut().for_each(scrub),
        Value::Object(map) => {
            if map.keys().any(|k| clean(k, MESSAGE) != *k) {
                *map = std::mem::take(map).into_iter().map(|(k, v)| (clean(&k, MESSAGE), v)).collect();
            }
            map.values_mut().for_each(scrub);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(text: &str) -> String {
        String::from_utf8(line(text.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn every_byte_is_checked_at_every_position() {
        for at in 0..19 {
            for byte in 0..=255 {
                let mut line = [b'a'; 19];
                line[at] = byte;
                let plain = byte != b'\\' && (b' '..=b'~').contains(&byte);
                assert_eq!(is_plain(&line), plain, "{byte} at {at}");
            }
        }
    }

    #[test]
    fn escape_sequences_are_removed_and_the_rest_stays() {
        let hostile = r#"{"at":"2026-11-24T00:00:00Z","seen":"note","text":"a\u001b[31mred\u001b[0m"}"#;
        assert!(!is_clean(hostile.as_bytes()));
        assert!(cleaned(hostile).contains(r#""text":"ared""#));
        for bad in
            ["{\"a\":\"x\u{202e}y\"}", "{\"a\":\"x\u{9b}2Jy\"}", "{\"a\":\"x\u{feff}y\"}", "{\"a\":\"x\u{ad}y\"}"]
        {
            assert!(!is_clean(bad.as_bytes()), "{bad}");
            assert!(cleaned(bad).contains("xy") || cleaned(bad).contains("xq"), "{bad}");
        }
        let good = r#"{"a":"ceil(3 × 96/80) — “so” …","b":"é","c\"d":["\\x",1.5e300]}"#;
        assert!(cleaned(good).contains("ceil(3 × 96/80) — “so” …"));
    }

    #[test]
    fn long_strings_are_bounded() {
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 20));
        assert!(!is_clean(long.as_bytes()));
        assert!(cleaned(&long).len() < MESSAGE + 32);
        let list = format!("[{}1]", "\"a\",".repeat(5000));
        assert!(is_clean(list.as_bytes()), "many short strings are not a long one");
    }

    proptest::proptest! {
        #[test]
        fn nothing_hostile_passes_as_clean(text in proptest::prelude::any::<String>()) {
            let json = serde_json::to_string(&text).unwrap();
            if is_clean(json.as_bytes()) {
                proptest::prop_assert_eq!(clean(&text, MESSAGE), text.trim_end());
            }
        }
    }
}
