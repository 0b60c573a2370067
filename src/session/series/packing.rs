//! Points as bytes and back, without loss: each as what changed since the one before. Must not know who keeps them.

/// Bytes of a point at most.
const MOST: usize = 20;
/// Parts of a unit that values are tried as: whole ones, thousandths, millionths.
const SCALES: [f64; 3] = [1.0, 1e3, 1e6];
/// Stands for the scale of a value that is no such part: it follows as it is.
const RAW: usize = SCALES.len();
/// Whole numbers up to here are exact, and leave room for the scale.
const EXACT: f64 = 9e15;

/// Points as bytes, each after the one before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Block {
    pub bytes: Vec<u8>,
    pub len: u32,
}

/// What the next point is told apart from.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct State {
    pub point: (i64, f64),
    /// The distance to the point before it, milliseconds.
    step: i64,
}

impl Block {
    /// First the change of the distance in time, its lowest bit telling whether the value is the same; then, if it is not,
    /// the distance in parts of the unit and which parts, or the value itself.
    pub fn push(&mut self, point: (i64, f64), now: &mut State) {
        if self.bytes.len() + MOST > self.bytes.capacity() {
            self.bytes.reserve_exact(4 * MOST);
        }
        let State { point: (ms, before), step: last } = if self.len == 0 { State::default() } else { *now };
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
        // The first step is from 1970, and tells nothing of the next.
        *now = State { point, step: if self.len == 1 { 0 } else { step } };
    }
}

/// So many points, out of their bytes.
pub fn points(mut rest: &[u8], len: u32) -> Vec<(i64, f64)> {
    let mut out = Vec::with_capacity(len as usize);
    let State { point: (mut ms, mut value), mut step } = State::default();
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

/// The value that differs from the one `before` it.
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

/// A value as so many parts of the unit, if that is what it is to the last bit.
fn whole(value: f64, scale: f64) -> Option<i64> {
    let n = (value * scale).round();
    (n.abs() < EXACT / 4.0 && (n as i64 as f64 / scale).to_bits() == value.to_bits()).then_some(n as i64)
}

/// The nearest number of parts, which the next value's is told apart from.
fn nearest(value: f64, scale: f64) -> i64 {
    (value * scale).round().clamp(-EXACT, EXACT) as i64
}

/// A whole number in as few bytes as it needs, seven bits a byte, its sign in the lowest.
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
            let (mut block, mut now) = (Block::default(), State::default());
            (0..128).for_each(|i| block.push((1_800_000_000_000 + i64::from(i * 5000 + i % 7), value(i)), &mut now));
            block.bytes.len()
        };
        let (idle, busy) = (bytes(|_| 0.0), bytes(|i| f64::from(i % 9) * 17.125));
        assert!(idle < 128 + 16 && busy < 128 * 5, "{idle} {busy}");
    }
}
