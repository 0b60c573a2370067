//! Counts what a JSON text holds while it arrives: a short text of many small values takes far more memory once it is parsed.
//! Must not parse it, nor decide whether it is valid.

/// The most objects of a list in one answer.
const OBJECTS: usize = 20_000;
/// The most objects and arrays of one answer, at any depth. A pod has about 250.
const CONTAINERS: usize = 500_000;
/// The most values of one answer.
const VALUES: usize = 2_000_000;

/// What has been counted so far.
#[derive(Default)]
pub struct JsonSize {
    depth: usize,
    in_text: bool,
    escaped: bool,
    objects: usize,
    containers: usize,
    values: usize,
}

impl JsonSize {
    /// Count this part of the text; the bound that is exceeded by now, in words.
    pub fn exceeded(&mut self, part: &[u8]) -> Option<String> {
        for byte in part {
            if self.in_text {
                (self.in_text, self.escaped) = (self.escaped || *byte != b'"', !self.escaped && *byte == b'\\');
                continue;
            }
            match byte {
                b'"' => self.in_text = true,
                b'{' | b'[' => {
                    // The list's own object, its items, and one of them.
                    self.objects += usize::from(self.depth == 2);
                    self.containers += 1;
                    self.depth += 1;
                }
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                b',' => self.values += 1,
                _ => {}
            }
        }
        let over = |count: usize, most: usize, what: &str| (count > most).then(|| format!("{most} {what}"));
        over(self.objects, OBJECTS, "objects")
            .or_else(|| over(self.containers, CONTAINERS, "objects and arrays"))
            .or_else(|| over(self.values, VALUES, "values"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exceeded(text: &str, part: usize) -> Option<String> {
        let mut size = JsonSize::default();
        text.as_bytes().chunks(part).find_map(|part| size.exceeded(part))
    }

    #[test]
    fn small_values_are_counted_wherever_they_are() {
        let list = |item: &str, count: usize| format!("{{\"items\":[{}]}}", vec![item; count].join(","));
        for (text, expected) in [
            (list("{}", OBJECTS), None),
            (list("{}", OBJECTS + 1), Some("20000 objects")),
            (list("[]", OBJECTS + 1), Some("20000 objects")),
            (list("1", VALUES + 2), Some("2000000 values")),
            (
                format!("{{\"items\":[{{\"a\":[{}]}}]}}", vec!["{}"; CONTAINERS].join(",")),
                Some("500000 objects and arrays"),
            ),
            // In a text they are nothing.
            (list(&format!("\"{}\"", "\\\"{[,".repeat(600_000)), 1), None),
            ("[".repeat(CONTAINERS + 1), Some("500000 objects and arrays")),
        ] {
            assert_eq!(exceeded(&text, 1000).as_deref(), expected, "{text:.40}");
            assert_eq!(exceeded(&text, 1 << 20).as_deref(), expected, "{text:.40}");
        }
    }
}
