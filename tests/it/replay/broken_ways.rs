//! The ways in which a recording can be broken: bytes, lines, values, gzip. Each tells how many observations must come
//! through all the same.

use crate::it::support::dice::Dice;
use flate2::{Compression, write::GzEncoder};
use serde_json::Value;
use std::io::Write;

/// Observations that are read of one recording.
pub const MOST_SEEN: usize = 2_000_000;

/// A broken recording.
pub struct Case {
    pub bytes: Vec<u8>,
    /// Observations that must come through.
    pub least: usize,
    seed: u64,
    number: u64,
    how: String,
}

impl Case {
    /// How to have it again.
    pub fn describe(&self) -> String {
        format!("seed {} case {}: {}, {} bytes", self.seed, self.number, self.how, self.bytes.len())
    }
}

/// A line of a recording, and whether it is sound.
type Line = (Vec<u8>, bool);

pub fn any_case(sound: &[Vec<u8>], dice: &mut Dice, seed: u64, number: u64) -> Case {
    let text = &sound[dice.below(sound.len())];
    if dice.below(400) == 0 {
        let bomb = BOMBS[dice.below(BOMBS.len())];
        return Case { seed, number, ..bomb_case(bomb, text, (1 + dice.below(24)) << 20) };
    }
    let mut how = Vec::new();
    let mut lines: Vec<Line> = text.split(|b| *b == b'\n').map(|l| (l.to_vec(), true)).collect();
    lines.pop();
    for _ in 0..dice.below(8) {
        how.push(break_lines(&mut lines, sound, dice));
    }
    let gz = dice.below(3) > 0;
    let mut pieces = if gz { members(&lines, dice) } else { plain(&lines) };
    if dice.below(2) == 0 {
        for _ in 0..=dice.below(4) {
            how.push(break_bytes(&mut pieces, gz, dice));
        }
    }
    // What comes before the first damage must come through; in plain text what lies behind it must, too.
    let until = if gz { pieces.iter().position(|p| !p.sound).unwrap_or(pieces.len()) } else { pieces.len() };
    let mut least = pieces[..until].iter().filter(|p| p.sound).map(|p| p.seen).sum();
    // What begins with nothing but junk is no recording.
    if lines.iter().take(40).all(|l| !l.1) || pieces.iter().take(if gz { 1 } else { 40 }).all(|p| !p.sound) {
        least = 0;
    }
    let bytes = pieces.into_iter().flat_map(|p| p.bytes).collect();
    Case { bytes, least, seed, number, how: format!("{} {}", if gz { "gz" } else { "plain" }, how.join(", ")) }
}

/// What stands by itself: a line, or a gzip member.
struct Piece {
    bytes: Vec<u8>,
    sound: bool,
    /// Observations in its sound lines.
    seen: usize,
}

fn is_seen(line: &Line) -> bool {
    line.1 && line.0.windows(7).take(60).any(|w| w == b"\"seen\":")
}

fn plain(lines: &[Line]) -> Vec<Piece> {
    let one = |l: &Line| Piece { bytes: [&l.0[..], b"\n"].concat(), sound: true, seen: usize::from(is_seen(l)) };
    lines.iter().map(one).collect()
}

fn members(lines: &[Line], dice: &mut Dice) -> Vec<Piece> {
    let many = [1, 7, 60, 100_000][dice.below(4)];
    lines
        .chunks(many)
        .map(|some| {
            let text: Vec<u8> = some.iter().flat_map(|l| [&l.0[..], b"\n"].concat()).collect();
            Piece { bytes: gzip(&text), sound: true, seen: some.iter().filter(|l| is_seen(l)).count() }
        })
        .collect()
}

pub fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn break_lines(lines: &mut Vec<Line>, sound: &[Vec<u8>], dice: &mut Dice) -> String {
    let at = dice.below(lines.len().max(1)).min(lines.len().saturating_sub(1));
    if lines.is_empty() {
        return "nothing left".into();
    }
    let way = dice.below(14);
    let line = &mut lines[at];
    match way {
        0 => {
            let cut = dice.below(line.0.len());
            *line = (line.0[..cut].to_vec(), false);
        }
        1 => *line = (vec![b'x'; (1 << 20) + dice.below(1 << 20)], false),
        // A text that is too long within a line that is not.
        2 => *line = (note(&"w".repeat(dice.below(1 << 20))), false),
        3 => *line = (deep(dice), false),
        4 => *line = (br#"{"at":"2026-11-24T00:00:00Z","seen":"quasar","spin":{"up":[1]}}"#.to_vec(), true),
        5 => {
            let other = dice.below(lines.len());
            lines.swap(at, other);
        }
        6 => {
            let again = lines[at].clone();
            let times = dice.below(40);
            lines.splice(at..at, std::iter::repeat_n(again, times));
        }
        7 => drop(lines.remove(at)),
        8 => {
            let other = &sound[dice.below(sound.len())];
            let many: Vec<&[u8]> = other.split(|b| *b == b'\n').collect();
            let from = dice.below(many.len() - 1);
            let some = many[from..many.len() - 1].iter().take(80).map(|l| (l.to_vec(), true));
            lines.splice(at..at, some);
        }
        9 => {
            let junk: Vec<u8> = (0..dice.below(300)).map(|_| dice.below(256) as u8).filter(|b| *b != b'\n').collect();
            lines.insert(at, (junk, false));
        }
        // Many that differ in a name only.
        10 => {
            let text = String::from_utf8_lossy(&line.0).into_owned();
            let from = text.find("\"name\":\"").or(text.find("\"uid\":\"")).or(text.find("\"pod\":\""));
            if let Some(from) = from.and_then(|f| text[f + 1..].find(":\"").map(|n| f + n + 3)) {
                let many = (0..dice.below(3000)).map(|n| format!("{}n{n}-{}", &text[..from], &text[from..]));
                let many: Vec<Line> = many.map(|t| (t.into_bytes(), false)).collect();
                lines.splice(at..at, many);
            }
        }
        _ => {
            for _ in 0..=dice.below(4) {
                if let Ok(mut value) = serde_json::from_slice::<Value>(&lines[at].0) {
                    odd_value(&mut value, dice);
                    lines[at] = (serde_json::to_vec(&value).unwrap(), false);
                }
            }
        }
    }
    format!("line {at} way {way}")
}

fn note(text: &str) -> Vec<u8> {
    format!("{{\"at\":\"2026-11-24T00:00:00Z\",\"seen\":\"note\",\"text\":\"{text}\"}}").into_bytes()
}

fn deep(dice: &mut Dice) -> Vec<u8> {
    let depth = [100, 127, 128, 5000, 300_000][dice.below(5)];
    let (open, close) = [("[", "]"), ("{\"a\":", "}")][dice.below(2)];
    let inner =
        format!("{}1{}", open.repeat(depth), if dice.below(2) == 0 { close.repeat(depth) } else { String::new() });
    let kind =
        ["note\",\"text", "hpa\",\"metrics", "quasar\",\"x", "tick\",\"x", "collector\",\"receivers"][dice.below(5)];
    format!("{{\"at\":\"2026-11-24T00:00:00Z\",\"seen\":\"{kind}\":{inner}}}").into_bytes()
}

/// Puts something odd somewhere into it.
fn odd_value(value: &mut Value, dice: &mut Dice) {
    let go_in = dice.below(8) > 0;
    match value {
        Value::Object(map) if go_in && !map.is_empty() => {
            let key = map.keys().nth(dice.below(map.len())).cloned().unwrap();
            match dice.below(12) {
                0 => drop(map.remove(&key)),
                1 => {
                    let taken = map.remove(&key).unwrap();
                    map.insert(format!("{key}x"), taken);
                }
                // When and what it is stay, more often than not.
                _ if matches!(key.as_str(), "at" | "seen") && dice.below(4) > 0 => {}
                _ => odd_value(&mut map[&key], dice),
            }
        }
        Value::Array(all) if go_in && !all.is_empty() => {
            let n = dice.below(all.len());
            match dice.below(6) {
                0 => drop(all.remove(n)),
                1 => {
                    let again = all[n].clone();
                    all.extend(std::iter::repeat_n(again, dice.below(30)));
                }
                _ => odd_value(&mut all[n], dice),
            }
        }
        other => *other = odd(dice),
    }
}

fn odd(dice: &mut Dice) -> Value {
    let numbers = [0.0, -1.0, 1e308, -1e308, 1e19, 5e-324, 0.1, 1e15];
    let whole = [0, -1, 1, i64::MAX, i64::MIN, i64::from(i32::MAX), i64::from(i32::MIN), 1 << 53];
    let texts = [
        "",
        "9223372036854775807",
        "-9223372036854775808",
        "99999999999999999999E",
        "1e999",
        "0",
        "0m",
        "-1",
        "NaN",
        "1Ki",
        "1E18Ei",
        "+262142-12-31T23:59:59.999999999Z",
        "-262143-01-01T00:00:00Z",
        "1970-01-01T00:00:00Z",
        "2026-11-24T00:33:10Z",
        "9999-12-31T23:59:60Z",
        "\u{202e}\u{7}\u{1b}[2J",
        "True",
        "Resource",
        "cpu",
        "New size: 99999999999; reason: x",
        "from 9 to -1",
        "👩‍👩‍👧‍👦",
    ];
    match dice.below(8) {
        0 => Value::Null,
        1 => Value::Bool(dice.below(2) == 0),
        2 => numbers[dice.below(numbers.len())].into(),
        3 => whole[dice.below(whole.len())].into(),
        4 => u64::MAX.into(),
        5 => Value::Array(vec![Value::Null; dice.below(3)]),
        6 => Value::Object(Default::default()),
        _ => texts[dice.below(texts.len())].into(),
    }
}

/// Breaks bytes of the whole, and marks the pieces that have part in it.
fn break_bytes(pieces: &mut Vec<Piece>, gz: bool, dice: &mut Dice) -> String {
    if pieces.is_empty() {
        return "nothing left".into();
    }
    let n = dice.below(pieces.len());
    let way = dice.below(9);
    let piece = &mut pieces[n];
    let at = dice.below(piece.bytes.len());
    let until = (at + dice.below(300)).min(piece.bytes.len());
    piece.sound = false;
    match way {
        0 if !piece.bytes.is_empty() => piece.bytes[at] ^= 1 << dice.below(8),
        1 => {
            // Torn here; the rest is not there.
            piece.bytes.truncate(at);
            pieces.truncate(n + 1);
        }
        2 => drop(piece.bytes.drain(at..until)),
        3 => piece.bytes[at..until].iter_mut().for_each(|b| *b = dice.below(256) as u8),
        // Torn here, and another one begun behind it, as after a crash of the writer.
        4 => piece.bytes.truncate(at),
        5 => {
            let again = piece.bytes[at..until].to_vec();
            piece.bytes.splice(at..at, again);
        }
        // Junk between two.
        6 => piece.bytes.extend((0..dice.below(3000)).map(|_| dice.below(256) as u8)),
        7 if gz => {
            let small = gzip(b"");
            piece.bytes.extend(small.repeat(dice.below(2000)));
        }
        _ => piece.bytes.extend_from_slice(b"\x1f\x8b\x08\0\0\0\0\0\0\xff"),
    }
    // In text, what lost its end runs into the next one, and so does what was put behind it.
    if let (false, Some(next)) = (gz, pieces.get_mut(n + 1)) {
        next.sound = false;
    }
    format!("piece {n} way {way} at {at}")
}

/// Little on the disk, much to read.
#[derive(Clone, Copy, Debug)]
pub enum Bomb {
    /// One line without an end.
    Endless,
    /// Many lines of no meaning, in one member.
    Lines,
    /// Many empty members.
    Members,
    /// Brackets without end.
    Nested,
    /// Sound lines that differ in their names.
    Names,
}

pub const BOMBS: &[Bomb] = &[Bomb::Endless, Bomb::Lines, Bomb::Members, Bomb::Nested, Bomb::Names];

/// A bomb between two halves of a sound recording, of about so many bytes of text.
pub fn bomb_case(bomb: Bomb, text: &[u8], size: usize) -> Case {
    let half = text.iter().enumerate().filter(|(_, b)| **b == b'\n').nth(200).map_or(text.len(), |(n, _)| n + 1);
    let mut encoder = GzEncoder::new(gzip(&text[..half]), Compression::fast());
    let mut fill = |piece: &[u8]| (0..size / piece.len() + 1).for_each(|_| encoder.write_all(piece).unwrap());
    match bomb {
        Bomb::Endless => fill(&[b'a'; 1 << 16]),
        Bomb::Lines => fill(&b"x\n".repeat(1 << 14)),
        Bomb::Nested => fill(&b"[".repeat(1 << 16)),
        Bomb::Members => {}
        Bomb::Names => {
            for n in 0..size / 400 {
                let text = format!(
                    "{{\"at\":\"2026-11-24T00:00:00Z\",\"seen\":\"pod\",\"namespace\":\"n\",\"name\":\"p{n}\",\"uid\":\"u{n}\",\"phase\":\"Running\"}}\n"
                );
                encoder.write_all(text.as_bytes()).unwrap();
            }
        }
    }
    let mut bytes = encoder.finish().unwrap();
    if let Bomb::Members = bomb {
        bytes.extend(gzip(b"").repeat(size / 1000));
    }
    bytes.extend(gzip(&text[half..]));
    // The lines of the first half are sound, but for the header.
    Case { bytes, least: 190, seed: 0, number: 0, how: format!("{bomb:?} of {size}") }
}
