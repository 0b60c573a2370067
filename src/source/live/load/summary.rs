//! Parses the summary that k6 prints at its end, in the form of 0.49 (also `legacy`) and of 1.0 and later. Pure.

use super::progress::seconds;
use crate::observe::text::{NAME, clean};
use crate::observe::{K6SummarySeen, ThresholdSeen};

/// The most lines and thresholds that are kept.
const MOST_LINES: usize = 200;
const MOST_THRESHOLDS: usize = 64;

/// A summary that is being read.
#[derive(Clone, Debug, Default)]
pub struct SummaryParser {
    seen: K6SummarySeen,
    /// A figure was found, so this is a summary.
    found: bool,
    /// The current section is the thresholds of 1.0 and later.
    thresholds: bool,
    /// The metric that was mentioned last.
    metric: String,
}

impl SummaryParser {
    /// Parse a line that is no progress line.
    pub fn line(&mut self, line: &str) {
        let text = line.trim();
        // It begins with the groups of checks, the thresholds or the totals.
        let begins = text.starts_with('█') || metric_line(text).is_some();
        if text.is_empty() || (self.seen.text.is_empty() && !begins) {
            return;
        }
        if self.seen.text.len() < MOST_LINES {
            self.seen.text.push(clean(&line.replace('\t', "  "), 512));
        }
        if let Some(title) = text.strip_prefix('█') {
            self.thresholds = title.trim().starts_with("THRESHOLDS");
        } else if self.thresholds {
            self.threshold(text);
        } else {
            let (mark, text) = mark(text);
            if let Some((name, rest)) = metric_line(text) {
                self.figure(name, rest);
                if let Some(held) = mark {
                    self.add(name, "", held);
                }
                self.metric = clean(name, NAME);
            } else if let (Some(held), Some((tags, _))) = (mark, text.strip_prefix('{').and_then(|t| t.split_once('}')))
            {
                let metric = format!("{}{{{}}}", self.metric, tags.trim());
                self.add(&metric, "", held);
            }
        }
    }

    /// The summary; None when there was none.
    pub fn end(self) -> Option<K6SummarySeen> {
        self.found.then_some(self.seen)
    }

    /// `http_req_duration`, then a line a threshold: `✗ 'p(95)<0.01' p(95)=1.71ms`.
    fn threshold(&mut self, text: &str) {
        match mark(text) {
            (Some(held), rest) => {
                let rule = rest.strip_prefix('\'').and_then(|r| r.split_once('\'')).map_or(rest, |(rule, _)| rule);
                let (metric, rule) = (self.metric.clone(), clean(rule, NAME));
                self.add(&metric, &rule, held);
            }
            (None, name) => self.metric = clean(name, NAME),
        }
    }

    fn add(&mut self, metric: &str, rule: &str, held: bool) {
        self.found = true;
        if self.seen.thresholds.len() < MOST_THRESHOLDS {
            let (metric, rule) = (clean(metric, NAME), rule.to_owned());
            self.seen.thresholds.push(ThresholdSeen { metric, rule, held });
        }
    }

    /// The first figure of a name counts: those of groups and scenarios follow the totals.
    fn figure(&mut self, name: &str, rest: &str) {
        let seen = &mut self.seen;
        let mut words = rest.split_ascii_whitespace();
        let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let rate = second.strip_suffix("/s").and_then(|r| r.parse().ok());
        match name {
            "iterations" if seen.iterations.is_none() => {
                (seen.iterations, seen.iterations_per_s) = (first.parse().ok(), rate);
            }
            "http_reqs" if seen.requests.is_none() => (seen.requests, seen.requests_per_s) = (first.parse().ok(), rate),
            "dropped_iterations" if seen.dropped.is_none() => seen.dropped = first.parse().ok(),
            "http_req_failed" if seen.failed_ratio.is_none() => {
                let parts = parts(rest);
                seen.failed = parts.map(|p| p.0);
                seen.failed_ratio = ratio(parts).or_else(|| percent(first));
            }
            "checks" | "checks_succeeded" if seen.checks_ratio.is_none() => {
                seen.checks_ratio = ratio(parts(rest)).or_else(|| percent(first));
            }
            "http_req_duration" if seen.avg_ms.is_none() && seen.p95_ms.is_none() => {
                let value = |key: &str| {
                    let word = rest.split_ascii_whitespace().find_map(|w| w.strip_prefix(key)?.strip_prefix('='))?;
                    seconds(word).map(|s| s * 1000.0)
                };
                (seen.avg_ms, seen.p95_ms, seen.max_ms) = (value("avg"), value("p(95)"), value("max"));
            }
            _ => return,
        }
        self.found = true;
    }
}

/// `✓` (held) or `✗` (crossed) before a text, and the text.
fn mark(text: &str) -> (Option<bool>, &str) {
    match (text.strip_prefix('✓'), text.strip_prefix('✗')) {
        (Some(rest), _) => (Some(true), rest.trim_start()),
        (_, Some(rest)) => (Some(false), rest.trim_start()),
        _ => (None, text),
    }
}

/// `http_reqs......................: 56614 942.7/s` -> the name and what follows the colon.
fn metric_line(text: &str) -> Option<(&str, &str)> {
    let (_, text) = mark(text);
    let (head, rest) = text.split_once(": ")?;
    let name = head.trim_end_matches('.');
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (name.len() < head.len() && !name.is_empty() && name.chars().all(is_name)).then_some((name, rest.trim()))
}

/// `71.42% ✓ 5 ✗ 2` or `71.42% 5 out of 7` -> (5, 7).
fn parts(rest: &str) -> Option<(u64, u64)> {
    let words: Vec<&str> = rest.split_ascii_whitespace().skip(1).collect();
    match words.as_slice() {
        ["✓", hit, "✗", miss, ..] => {
            let (hit, miss): (u64, u64) = (hit.parse().ok()?, miss.parse().ok()?);
            Some((hit, hit.checked_add(miss)?))
        }
        [hit, "out", "of", all, ..] => Some((hit.parse().ok()?, all.parse().ok()?)),
        _ => None,
    }
}

fn ratio(parts: Option<(u64, u64)>) -> Option<f64> {
    parts.filter(|(_, all)| *all > 0).map(|(hit, all)| hit as f64 / all as f64)
}

fn percent(word: &str) -> Option<f64> {
    word.strip_suffix('%')?.parse::<f64>().ok().map(|p| p / 100.0)
}
