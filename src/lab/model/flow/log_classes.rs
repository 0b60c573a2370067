//! Which fields the indexed log records have, for queries about their quality: counts by class and by the time of
//! indexing.

use crate::lab::model::Ms;
use crate::lab::scenario::Logs;
use std::collections::BTreeMap;

/// The resolution of time.
const BUCKET_MS: Ms = 5000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LevelLocation {
    /// In `severity_text`, which the alias `log.level` refers to.
    Field,
    /// Only in the attribute `log.level`.
    Attribute,
    Nowhere,
}

/// Records with the same fields.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogClass {
    pub level: LevelLocation,
    pub level_text: &'static str,
    pub trace: bool,
    pub service: Option<&'static str>,
    /// The share of records, 0 to 1.
    part: f64,
}

#[derive(Debug, Clone)]
pub struct LogClasses {
    pub classes: Vec<LogClass>,
    seen: u64,
    /// Bucket's start -> records of each class.
    counts: BTreeMap<Ms, Vec<u64>>,
}

impl LogClasses {
    pub fn new(logs: &Logs) -> Self {
        let nowhere = logs.without_level.0;
        let attribute = logs.level_only_as_attribute.0.min(1.0 - nowhere);
        let levels = [
            (LevelLocation::Field, (1.0 - nowhere - attribute).max(0.0)),
            (LevelLocation::Attribute, attribute),
            (LevelLocation::Nowhere, nowhere),
        ];
        let lacks = logs.without_service.0;
        let services = [(Some("frontend"), (1.0 - lacks) * 0.6), (Some("backend"), (1.0 - lacks) * 0.4), (None, lacks)];
        let traces = [(true, 1.0 - logs.without_trace.0), (false, logs.without_trace.0)];
        let texts = [("INFO", 0.86), ("WARN", 0.11), ("ERROR", 0.03)];
        let mut classes = Vec::new();
        for (level, a) in levels {
            for (trace, b) in traces {
                for (service, c) in services {
                    for (level_text, d) in texts {
                        let part = a * b * c * d;
                        if part > 0.0 {
                            classes.push(LogClass { level, level_text, trace, service, part });
                        }
                    }
                }
            }
        }
        LogClasses { classes, seen: 0, counts: BTreeMap::new() }
    }

    /// Count indexed records. They are distributed by the golden ratio, which stays close to the shares at any time without
    /// random numbers.
    pub fn add(&mut self, records: u64, t: Ms) {
        const GOLDEN: f64 = 0.618_033_988_749_894_9;
        let bucket = t.div_euclid(BUCKET_MS) * BUCKET_MS;
        let counts = self.counts.entry(bucket).or_insert_with(|| vec![0; self.classes.len()]);
        for _ in 0..records {
            self.seen += 1;
            let mut place = (self.seen as f64 * GOLDEN).fract();
            let class = self.classes.iter().position(|class| {
                place -= class.part;
                place < 0.0
            });
            if let Some(count) = counts.get_mut(class.unwrap_or(0)) {
                *count += 1;
            }
        }
    }

    /// The records of each class indexed from `from` to `to` (ms since the lab's start).
    pub fn between(&self, from: Ms, to: Ms) -> Vec<(LogClass, u64)> {
        let mut sums = vec![0; self.classes.len()];
        for (_, counts) in self.counts.range(from.div_euclid(BUCKET_MS) * BUCKET_MS..).take_while(|(at, _)| **at < to) {
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
        self.classes.iter().copied().zip(sums).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::scenario::Share;

    #[test]
    fn the_shares_are_those_of_the_scenario_and_nothing_is_lost() {
        let logs = Logs { without_trace: Share(0.25), without_level: Share(0.1), ..Logs::default() };
        let mut classes = LogClasses::new(&logs);
        (0..1000).for_each(|n| classes.add(7, n * 100));
        let all = classes.between(0, 200_000);
        let sum = |test: fn(&LogClass) -> bool| all.iter().filter(|(c, _)| test(c)).map(|(_, n)| n).sum::<u64>();
        assert_eq!(sum(|_| true), 7000);
        assert!(sum(|c| !c.trace).abs_diff(1750) < 40, "{}", sum(|c| !c.trace));
        assert!(sum(|c| c.level == LevelLocation::Nowhere).abs_diff(700) < 40);
        assert_eq!(classes.between(50_000, 60_000).iter().map(|(_, n)| n).sum::<u64>(), 700);
    }
}
