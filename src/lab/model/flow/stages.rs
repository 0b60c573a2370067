//! The stages of a load: virtual users over time, and the stages in a k6 script, as far as they are literals.

use crate::lab::model::Ms;
use crate::lab::scenario::{Dur, Stage};

/// The duration of all stages.
pub fn length(stages: &[Stage]) -> Ms {
    stages.iter().map(|stage| stage.duration.ms()).sum()
}

/// The most virtual users.
pub fn most(stages: &[Stage]) -> u32 {
    stages.iter().map(|stage| stage.target).max().unwrap_or(0)
}

/// Virtual users at a time since the start: linear between the ends of the stages, from 0.
pub fn users(stages: &[Stage], at: Ms) -> f64 {
    let (mut from, mut begun) = (0.0, 0);
    for stage in stages {
        let (length, to) = (stage.duration.ms(), f64::from(stage.target));
        if at < begun + length {
            let part = (at - begun).max(0) as f64 / length.max(1) as f64;
            return from + (to - from) * part;
        }
        (from, begun) = (to, begun + length);
    }
    0.0
}

/// The stages in a script: every `duration: "…"` with a `target: …` after it, or `vus: …` with a `duration`.
/// `env` replaces `__ENV.NAME`. None when they cannot be read.
pub fn of_script(script: &str, env: &[(String, String)]) -> Option<Vec<Stage>> {
    let variable = |name: &str| env.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    if let Some(written) = variable("STAGES") {
        return written.split(',').map(|stage| parse(stage.split_once(':')?.0, stage.split_once(':')?.1)).collect();
    }
    // Without comments.
    let script: String =
        script.lines().map(|l| l.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    let stages =
        script.find("stages:").and_then(|at| script[at..].split_once('[')?.1.split_once(']').map(|(all, _)| all));
    match stages {
        Some(all) => {
            let each = all.split('}').filter(|stage| stage.contains("duration"));
            let stages: Option<Vec<Stage>> = each
                .map(|stage| {
                    let duration = value(stage, "duration", &script, &variable)?;
                    parse(&duration, &value(stage, "target", &script, &variable)?)
                })
                .collect();
            stages.filter(|stages| !stages.is_empty())
        }
        None => {
            let duration = value(&script, "duration", &script, &variable)?;
            let target = value(&script, "vus", &script, &variable)?;
            // Constant users are active from the start.
            let start = Stage { duration: Dur::millis(1), target: parse(&duration, &target)?.target };
            Some(vec![start, parse(&duration, &target)?])
        }
    }
}

fn parse(duration: &str, target: &str) -> Option<Stage> {
    let length = humantime::parse_duration(duration.trim()).ok()?;
    let ms = i64::try_from(length.as_millis()).ok().filter(|ms| *ms <= 86_400_000)?;
    Some(Stage { duration: Dur::millis(ms), target: target.trim().parse().ok().filter(|n| *n <= 100_000)? })
}

/// The value of a key in a piece of script: a literal, `__ENV.X || "literal"`, or a constant defined by one of them.
fn value<'a>(piece: &str, key: &str, script: &str, variable: &impl Fn(&str) -> Option<&'a str>) -> Option<String> {
    let at = piece.find(&format!("{key}:"))? + key.len() + 1;
    let written = piece[at..].split([',', '\n', '}']).next()?.trim();
    literal(written, variable).or_else(|| {
        let define = script.find(&format!("const {written} ="))?;
        let defined = script[define..].split_once('=')?.1.split([';', '\n']).next()?.trim();
        literal(defined, variable)
    })
}

fn literal<'a>(written: &str, variable: &impl Fn(&str) -> Option<&'a str>) -> Option<String> {
    let written = written.trim_start_matches("Number(").trim_start_matches("parseInt(").trim_end_matches([')', ';']);
    if let Some(rest) = written.strip_prefix("__ENV.") {
        let name = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()?;
        let default = rest.split_once("||").map(|(_, default)| unquoted(default.trim()));
        return variable(name).map(str::to_owned).or(default).filter(|v| !v.is_empty());
    }
    let text = unquoted(written);
    let plain =
        text.chars().all(|c| c.is_ascii_alphanumeric() || c == '.') && text.starts_with(|c: char| c.is_ascii_digit());
    plain.then_some(text)
}

fn unquoted(text: &str) -> String {
    text.trim_matches(['"', '\'', '`']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stages(list: &[(i64, u32)]) -> Vec<Stage> {
        list.iter().map(|(s, target)| Stage { duration: Dur::seconds(*s), target: *target }).collect()
    }

    #[test]
    fn users_change_linearly() {
        let all = stages(&[(30, 200), (240, 200), (30, 0)]);
        let at = |s: i64| users(&all, s * 1000);
        assert_eq!((at(0), at(15), at(30), at(200), at(285), at(300)), (0.0, 100.0, 200.0, 200.0, 100.0, 0.0));
        assert_eq!((length(&all), most(&all)), (300_000, 200));
    }

    #[test]
    fn stages_are_read_from_common_scripts() {
        let ours = include_str!("../../../../assets/stack/load/scripts/scenario.js");
        assert_eq!(of_script(ours, &[]), Some(stages(&[(30, 200), (240, 200), (30, 0)])));
        let env = [("VUS".to_owned(), "50".to_owned()), ("HOLD".to_owned(), "1m".to_owned())];
        assert_eq!(of_script(ours, &env), Some(stages(&[(30, 50), (60, 50), (30, 0)])));
        let constant = "export const options = { vus: 200, duration: '5m' };";
        assert_eq!(users(&of_script(constant, &[]).unwrap(), 1000), 200.0);
        assert_eq!(length(&of_script(constant, &[]).unwrap()) / 1000, 300);
        let given = [("STAGES".to_owned(), "20s:30,1m:0".to_owned())];
        assert_eq!(of_script("", &given), Some(stages(&[(20, 30), (60, 0)])));
        for odd in ["", "stages: [", "stages: [{duration: f(), target: 3}]", "vus: many, duration: 5", "duration:"] {
            assert_eq!(of_script(odd, &[]), None, "{odd}");
        }
    }
}
