//! A distribution of durations in exponential buckets, precise enough for k6's averages and percentiles.

/// The growth factor of the buckets.
const GROWTH: f64 = 1.08;
/// The upper bound of the first bucket, milliseconds.
const FIRST: f64 = 0.05;

#[derive(Debug, Clone, Default)]
pub struct Trend {
    counts: Vec<u64>,
    pub count: u64,
    sum: f64,
    pub min: f64,
    pub max: f64,
}

/// How values spread around their mean: factor, and share of the values.
const SPREAD: [(f64, f64); 9] = [
    (0.35, 0.05),
    (0.52, 0.12),
    (0.68, 0.18),
    (0.85, 0.20),
    (1.02, 0.18),
    (1.3, 0.12),
    (1.75, 0.09),
    (2.5, 0.045),
    (4.2, 0.015),
];

impl Trend {
    /// Add `count` values spread around a mean.
    pub fn add(&mut self, mean: f64, count: u64) {
        if count == 0 {
            return;
        }
        let norm: f64 = SPREAD.iter().map(|(factor, part)| factor * part).sum();
        let (mut given, mut seen) = (0, 0.0);
        for (factor, part) in SPREAD {
            seen += part;
            let upto = (count as f64 * seen).round() as u64;
            let here = upto.min(count) - given;
            given += here;
            self.put(mean * factor / norm, here);
        }
        self.put(mean, count - given);
    }

    fn put(&mut self, value: f64, count: u64) {
        if count == 0 {
            return;
        }
        let place = ((value / FIRST).max(1.0).ln() / GROWTH.ln()) as usize;
        if self.counts.len() <= place {
            self.counts.resize(place + 1, 0);
        }
        self.counts[place] += count;
        self.min = if self.count == 0 { value } else { self.min.min(value) };
        self.max = self.max.max(value);
        self.count += count;
        self.sum += value * count as f64;
    }

    pub fn mean(&self) -> f64 {
        self.sum / self.count.max(1) as f64
    }

    /// The value below which the share `q` (0 to 1) of the values lies.
    pub fn quantile(&self, q: f64) -> f64 {
        let wanted = (self.count as f64 * q).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (place, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                let upper = FIRST * GROWTH.powi(i32::try_from(place).unwrap_or(0) + 1);
                return upper.clamp(self.min, self.max);
            }
        }
        self.max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_lie_in_order_and_near_the_mean() {
        let mut trend = Trend::default();
        assert_eq!((trend.mean(), trend.quantile(0.95), trend.max), (0.0, 0.0, 0.0));
        for n in 0..200 {
            trend.add(100.0, n % 7);
        }
        assert_eq!(trend.count, (0..200).map(|n| n % 7).sum::<u64>());
        assert!((trend.mean() - 100.0).abs() < 15.0, "{}", trend.mean());
        let all = [0.1, 0.5, 0.9, 0.95, 0.999].map(|q| trend.quantile(q));
        assert!(all.is_sorted() && trend.min <= all[0] && all[4] <= trend.max, "{all:?}");
        assert!(trend.quantile(0.95) > 140.0 && trend.quantile(0.95) < 300.0);
    }
}
