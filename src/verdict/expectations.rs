//! Expectations as data: parsed from TOML into checks of a fixed set. Must not know how a check is made.

use crate::format::parse;
use serde::{Deserialize, Deserializer};
use std::sync::OnceLock;

const GUIDE: &str = include_str!("../../assets/expectations/guide.toml");
/// The most expectations in a file.
const MAX_EXPECTATIONS: usize = 200;

/// A duration in milliseconds, written `2:30`, `90s` or `5m`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeSpan(pub i64);

/// What times are counted from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum After {
    #[default]
    LoadStart,
    LoadEnd,
}

/// A phase of the expected timeline.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    pub id: String,
    /// What is expected. Files of the first version call it `says`.
    #[serde(alias = "says")]
    pub message: String,
    #[serde(default)]
    pub after: After,
    pub from: TimeSpan,
    pub to: TimeSpan,
}

/// What can be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckKind {
    LoadStarts,
    LoadEnds,
    StartsAtMin,
    MetricsKnown,
    ScaleUpBegins,
    ReplicasReach,
    ReasonUp,
    ReasonDown,
    Steady,
    ScaleDownBegins,
    WindowRespected,
    PolicyRespected,
    BackToMin,
    DecisionsAgree,
    PodsStayUp,
    FirstTelemetry,
    EvenShare,
    NoBackPressure,
    NothingLost,
    IngestGrows,
    LogQuality,
}

impl CheckKind {
    /// The parameters that it takes besides id, message, phase and grace.
    fn takes(self) -> &'static [&'static str] {
        match self {
            CheckKind::MetricsKnown => &["by", "gap"],
            CheckKind::ScaleUpBegins | CheckKind::FirstTelemetry => &["by"],
            CheckKind::ReplicasReach => &["by", "at_least", "at_most"],
            CheckKind::IngestGrows => &["at_least"],
            CheckKind::DecisionsAgree | CheckKind::LogQuality => &["percent"],
            CheckKind::EvenShare | CheckKind::NoBackPressure => &["gap"],
            _ => &[],
        }
    }
}

/// One expectation.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    pub id: String,
    /// What is expected. Files of the first version call it `says`.
    #[serde(alias = "says")]
    pub message: String,
    pub check: CheckKind,
    pub phase: Option<String>,
    /// Overrides the file's.
    pub grace: Option<TimeSpan>,
    pub by: Option<TimeSpan>,
    pub gap: Option<TimeSpan>,
    pub at_least: Option<f64>,
    pub at_most: Option<f64>,
    pub percent: Option<f64>,
}

/// A file of expectations.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectations {
    pub schema: String,
    pub name: String,
    pub about: String,
    /// How much later than expected something may happen.
    #[serde(default)]
    pub grace: TimeSpan,
    #[serde(default)]
    pub phase: Vec<Phase>,
    pub expect: Vec<Expect>,
}

impl Expectations {
    /// What the EDOT Gateway Scaling Guide expects.
    pub fn guide() -> &'static Expectations {
        static GUIDE_READ: OnceLock<Expectations> = OnceLock::new();
        // A test makes sure that the built-in file can be read.
        GUIDE_READ.get_or_init(|| Self::read(GUIDE).unwrap_or_else(|_| Self::none()))
    }

    fn none() -> Self {
        let text = String::new;
        Expectations {
            schema: text(),
            name: text(),
            about: text(),
            grace: TimeSpan::default(),
            phase: vec![],
            expect: vec![],
        }
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// What is wrong in it, with the line where that is known.
    pub fn read(text: &str) -> Result<Self, String> {
        let read: Expectations = toml::from_str(text).map_err(|e| e.to_string().trim_end().to_string())?;
        read.validate()?;
        Ok(read)
    }

    fn validate(&self) -> Result<(), String> {
        if self.schema != "edot-tui/expectations/1" {
            return Err(format!("schema is {:?}; this version reads \"edot-tui/expectations/1\"", self.schema));
        }
        if self.expect.is_empty() || self.expect.len() > MAX_EXPECTATIONS {
            return Err(format!("{} expectations; there must be 1 to {MAX_EXPECTATIONS}", self.expect.len()));
        }
        if let Some(p) = self.phase.iter().find(|p| p.to.0 <= p.from.0) {
            return Err(format!("phase {:?} ends before it begins; `to` must be later than `from`", p.id));
        }
        for (i, e) in self.expect.iter().enumerate() {
            if self.expect[..i].iter().any(|other| other.id == e.id) {
                return Err(format!("two expectations have the id {:?}; each needs its own", e.id));
            }
            if let Some(phase) = e.phase.as_ref().filter(|p| self.phase.iter().all(|known| known.id != **p)) {
                let known: Vec<&str> = self.phase.iter().map(|p| p.id.as_str()).collect();
                return Err(format!(
                    "{:?} is in phase {phase:?}, which does not exist; there are: {}",
                    e.id,
                    known.join(", ")
                ));
            }
            e.validate()?;
        }
        Ok(())
    }

    pub(super) fn grace_ms(&self, e: &Expect) -> i64 {
        e.grace.unwrap_or(self.grace).0
    }
}

impl Expect {
    fn validate(&self) -> Result<(), String> {
        let given = [
            ("by", self.by.is_some()),
            ("gap", self.gap.is_some()),
            ("at_least", self.at_least.is_some()),
            ("at_most", self.at_most.is_some()),
            ("percent", self.percent.is_some()),
        ];
        let takes = self.check.takes();
        if let Some((key, _)) = given.iter().find(|(key, given)| *given && !takes.contains(key)) {
            let may = if takes.is_empty() { "none of these".to_string() } else { takes.join(", ") };
            return Err(format!("{:?}: its check does not take `{key}`; it takes {may}", self.id));
        }
        let numbers = [self.at_least, self.at_most, self.percent];
        if numbers.iter().flatten().any(|n| !n.is_finite() || *n < 0.0) {
            return Err(format!("{:?}: figures must be 0 or more", self.id));
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for TimeSpan {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        time_span(&text)
            .ok_or_else(|| serde::de::Error::custom(format!("{text:?} is not a duration; write 2:30, 90s or 5m")))
    }
}

/// `2:30`, `90s`, `5m`, at most a day.
fn time_span(text: &str) -> Option<TimeSpan> {
    let two_digits = text.split_once(':').is_none_or(|(_, seconds)| seconds.len() == 2);
    let seconds = parse::position(text).filter(|s| two_digits && *s <= 86_400)?;
    Some(TimeSpan(seconds * 1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_file_is_valid() {
        let guide = Expectations::read(GUIDE).unwrap();
        assert!(guide.expect.len() >= 15 && guide.phase.len() >= 4);
        assert_eq!(Expectations::guide(), &guide);
    }

    #[test]
    fn durations_are_parsed() {
        let read = |t| time_span(t).map(|l| l.0 / 1000);
        assert_eq!(["2:30", "0:05", "90s", "5m"].map(read), [Some(150), Some(5), Some(90), Some(300)]);
        assert_eq!(["", "5", "1:5", "1:60", "-3s", "1h", "s", "+5s", "99999999m"].map(read), [None; 9]);
    }

    #[test]
    fn errors_name_what_is_wrong() {
        let with = |text: &str| {
            let head = "schema = \"edot-tui/expectations/1\"\nname = \"n\"\nabout = \"a\"\n";
            Expectations::read(&format!("{head}{text}")).unwrap_err()
        };
        let one = "[[expect]]\nid = \"a\"\nmessage = \"s\"\ncheck = \"steady\"\n";
        assert!(with("expect = []\n").contains("1 to 200"));
        assert!(with(&format!("{one}by = \"1:00\"\n")).contains("does not take `by`"));
        assert!(with(&format!("{one}bye = \"1:00\"\n")).contains("line 8"));
        assert!(with(&format!("{one}phase = \"x\"\n")).contains("does not exist"));
        assert!(with(&format!("{one}grace = \"soon\"\n")).contains("2:30, 90s or 5m"));
        assert!(with(&format!("{one}{one}")).contains("two expectations"));
        assert!(with("[[expect]]\nid = \"a\"\nmessage = \"s\"\ncheck = \"wonder\"\n").contains("wonder"));
        assert!(
            Expectations::read("schema = \"x\"\nname=\"n\"\nabout=\"a\"\nexpect=[]").unwrap_err().contains("schema")
        );
    }
}
