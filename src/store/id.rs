//! A session's id: what its recording begins with, so that it is the same on every machine and at every try, while it is written
//! and afterwards. Must not read more than the beginning.

use crate::recording::Header;
use flate2::read::GzDecoder;
use ring::digest::{Context, SHA256};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// The most bytes of a first line that count.
const MOST: u64 = 1 << 20;
/// Bytes of the file that count as well: the same recording, packed otherwise, is another file.
pub const BEGINNING: usize = 64;

/// `edot-gateway-hpa-20261124-003110-1f2e3d4c`: the HPA, when recording began, and a hash of the beginning.
///
/// # Errors
/// The file cannot be read.
pub fn of(path: &Path, header: &Header) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut beginning = Vec::new();
    file.by_ref().take(BEGINNING as u64).read_to_end(&mut beginning)?;
    let whole = beginning.as_slice().chain(file);
    let line =
        if beginning.starts_with(&[0x1f, 0x8b]) { first_line(GzDecoder::new(whole))? } else { first_line(whole)? };
    let mut hash = Context::new(&SHA256);
    hash.update(&beginning);
    hash.update(&line);
    let hash: String = hash.finish().as_ref().iter().take(4).map(|b| format!("{b:02x}")).collect();
    let named = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let hpa: String = header.watching.hpa.chars().map(named).take(63).collect();
    let hpa = if hpa.is_empty() { "session".to_owned() } else { hpa };
    Ok(format!("{hpa}-{}-{hash}", header.at.format("%Y%m%d-%H%M%S")))
}

fn first_line(from: impl Read) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    BufReader::new(from.take(MOST)).read_until(b'\n', &mut line)?;
    Ok(line)
}

/// Whether it can be a session's id; it becomes a part of a path.
pub fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 200
        && text.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.'))
}
