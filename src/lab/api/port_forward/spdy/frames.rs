//! Frames of SPDY/3.1, read and written. Pure.
//!
//! The header blocks of a session form one zlib stream with a preset dictionary. The reader feeds the dictionary to the
//! inflater as a stored block first, so any inflater works; the blocks that are sent are stored, not compressed.

use flate2::{Decompress, FlushDecompress, Status};
use std::collections::HashMap;

/// The dictionary of SPDY/3.
const DICTIONARY: &[u8] = include_bytes!("../spdy.dictionary");
/// The longest frame and the longest header block that are accepted, bytes.
const LONGEST: usize = 1 << 20;
const FIN: u8 = 1;

/// What a client sends.
#[derive(Debug, PartialEq)]
pub enum Frame {
    Open {
        stream: u32,
        headers: HashMap<String, String>,
    },
    Data {
        stream: u32,
        data: Vec<u8>,
        last: bool,
    },
    Reset {
        stream: u32,
    },
    Ping {
        id: u32,
    },
    GoAway,
    /// Settings, window updates and so on.
    Other,
}

/// The bytes are not SPDY/3.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("not SPDY/3")]
pub struct NotSpdy;

/// Reads frames from pieces of any size.
pub struct FrameReader {
    buffer: Vec<u8>,
    inflate: Decompress,
    /// Whether the zlib header was read and the dictionary set.
    begun: bool,
    replied: bool,
}

impl Default for FrameReader {
    fn default() -> Self {
        FrameReader { buffer: Vec::new(), inflate: Decompress::new(false), begun: false, replied: false }
    }
}

impl FrameReader {
    /// Append bytes that were received.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Whether the next reply is the session's first, which begins the zlib stream.
    pub fn first_reply(&mut self) -> bool {
        !std::mem::replace(&mut self.replied, true)
    }

    /// The next frame, once it is complete.
    pub fn frame(&mut self) -> Result<Option<Frame>, NotSpdy> {
        let Some(head) = self.buffer.first_chunk::<8>() else { return Ok(None) };
        let [a, b, c, d, flags, e, f, g] = *head;
        let length = u32::from_be_bytes([0, e, f, g]) as usize;
        if length > LONGEST {
            return Err(NotSpdy);
        }
        if self.buffer.len() < 8 + length {
            return Ok(None);
        }
        let rest = self.buffer.split_off(8 + length);
        let body = std::mem::replace(&mut self.buffer, rest).split_off(8);
        if a & 0x80 == 0 {
            let stream = u32::from_be_bytes([a, b, c, d]);
            return Ok(Some(Frame::Data { stream, data: body, last: flags & FIN != 0 }));
        }
        if (u16::from_be_bytes([a & 0x7f, b])) != 3 {
            return Err(NotSpdy);
        }
        let first = || body.first_chunk::<4>().map(|n| u32::from_be_bytes(*n)).ok_or(NotSpdy);
        Ok(Some(match u16::from_be_bytes([c, d]) {
            1 => {
                let stream = first()? & 0x7fff_ffff;
                let block = self.inflate(body.get(10..).ok_or(NotSpdy)?)?;
                Frame::Open { stream, headers: headers(&block).ok_or(NotSpdy)? }
            }
            3 => Frame::Reset { stream: first()? & 0x7fff_ffff },
            6 => Frame::Ping { id: first()? },
            7 => Frame::GoAway,
            8 => {
                // These headers are not used, but they are part of the zlib stream.
                self.inflate(body.get(4..).ok_or(NotSpdy)?)?;
                Frame::Other
            }
            _ => Frame::Other,
        }))
    }

    fn inflate(&mut self, block: &[u8]) -> Result<Vec<u8>, NotSpdy> {
        let mut block = block;
        if !self.begun {
            self.begun = true;
            // Two bytes of zlib header, and with the preset flag four of the dictionary's checksum.
            let preset = block.get(1).ok_or(NotSpdy)? & 0x20 != 0;
            block = block.get(if preset { 6 } else { 2 }..).ok_or(NotSpdy)?;
            let length = u16::try_from(DICTIONARY.len()).map_err(|_| NotSpdy)?;
            let mut stored = vec![0];
            stored.extend(length.to_le_bytes());
            stored.extend((!length).to_le_bytes());
            stored.extend(DICTIONARY);
            self.decompress(&stored)?;
        }
        self.decompress(block)
    }

    fn decompress(&mut self, mut input: &[u8]) -> Result<Vec<u8>, NotSpdy> {
        let mut out = Vec::new();
        loop {
            let mut piece = [0; 4096];
            let (read, wrote) = (self.inflate.total_in(), self.inflate.total_out());
            let status = self.inflate.decompress(input, &mut piece, FlushDecompress::Sync);
            let read = usize::try_from(self.inflate.total_in() - read).map_err(|_| NotSpdy)?;
            let wrote = usize::try_from(self.inflate.total_out() - wrote).map_err(|_| NotSpdy)?;
            input = &input[read..];
            out.extend_from_slice(&piece[..wrote]);
            match status {
                _ if out.len() > LONGEST => return Err(NotSpdy),
                Err(_) => return Err(NotSpdy),
                Ok(Status::StreamEnd) => return Ok(out),
                // No more output.
                Ok(_) if wrote < piece.len() && (input.is_empty() || read == 0) => return Ok(out),
                Ok(_) => {}
            }
        }
    }
}

fn headers(block: &[u8]) -> Option<HashMap<String, String>> {
    let (count, mut rest) = block.split_first_chunk::<4>()?;
    let count = u32::from_be_bytes(*count);
    let mut out = HashMap::new();
    for _ in 0..count {
        let mut word = || {
            let (head, after) = rest.split_first_chunk::<4>()?;
            let length = u32::from_be_bytes(*head) as usize;
            let text = after.get(..length)?;
            rest = &after[length..];
            Some(String::from_utf8_lossy(text).into_owned())
        };
        let (name, value) = (word()?, word()?);
        out.insert(name.to_lowercase(), value);
    }
    Some(out)
}

fn control(kind: u8, body: &[u8]) -> Vec<u8> {
    let [_, a, b, c] = (body.len() as u32).to_be_bytes();
    [&[0x80, 3, 0, kind, 0, a, b, c], body].concat()
}

/// SYN_REPLY without headers; the session's first one begins the zlib stream.
pub fn reply(stream: u32, first: bool) -> Vec<u8> {
    let mut body = stream.to_be_bytes().to_vec();
    if first {
        body.extend([0x78, 0x01]);
    }
    // The number of headers (0) as a stored block, then an empty block, as after a flush.
    body.extend([0, 4, 0, 0xfb, 0xff, 0, 0, 0, 0]);
    body.extend([0, 0, 0, 0xff, 0xff]);
    control(2, &body)
}

pub fn ping(id: u32) -> Vec<u8> {
    control(6, &id.to_be_bytes())
}

pub fn data(stream: u32, data: &[u8], last: bool) -> Vec<u8> {
    let [_, a, b, c] = (data.len() as u32).to_be_bytes();
    [&stream.to_be_bytes(), &[u8::from(last), a, b, c], data].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two streams as a client opens them, compressed by zlib with the dictionary.
    const OPENED: &str = concat!(
        "800300010000003b0000000100000000000078bbe3c6a7c202253a703a2b294a4dcc851625aca9a0808614cb45e01c60",
        "0104409ab308128d99a0e4cd6800000000ffff800300010000001800000003000000000000c2aa19540e2512d60b0000",
        "00ffff",
    );

    fn bytes() -> Vec<u8> {
        let digits: Vec<u8> = OPENED.bytes().collect();
        digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    }

    fn opened(stream: u32, kind: &str) -> Frame {
        let all = [("streamtype", kind), ("port", "8888"), ("requestid", "0")];
        Frame::Open { stream, headers: all.map(|(k, v)| (k.to_owned(), v.to_owned())).into() }
    }

    #[test]
    fn header_blocks_are_one_stream_with_a_dictionary() {
        for piece in [1, 7, 10_000] {
            let (mut reader, mut frames) = (FrameReader::default(), Vec::new());
            for bytes in bytes().chunks(piece) {
                reader.push(bytes);
                while let Some(frame) = reader.frame().unwrap() {
                    frames.push(frame);
                }
            }
            assert_eq!(frames, [opened(1, "error"), opened(3, "data")], "in pieces of {piece}");
        }
    }

    #[test]
    fn data_pings_and_invalid_frames() {
        let mut reader = FrameReader::default();
        reader.push(&data(5, b"abc", true));
        reader.push(&ping(9));
        assert_eq!(reader.frame(), Ok(Some(Frame::Data { stream: 5, data: b"abc".to_vec(), last: true })));
        assert_eq!(reader.frame(), Ok(Some(Frame::Ping { id: 9 })));
        assert_eq!(reader.frame(), Ok(None));
        reader.push(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        assert_eq!(reader.frame(), Err(NotSpdy), "a frame that long is invalid");
        let mut other = FrameReader::default();
        other.push(&[0x80, 2, 0, 1, 0, 0, 0, 0]);
        assert_eq!(other.frame(), Err(NotSpdy), "SPDY/2");
    }
}
