//! Parses the Prometheus text format line by line, out of chunks of any size. Lines that are too long or malformed are
//! skipped. Only the current line is buffered, so memory does not grow with the response.

/// The longest line that is parsed, in bytes; longer ones are skipped.
const LONGEST_LINE: usize = 16 << 10;
/// A sample with more labels than this is skipped.
const MOST_LABELS: usize = 64;

/// A sample, as written in its line.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample<'a> {
    pub name: &'a str,
    pub labels: Vec<(&'a str, String)>,
    pub value: f64,
}

impl Sample<'_> {
    /// The label's value, also where its name is written with dots; empty when there is none.
    pub fn label(&self, name: &str) -> &str {
        let same = |n: &str| {
            n.len() == name.len() && n.bytes().zip(name.bytes()).all(|(a, b)| a == b || a == b'.' && b == b'_')
        };
        self.labels.iter().find(|(n, _)| same(n)).map_or("", |(_, v)| v.as_str())
    }
}

/// A line that is neither empty nor a plain comment.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry<'a> {
    /// `# TYPE name kind`.
    Type {
        name: &'a str,
        kind: &'a str,
    },
    Sample(Sample<'a>),
}

/// Splits chunks into lines and parses each.
#[derive(Debug, Default)]
pub struct SampleParser {
    /// The current line so far.
    partial: Vec<u8>,
    /// The current line is too long.
    too_long: bool,
}

impl SampleParser {
    /// Call `each` with the entry of every line that `chunk` completes.
    pub fn feed(&mut self, mut chunk: &[u8], each: &mut impl FnMut(Entry)) {
        while let Some(end) = chunk.iter().position(|b| *b == b'\n') {
            let (line, rest) = chunk.split_at(end);
            match self.partial.is_empty() && !self.too_long {
                true => emit(line, each),
                false => {
                    self.keep(line);
                    self.end(each);
                }
            }
            chunk = rest.get(1..).unwrap_or_default();
        }
        self.keep(chunk);
    }

    /// The last line need not end with a newline.
    pub fn end(&mut self, each: &mut impl FnMut(Entry)) {
        if !std::mem::take(&mut self.too_long) {
            emit(&self.partial, each);
        }
        self.partial.clear();
    }

    fn keep(&mut self, part: &[u8]) {
        if self.too_long || self.partial.len() + part.len() > LONGEST_LINE {
            self.too_long = true;
            self.partial.clear();
        } else {
            self.partial.extend_from_slice(part);
        }
    }
}

fn emit(line: &[u8], each: &mut impl FnMut(Entry)) {
    if line.len() <= LONGEST_LINE
        && let Ok(text) = std::str::from_utf8(line)
        && let Some(entry) = parse_line(text)
    {
        each(entry);
    }
}

/// The entry in a line; None for comments, empty lines and malformed samples.
fn parse_line(line: &str) -> Option<Entry<'_>> {
    let line = line.trim();
    if let Some(comment) = line.strip_prefix('#') {
        let mut words = comment.split_ascii_whitespace();
        return match (words.next()?, words.next()?, words.next()?) {
            ("TYPE", name, kind) => Some(Entry::Type { name: name.trim_matches('"'), kind }),
            _ => None,
        };
    }
    let (mut name, rest) = line.split_at(line.find(|c: char| c == '{' || c.is_whitespace())?);
    let mut labels = Vec::new();
    let rest = match rest.strip_prefix('{') {
        None => rest,
        Some(mut inside) => loop {
            inside = inside.trim_start_matches([' ', ',']);
            if let Some(rest) = inside.strip_prefix('}') {
                break rest;
            }
            if labels.len() == MOST_LABELS {
                return None;
            }
            // Names with other characters than letters, digits, `_` and `:` are quoted, the metric's among the labels.
            if let Some(quoted) = inside.strip_prefix('"') {
                let end = quoted.find('"')?;
                let (word, rest) = (&quoted[..end], &quoted[end + 1..]);
                match rest.strip_prefix('=') {
                    None => (name, inside) = (word, rest),
                    Some(value) => {
                        let (value, rest) = unquote(value)?;
                        labels.push((word, value));
                        inside = rest;
                    }
                }
                continue;
            }
            let (label, value) = inside.split_once('=')?;
            let (value, rest) = unquote(value.trim_start())?;
            labels.push((label.trim(), value));
            inside = rest;
        },
    };
    let value = rest.split_ascii_whitespace().next()?.parse().ok()?;
    (!name.is_empty()).then_some(Entry::Sample(Sample { name, labels, value }))
}

/// The quoted text at the start, unescaped, and what follows it.
fn unquote(text: &str) -> Option<(String, &str)> {
    let text = text.strip_prefix('"')?;
    let (mut value, mut escaped) = (String::new(), false);
    for (at, c) in text.char_indices() {
        match c {
            'n' if escaped => value.push('\n'),
            c if escaped => value.push(c),
            '\\' => {
                escaped = true;
                continue;
            }
            '"' => return Some((value, &text[at + 1..])),
            c => value.push(c),
        }
        escaped = false;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Owned = (String, Vec<(String, String)>, f64);

    fn sample(line: &str) -> Option<Owned> {
        match parse_line(line)? {
            Entry::Sample(s) => {
                let labels = s.labels.into_iter().map(|(n, v)| (n.to_owned(), v)).collect();
                Some((s.name.to_owned(), labels, s.value))
            }
            Entry::Type { .. } => None,
        }
    }

    #[test]
    fn all_forms_of_a_sample_are_parsed() {
        let label = |n: &str, v: &str| (n.to_owned(), v.to_owned());
        assert_eq!(sample("up 1"), Some(("up".into(), vec![], 1.0)));
        assert_eq!(
            sample(r#"a{b="c,}\"\\d",e="f",} 7.299215e+06 1700000000000"#),
            Some(("a".into(), vec![label("b", "c,}\"\\d"), label("e", "f")], 7_299_215.0))
        );
        assert_eq!(sample(r#"{"otelcol.x.y",b="c"} 2"#), Some(("otelcol.x.y".into(), vec![label("b", "c")], 2.0)));
        assert_eq!(sample("inf +Inf").unwrap().2, f64::INFINITY);
        for bad in ["", "#", "# HELP a b", "a", "a b", "a{", r#"a{b="c} 1"#, r#"a{b=c} 1"#, "{} 1", "a{b} 1"] {
            assert_eq!(sample(bad), None, "{bad}");
        }
        assert_eq!(parse_line("# TYPE a counter"), Some(Entry::Type { name: "a", kind: "counter" }));
    }

    fn entries(chunks: &[&[u8]]) -> Vec<String> {
        let (mut parser, mut out) = (SampleParser::default(), Vec::new());
        let mut each = |entry: Entry| out.push(format!("{entry:?}"));
        chunks.iter().for_each(|c| parser.feed(c, &mut each));
        parser.end(&mut each);
        out
    }

    #[test]
    fn a_line_without_end_is_skipped() {
        let long = vec![b'x'; 100_000];
        assert_eq!(entries(&[b"a 1\n", &long, &long, b" 1\nb 2"]).len(), 2);
    }

    proptest! {
        #[test]
        fn any_bytes_are_accepted(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            entries(&[&bytes]);
        }

        #[test]
        fn any_text_is_accepted(text in r#"[a-c]{0,3}(\{[a-c"=\\,}{ ]{0,12}\}?)? ?[0-9.e+#\n-]{0,6}"#) {
            let _ = parse_line(&text);
        }

        #[test]
        fn chunk_boundaries_do_not_matter(
            text in "([a-z]{1,4}(\\{x=\"[a-z\\\\\"]{0,4}\"\\})? [0-9]{1,3}\n){0,8}", at in 0usize..100,
        ) {
            let bytes = text.as_bytes();
            let (head, tail) = bytes.split_at(at.min(bytes.len()));
            prop_assert_eq!(entries(&[head, tail]), entries(&[bytes]));
        }
    }
}
