//! The Prometheus text format, a line at a time, out of chunks of any size. What is too long or not understood is passed
//! over; nothing is kept but the line in work, so the size of an answer does not matter here.

/// The longest line that is read; a longer one is passed over.
const LINE: usize = 16 << 10;
/// The most labels that a sample may have.
const LABELS: usize = 64;

/// A sample, as it stands in its line.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample<'a> {
    pub name: &'a str,
    pub labels: Vec<(&'a str, String)>,
    pub value: f64,
}

impl Sample<'_> {
    /// The label's value, also where its name stands with dots; empty when there is none.
    pub fn label(&self, name: &str) -> &str {
        let same = |n: &str| {
            n.len() == name.len() && n.bytes().zip(name.bytes()).all(|(a, b)| a == b || a == b'.' && b == b'_')
        };
        self.labels.iter().find(|(n, _)| same(n)).map_or("", |(_, v)| v.as_str())
    }
}

/// What a line says.
#[derive(Clone, Debug, PartialEq)]
pub enum Line<'a> {
    /// `# TYPE name kind`.
    Type {
        name: &'a str,
        kind: &'a str,
    },
    Sample(Sample<'a>),
}

/// Cuts chunks into lines.
#[derive(Debug, Default)]
pub struct Cutter {
    rest: Vec<u8>,
    /// The line in work is too long.
    over: bool,
}

impl Cutter {
    /// Calls `each` with every line that `chunk` completes and that says something.
    pub fn feed(&mut self, mut chunk: &[u8], each: &mut impl FnMut(Line)) {
        while let Some(end) = chunk.iter().position(|b| *b == b'\n') {
            let (line, rest) = chunk.split_at(end);
            match self.rest.is_empty() && !self.over {
                true => tell(line, each),
                false => {
                    self.keep(line);
                    self.end(each);
                }
            }
            chunk = rest.get(1..).unwrap_or_default();
        }
        self.keep(chunk);
    }

    /// The last line need not have an end.
    pub fn end(&mut self, each: &mut impl FnMut(Line)) {
        if !std::mem::take(&mut self.over) {
            tell(&self.rest, each);
        }
        self.rest.clear();
    }

    fn keep(&mut self, part: &[u8]) {
        if self.over || self.rest.len() + part.len() > LINE {
            self.over = true;
            self.rest.clear();
        } else {
            self.rest.extend_from_slice(part);
        }
    }
}

fn tell(line: &[u8], each: &mut impl FnMut(Line)) {
    if line.len() <= LINE
        && let Ok(text) = std::str::from_utf8(line)
        && let Some(line) = read(text)
    {
        each(line);
    }
}

/// What a line says; None for comments, empty lines and what is no sample.
pub fn read(line: &str) -> Option<Line<'_>> {
    let line = line.trim();
    if let Some(comment) = line.strip_prefix('#') {
        let mut words = comment.split_ascii_whitespace();
        return match (words.next()?, words.next()?, words.next()?) {
            ("TYPE", name, kind) => Some(Line::Type { name: name.trim_matches('"'), kind }),
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
            if labels.len() == LABELS {
                return None;
            }
            // A name that needs it stands quoted among the labels.
            if let Some(quoted) = inside.strip_prefix('"') {
                let end = quoted.find('"')?;
                let (word, rest) = (&quoted[..end], &quoted[end + 1..]);
                match rest.strip_prefix('=') {
                    None => (name, inside) = (word, rest),
                    Some(value) => {
                        let (value, rest) = quote(value)?;
                        labels.push((word, value));
                        inside = rest;
                    }
                }
                continue;
            }
            let (label, value) = inside.split_once('=')?;
            let (value, rest) = quote(value.trim_start())?;
            labels.push((label.trim(), value));
            inside = rest;
        },
    };
    let value = rest.split_ascii_whitespace().next()?.parse().ok()?;
    (!name.is_empty()).then_some(Line::Sample(Sample { name, labels, value }))
}

/// A quoted text at the start, and what follows it.
fn quote(text: &str) -> Option<(String, &str)> {
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
        match read(line)? {
            Line::Sample(s) => {
                let labels = s.labels.into_iter().map(|(n, v)| (n.to_owned(), v)).collect();
                Some((s.name.to_owned(), labels, s.value))
            }
            Line::Type { .. } => None,
        }
    }

    #[test]
    fn reads_the_forms_of_a_sample() {
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
        assert_eq!(read("# TYPE a counter"), Some(Line::Type { name: "a", kind: "counter" }));
    }

    fn lines(chunks: &[&[u8]]) -> Vec<String> {
        let (mut cutter, mut out) = (Cutter::default(), Vec::new());
        let mut each = |line: Line| out.push(format!("{line:?}"));
        chunks.iter().for_each(|c| cutter.feed(c, &mut each));
        cutter.end(&mut each);
        out
    }

    #[test]
    fn a_line_without_end_is_passed_over() {
        let long = vec![b'x'; 100_000];
        assert_eq!(lines(&[b"a 1\n", &long, &long, b" 1\nb 2"]).len(), 2);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            lines(&[&bytes]);
        }

        #[test]
        fn any_text_is_taken(text in r#"[a-c]{0,3}(\{[a-c"=\\,}{ ]{0,12}\}?)? ?[0-9.e+#\n-]{0,6}"#) {
            let _ = read(&text);
        }

        #[test]
        fn where_the_chunks_are_cut_does_not_matter(
            text in "([a-z]{1,4}(\\{x=\"[a-z\\\\\"]{0,4}\"\\})? [0-9]{1,3}\n){0,8}", at in 0usize..100,
        ) {
            let bytes = text.as_bytes();
            let (head, tail) = bytes.split_at(at.min(bytes.len()));
            prop_assert_eq!(lines(&[head, tail]), lines(&[bytes]));
        }
    }
}
