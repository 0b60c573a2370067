//! Prints objects as `kubectl kustomize` does: keys in order, nothing in flow style, text of several lines as it is. Pure.

use serde_json::Value;
use std::fmt::Write;

/// The objects, with `---` between them.
pub fn documents(objects: &[Value]) -> String {
    let one = |object: &Value| {
        let mut out = String::new();
        members(&mut out, object, 0);
        out
    };
    objects.iter().map(one).collect::<Vec<_>>().join("---\n")
}

/// The members of a map or the elements of a list, a line each or more.
fn members(out: &mut String, of: &Value, indent: usize) {
    let space = " ".repeat(indent);
    match of {
        Value::Object(map) => {
            for (key, value) in map {
                let _ = write!(out, "{space}{}:", scalar(key));
                // A list is not indented in its map.
                after(out, value, if value.is_array() { indent } else { indent + 2 });
            }
        }
        Value::Array(list) => {
            for value in list {
                match value {
                    Value::Object(map) if !map.is_empty() => {
                        let mut inner = String::new();
                        members(&mut inner, value, indent + 2);
                        let _ = write!(out, "{space}- {}", inner.trim_start());
                    }
                    _ => {
                        let _ = write!(out, "{space}-");
                        after(out, value, indent + 2);
                    }
                }
            }
        }
        _ => {}
    }
}

/// What follows a key or a dash.
fn after(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Object(map) if map.is_empty() => out.push_str(" {}\n"),
        Value::Array(list) if list.is_empty() => out.push_str(" []\n"),
        Value::Object(_) | Value::Array(_) => {
            out.push('\n');
            members(out, value, indent);
        }
        Value::String(text) if text.contains('\n') && !text.lines().any(|line| line.ends_with([' ', '\t'])) => {
            literal(out, text, indent);
        }
        Value::String(text) => {
            let _ = writeln!(out, " {}", scalar(text));
        }
        other => {
            let _ = writeln!(out, " {other}");
        }
    }
}

fn literal(out: &mut String, text: &str, indent: usize) {
    let hint = if text.starts_with([' ', '\n']) { "2" } else { "" };
    let end = match text.strip_suffix('\n') {
        None => "-",
        Some(rest) if rest.is_empty() || rest.ends_with('\n') => "+",
        Some(_) => "",
    };
    let _ = writeln!(out, " |{hint}{end}");
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        match line {
            "" => out.push('\n'),
            line => {
                let _ = writeln!(out, "{}{line}", " ".repeat(indent));
            }
        }
    }
}

/// A text on one line: plain where a reader would take it for a text, and quoted otherwise.
fn scalar(text: &str) -> String {
    if is_other(text) || text.chars().any(char::is_control) {
        return Value::from(text).to_string();
    }
    let first = text.starts_with(|c| "#,[]{}&*!|>'\"%@`".contains(c));
    let alone = ["- ", "? ", ": "].iter().any(|s| text.starts_with(s)) || matches!(text, "-" | "?");
    let marks = text.starts_with("---") || text.starts_with("...");
    let inside = text.contains(": ") || text.ends_with(':') || text.contains(" #") || text.trim() != text;
    match first || alone || marks || inside {
        true => format!("'{}'", text.replace('\'', "''")),
        false => text.to_owned(),
    }
}

/// It would be read as no text: a number, a truth, a time, nothing.
fn is_other(text: &str) -> bool {
    let words =
        ["", "~", "null", "y", "n", "yes", "no", "on", "off", "true", "false", ".nan", ".inf", "-.inf", "+.inf", "<<"];
    let number = text.replace('_', "");
    words.contains(&text.to_ascii_lowercase().as_str())
        || (text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c))
            && (number.parse::<f64>().is_ok_and(f64::is_finite)
                || ["0x", "0b", "0o"].iter().any(|p| number.trim_start_matches(['+', '-']).starts_with(p))
                || number.chars().all(|c| c.is_ascii_digit() || ":.".contains(c))
                    && number.contains(':')
                    && !number.contains("..")
                    && number.matches('.').count() < 2
                || is_date(text)))
}

fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 8 && bytes[..4].iter().all(u8::is_ascii_digit) && bytes[4] == b'-' && bytes[5].is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_are_quoted_where_they_would_be_taken_for_something_else() {
        for (text, printed) in [
            ("on", "\"on\""),
            ("1", "\"1\""),
            ("1.5", "\"1.5\""),
            ("0x1F", "\"0x1F\""),
            ("2026-01-02", "\"2026-01-02\""),
            ("", "\"\""),
            ("50m", "50m"),
            ("--config", "--config"),
            ("a: b", "'a: b'"),
            ("*", "'*'"),
            ("it's", "it's"),
            ("'s", "'''s'"),
            ("0.0.0.0:4317", "0.0.0.0:4317"),
            ("{a}", "'{a}'"),
            ("a{b}", "a{b}"),
        ] {
            assert_eq!(scalar(text), printed);
        }
    }

    #[test]
    fn what_is_printed_is_read_as_the_same() {
        let object = json!({"a": [{"b": {"c": "1\n\n  2\n"}}, [], {}, "x", ["y"]], "d": "\n e", "f": "g\n\n", "h": 1, "i": "j\nk"});
        let text = documents(&[object.clone(), json!({"z": null})]);
        let read: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
        assert_eq!(read[0], object, "{text}");
        assert_eq!(read.len(), 2);
    }
}
