//! A recording's file in chunks, and back: chunk `n` is always the same bytes of the file, so that it can be sent again. Must not
//! know what is in them.

use super::bulk::{Doc, How};
use super::{RECORDINGS, StoreError, StoreErrorKind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use serde_json::{Value, json};
use std::io::{self, Read, Write};

/// Bytes of the file in a chunk: few where the file is compressed, since the last is sent again as it grows.
const COMPRESSED: u64 = 16 << 10;
const PLAIN: u64 = 128 << 10;

/// How many bytes of a file that begins like this are in a chunk.
pub fn size(beginning: &[u8]) -> u64 {
    if beginning.starts_with(&[0x1f, 0x8b]) { COMPRESSED } else { PLAIN }
}

/// The id of a chunk.
pub fn id(session: &str, n: u64) -> String {
    format!("{session}:{n}")
}

/// The document of a chunk. Its version is its length, so that a late, shorter one replaces nothing.
pub fn document(session: &str, n: u64, bytes: &[u8], size: u64) -> Doc {
    let plain = size == PLAIN;
    let data = if plain { gzip(bytes).unwrap_or_default() } else { bytes.to_vec() };
    let encoding = if plain { "gzip" } else { "none" };
    let body = json!({
        "session": session, "n": n, "bytes": bytes.len(), "encoding": encoding, "data": BASE64.encode(data)
    });
    Doc { index: RECORDINGS.into(), id: id(session, n), how: How::Version(bytes.len() as u64), body }
}

/// The bytes of a chunk's document.
///
/// # Errors
/// It is damaged.
pub fn bytes(source: &Value) -> Result<Vec<u8>, StoreError> {
    let n = &source["n"];
    let damaged =
        || StoreError::new(StoreErrorKind::Refused, format!("chunk {n} of the recording is damaged in the store"));
    let mut data = BASE64.decode(source["data"].as_str().unwrap_or_default()).map_err(|_| damaged())?;
    let length = source["bytes"].as_u64().filter(|length| *length <= PLAIN).ok_or_else(damaged)?;
    if source["encoding"] == "gzip" {
        let mut plain = Vec::new();
        GzDecoder::new(data.as_slice()).take(PLAIN + 1).read_to_end(&mut plain).map_err(|_| damaged())?;
        data = plain;
    }
    if data.len() as u64 == length { Ok(data) } else { Err(damaged()) }
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut to = GzEncoder::new(Vec::new(), Compression::new(6));
    to.write_all(bytes)?;
    to.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_is_the_same_bytes_again() {
        let text: Vec<u8> = (0..100_000).map(|n| (n % 251) as u8).collect();
        for size in [COMPRESSED, PLAIN] {
            let doc = document("s", 3, &text, size);
            assert_eq!((doc.id.as_str(), doc.how), ("s:3", How::Version(100_000)));
            assert_eq!(bytes(&doc.body).unwrap(), text);
            let mut damaged = doc.body;
            damaged["bytes"] = 99_999.into();
            assert!(bytes(&damaged).unwrap_err().reason.contains("chunk 3"));
        }
        assert_eq!((super::size(&[0x1f, 0x8b, 8]), super::size(b"{")), (COMPRESSED, PLAIN));
    }
}
