//! How often the metrics API has newer samples, learned from their timestamps. Must not read a sample's window, which is only
//! what its figure is averaged over: with prometheus-adapter minutes, while each request brings a newer sample.

use std::collections::VecDeque;

/// The steps that are kept.
const STEPS: usize = 9;

/// The newest timestamp, and how it moved on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sampling {
    newest: Option<i64>,
    /// Milliseconds from one newest timestamp to the next.
    steps: VecDeque<i64>,
}

impl Sampling {
    /// Takes in the newest timestamp of an answer, milliseconds since 1970.
    pub fn take(&mut self, newest: i64) {
        // A new pod's first sample may be of the period before.
        if let Some(step) = self.newest.map(|before| newest.saturating_sub(before)).filter(|step| *step > 0) {
            self.steps.push_back(step);
            if self.steps.len() > STEPS {
                self.steps.pop_front();
            }
        }
        self.newest = self.newest.max(Some(newest));
    }

    /// Seconds between samples: the median of the latest steps. None until two are known.
    pub fn period_s(&self) -> Option<f64> {
        let mut steps: Vec<i64> = self.steps.iter().copied().collect();
        steps.sort_unstable();
        let step = steps.get(steps.len().saturating_sub(1) / 2).filter(|_| steps.len() > 1)?;
        Some((*step as f64 / 1000.0).clamp(5.0, 300.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(timestamps: &[i64]) -> Option<f64> {
        let mut sampling = Sampling::default();
        timestamps.iter().for_each(|t| sampling.take(t * 1000));
        sampling.period_s()
    }

    #[test]
    fn the_period_is_that_of_the_timestamps() {
        for (timestamps, expected) in [
            (&[0][..], None),
            (&[0, 15], None),
            (&[0, 15, 30], Some(15.0)),
            (&[0, 60, 120, 180], Some(60.0)),
            // An answer that was missing, one that came twice, and a pod's first sample.
            (&[0, 15, 30, 75, 75, 60, 90, 105], Some(15.0)),
            (&[0, 1, 2, 3], Some(5.0)),
        ] {
            assert_eq!(period(timestamps), expected, "{timestamps:?}");
        }
    }
}
