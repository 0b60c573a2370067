//! What watching cost, between the first reading of the program's own counters and the last. Must not estimate what was
//! before the first.

use crate::observe::CostSeen;

/// The first and the last reading of one process.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cost {
    /// When (milliseconds since 1970), and what was read.
    first: Option<(i64, CostSeen)>,
    last: Option<(i64, CostSeen)>,
}

/// The cost between the two readings.
#[derive(Clone, Debug, PartialEq)]
pub struct CostSummary {
    /// Seconds between the two, by the clock of what was watched; 0 where there is one reading only.
    pub over_s: f64,
    /// Requests to the API server and to Elasticsearch between the two.
    pub api: u64,
    pub elastic: u64,
    /// Processor time between the two, seconds, and as a part of one core.
    pub cpu_s: Option<f64>,
    pub cpu_ratio: Option<f64>,
    /// Resident memory at the last, and the most there ever was; bytes.
    pub resident: Option<u64>,
    pub highest: Option<u64>,
    /// With what the embedded lab took.
    pub lab: bool,
}

impl Cost {
    /// Takes in a reading.
    pub fn take(&mut self, ms: i64, seen: &CostSeen) {
        // An uptime that went back belongs to another process.
        if self.last.as_ref().is_none_or(|(_, last)| seen.up_ms < last.up_ms) {
            self.first = Some((ms, seen.clone()));
        }
        self.last = Some((ms, seen.clone()));
    }

    /// None before the first reading.
    pub fn summary(&self) -> Option<CostSummary> {
        let ((from, first), (to, last)) = self.first.as_ref().zip(self.last.as_ref())?;
        let up_s = last.up_ms.saturating_sub(first.up_ms) as f64 / 1000.0;
        let cpu_s = last.cpu_ms.zip(first.cpu_ms).map(|(l, f)| l.saturating_sub(f) as f64 / 1000.0);
        let cpu_s = cpu_s.filter(|_| up_s > 0.0);
        Some(CostSummary {
            over_s: to.saturating_sub(*from).max(0) as f64 / 1000.0,
            api: last.api.saturating_sub(first.api),
            elastic: last.elastic.saturating_sub(first.elastic),
            cpu_s,
            cpu_ratio: cpu_s.map(|s| s / up_s),
            resident: last.resident,
            highest: last.highest,
            lab: last.lab,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_cost_lies_between_two_readings_of_one_process() {
        let seen =
            |up_s: u64, cpu_ms, api| CostSeen { up_ms: up_s * 1000, cpu_ms: Some(cpu_ms), api, ..CostSeen::default() };
        let mut cost = Cost::default();
        assert_eq!(cost.summary(), None);
        cost.take(5_000, &seen(90, 9000, 900));
        cost.take(10_000, &seen(0, 50, 2));
        let one = cost.summary().unwrap();
        assert_eq!((one.over_s, one.api, one.cpu_s, one.cpu_ratio), (0.0, 0, None, None));
        // A lab's clock that runs twice as fast as the processor's.
        cost.take(70_000, &seen(30, 650, 62));
        let summary = cost.summary().unwrap();
        assert_eq!((summary.over_s, summary.api, summary.cpu_s, summary.cpu_ratio), (60.0, 60, Some(0.6), Some(0.02)));
    }
}
