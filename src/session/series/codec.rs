//! Lossless packing of points into bytes: each point as the difference from the previous one. Must not know who stores them.

/// The most bytes that one point takes.
const MOST: usize = 20;
/// Scales at which a value may be a whole number: units, thousandths, millionths.
const SCALES: [f64; 3] = [1.0, 1e3, 1e6];
/// The scale code of a value that is whole at none of them: its eight bytes follow unchanged.
const RAW: usize = SCALES.len();
/// Whole numbers up to here are exact in an `f64`, and leave two bits for the scale.
const EXACT: f64 = 9e15;

/// Packed points, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Block {
    pub bytes: Vec<u8>,
    pub len: u32,
}

/// What the next point is encoded against.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Previous {
    pub point: (i64, f64),
    /// Milliseconds since the point before it.
    step: i64,
}

impl Block {
    /// Writes the change of the time step, with the lowest bit set if the value is unchanged; otherwise the change of the
    /// value and its scale follow, or the value itself.
    pub fn push(&mut self, point: (i64, f64), now: &mut Previous) {
        if self.bytes.len() + MOST > self.bytes.capacity() {
            self.bytes.reserve_exact(4 * MOST);
        }
        let Previous { point: (ms, before), step: last } = if self.len == 0 { Previous::default() } else { *now };
        let step = point.0.wrapping_sub(ms);
        let same = before.to_bits() == point.1.to_bits();
        number(&mut self.bytes, step.wrapping_sub(last) << 1 | i64::from(same));
        if !same {
            let scale = SCALES.iter().position(|s| whole(point.1, *s).is_some());
            match scale.and_then(|n| Some((n, whole(point.1, SCALES[n])?))) {
                Some((n, parts)) => number(&mut self.bytes, (parts - nearest(before, SCALES[n])) << 2 | n as i64),
                None => {
                    number(&mut self.bytes, RAW as i64);
                    self.bytes.extend(point.1.to_le_bytes());
                }
            }
        }
        self.len += 1;
        // The first step counts from 1970, which predicts nothing about the next.
        *now = Previous { point, step: if self.len == 1 { 0 } else { step } };
    }
}

/// Unpacks `len` points.
pub fn points(mut rest: &[u8], len: u32) -> Vec<(i64, f64)> {
    let mut out = Vec::with_capacity(len as usize);
    let Previous { point: (mut ms, mut value), mut step } = Previous::default();
    while let Some(code) = read(&mut rest) {
        let now = step.wrapping_add(code >> 1);
        ms = ms.wrapping_add(now);
        if code & 1 == 0 {
            let Some(next) = changed(&mut rest, value) else { break };
            value = next;
        }
        step = if out.is_empty() { 0 } else { now };
        out.push((ms, value));
    }
    out
}

/// Reads a value that differs from the one `before` it.
fn changed(rest: &mut &[u8], before: f64) -> Option<f64> {
    let code = read(rest)?;
    match SCALES.get((code & 3) as usize) {
        Some(scale) => Some((nearest(before, *scale) + (code >> 2)) as f64 / scale),
        None => {
            let (value, more) = rest.split_first_chunk()?;
            *rest = more;
            Some(f64::from_le_bytes(*value))
        }
    }
}

/// A value as a whole number at a scale, if that reproduces it to the last bit.
fn whole(value: f64, scale: f64) -> Option<i64> {
    let n = (value * scale).round();
    (n.abs() < EXACT / 4.0 && (n as i64 as f64 / scale).to_bits() == value.to_bits()).then_some(n as i64)
}

/// The nearest whole number at a scale; the next value is encoded as the difference from it.
fn nearest(value: f64, scale: f64) -> i64 {
    (value * scale).round().clamp(-EXACT, EXACT) as i64
}

/// Writes a zigzag varint: seven bits a byte, the sign in the lowest bit.
fn number(out: &mut Vec<u8>, n: i64) {
    let mut n = (n.wrapping_shl(1) ^ (n >> 63)) as u64;
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn read(bytes: &mut &[u8]) -> Option<i64> {
    let (mut n, mut shift) = (0u64, 0);
    loop {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        n |= u64::from(byte & 0x7f).wrapping_shl(shift);
        shift += 7;
        if byte & 0x80 == 0 {
            return Some((n >> 1) as i64 ^ -((n & 1) as i64));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steady_samples_take_few_bytes() {
        let bytes = |value: fn(i32) -> f64| {
            let (mut block, mut now) = (Block::default(), Previous::default());
            (0..128).for_each(|i| block.push((1_800_000_000_000 + i64::from(i * 5000 + i % 7), value(i)), &mut now));
            block.bytes.len()
        };
        let (idle, busy) = (bytes(|_| 0.0), bytes(|i| f64::from(i % 9) * 17.125));
        assert!(idle < 128 + 16 && busy < 128 * 5, "{idle} {busy}");
    }
}
