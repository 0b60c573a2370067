//! The flags that change an HPA's settings, as commands have them and as a line of text. Must not apply them.

use super::{Changes, Rule};
use crate::hpa::{Direction, Policy, SelectPolicy};
use clap::{Args, Parser, error::ErrorKind};

/// Changes to the HPA's settings.
#[derive(Clone, Debug, Default, Args)]
pub struct ChangeFlags {
    /// Another target: percent of request, or a quantity
    #[arg(long, value_name = "METRIC=VALUE", value_parser = Changes::pair, help_heading = "Changes")]
    target: Vec<(String, String)>,
    /// Without this metric
    #[arg(long, value_name = "METRIC", help_heading = "Changes")]
    drop: Vec<String>,
    /// Another minReplicas
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(0..=100_000), help_heading = "Changes")]
    min: Option<i32>,
    /// Another maxReplicas
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..=100_000), help_heading = "Changes")]
    max: Option<i32>,
    /// Another request of a pod
    #[arg(long, value_name = "RESOURCE=QUANTITY", value_parser = Changes::request, help_heading = "Changes")]
    request: Vec<(String, i64)>,
    /// Another stabilization window for scaling up, seconds
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(i32).range(0..=3600), help_heading = "Changes")]
    scale_up_window: Option<i32>,
    /// Another stabilization window for scaling down, seconds
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(i32).range(0..=3600), help_heading = "Changes")]
    scale_down_window: Option<i32>,
    /// A policy in place of the direction's own, such as down=Pods:1/15; may be given several times
    #[arg(long, value_name = "DIRECTION=TYPE:VALUE/SECONDS", value_parser = Changes::policy, help_heading = "Changes")]
    policy: Vec<(Direction, Policy)>,
    /// Another selectPolicy, such as down=Min
    #[arg(long, value_name = "DIRECTION=POLICY", value_parser = Changes::select, help_heading = "Changes")]
    select: Vec<(Direction, SelectPolicy)>,
}

impl ChangeFlags {
    /// All changes that were asked for.
    pub fn changes(&self) -> Changes {
        let rule = |direction, window_s| Rule {
            window_s,
            policies: self.policy.iter().filter(|p| p.0 == direction).map(|p| p.1).collect(),
            select: self.select.iter().rfind(|s| s.0 == direction).map(|s| s.1),
        };
        Changes {
            targets: self.target.clone(),
            drop: self.drop.clone(),
            min: self.min,
            max: self.max,
            requests: self.request.clone(),
            up: rule(Direction::Up, self.scale_up_window),
            down: rule(Direction::Down, self.scale_down_window),
            instead: None,
        }
    }
}

/// A line that holds flags and nothing else.
#[derive(Debug, Parser)]
#[command(no_binary_name = true, disable_help_flag = true)]
struct Line {
    #[command(flatten)]
    flags: ChangeFlags,
}

impl Changes {
    /// Flags as they are typed: `--target cpu=60 --max 8`.
    ///
    /// # Errors
    /// The flag that is wrong, and what is accepted; there is none.
    pub fn of_flags(line: &str) -> Result<Changes, String> {
        let parsed = Line::try_parse_from(words(line)).map_err(|error| {
            let text = error.to_string();
            let first = text.lines().next().unwrap_or_default().trim_start_matches("error: ").trim();
            match error.kind() {
                ErrorKind::UnknownArgument => {
                    format!("{first}; flags are those of what-if, such as --target cpu=60 --max 8")
                }
                _ => first.to_owned(),
            }
        })?;
        let changes = parsed.flags.changes();
        if changes.is_none() {
            return Err("no change is given; flags are those of what-if, such as --target cpu=60 --max 8".into());
        }
        Ok(changes)
    }

    /// The same as flags; empty for a spec in place of the recorded one.
    pub fn flags(&self) -> String {
        let mut out: Vec<String> =
            self.targets.iter().map(|(n, v)| format!("--target {}", quoted(&format!("{n}={v}")))).collect();
        out.extend(self.drop.iter().map(|n| format!("--drop {}", quoted(n))));
        out.extend(self.min.map(|n| format!("--min {n}")));
        out.extend(self.max.map(|n| format!("--max {n}")));
        out.extend(self.requests.iter().map(|(n, m)| format!("--request {n}={}", quantity_text(*m))));
        for (direction, rule) in [("up", &self.up), ("down", &self.down)] {
            out.extend(rule.window_s.map(|s| format!("--scale-{direction}-window {s}")));
            let policies = rule.policies.iter();
            out.extend(policies.map(|p| format!("--policy {direction}={:?}:{}/{}", p.kind, p.value, p.period_seconds)));
            out.extend(rule.select.map(|s| format!("--select {direction}={s:?}")));
        }
        out.join(" ")
    }
}

/// The words of a line; those in quotes may hold blanks.
fn words(line: &str) -> Vec<String> {
    let (mut out, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => out.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    out.extend(word);
    out
}

/// A word in quotes where it holds blanks, such as the metric `cpu in app`.
fn quoted(word: &str) -> String {
    if word.contains(char::is_whitespace) { format!("\"{word}\"") } else { word.to_owned() }
}

/// Milli-units as a quantity.
fn quantity_text(milli: i64) -> String {
    const MIB: i64 = 1024 * 1024 * 1000;
    match milli {
        m if m % MIB == 0 => format!("{}Mi", m / MIB),
        m if m % 1000 == 0 => (m / 1000).to_string(),
        m => format!("{m}m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_as_they_are_written() {
        for line in [
            "--target cpu=60 --max 8",
            "--target \"cpu in app=60\" --drop \"queue of Ingress/main\"",
            "--target cpu=60 --target memory=70 --drop queue --min 2 --request cpu=250m --request memory=512Mi",
            "--scale-up-window 30 --policy up=Pods:4/15 --policy up=Percent:100/60 --scale-down-window 0 --select down=Min",
        ] {
            assert_eq!(Changes::of_flags(line).unwrap().flags(), line);
        }
    }

    #[test]
    fn what_is_no_flag_is_named_in_one_line() {
        for (line, says) in [
            ("", "no change is given"),
            ("--max", "a value is required for '--max <N>'"),
            ("--max many", "invalid value 'many' for '--max <N>'"),
            ("--target 60", "NAME=VALUE, such as cpu=60"),
            ("--maximum 8", "unexpected argument '--maximum' found; flags are those of what-if"),
            ("cpu=60", "unexpected argument 'cpu=60' found"),
            ("--help", "unexpected argument '--help' found"),
        ] {
            let error = Changes::of_flags(line).unwrap_err();
            assert!(error.contains(says) && !error.contains('\n'), "{line}: {error}");
        }
    }
}
