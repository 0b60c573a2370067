//! Expectations as data: TOML read into checks of a closed vocabulary. Must not know how a check is made.

use crate::format::parse;
use serde::{Deserialize, Deserializer};
use std::sync::OnceLock;

const GUIDE: &str = include_str!("../../assets/expectations/guide.toml");
/// Expectations a file may hold.
const MOST: usize = 200;

/// A length of time in milliseconds, written `2:30`, `90s` or `5m`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Length(pub i64);

/// What times are counted from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum After {
    #[default]
    LoadStart,
    LoadEnd,
}

/// A stretch of the expected course.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    pub id: String,
    pub says: String,
    #[serde(default)]
    pub after: After,
    pub from: Length,
    pub to: Length,
}

/// What can be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
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

impl Kind {
    /// The parameters it takes besides id, says, phase and grace.
    fn takes(self) -> &'static [&'static str] {
        match self {
            Kind::MetricsKnown => &["by", "gap"],
            Kind::ScaleUpBegins | Kind::FirstTelemetry => &["by"],
            Kind::ReplicasReach => &["by", "at_least", "at_most"],
            Kind::IngestGrows => &["at_least"],
            Kind::DecisionsAgree | Kind::LogQuality => &["percent"],
            Kind::EvenShare | Kind::NoBackPressure => &["gap"],
            _ => &[],
        }
    }
}

/// One expectation.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    pub id: String,
    pub says: String,
    pub check: Kind,
    pub phase: Option<String>,
    /// In place of the file's.
    pub grace: Option<Length>,
    pub by: Option<Length>,
    pub gap: Option<Length>,
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
    /// How much later than said a thing may come.
    #[serde(default)]
    pub grace: Length,
    #[serde(default)]
    pub phase: Vec<Phase>,
    pub expect: Vec<Expect>,
}

impl Expectations {
    /// What the EDOT Gateway Scaling Guide expects.
    pub fn guide() -> &'static Expectations {
        static GUIDE_READ: OnceLock<Expectations> = OnceLock::new();
        // The built-in file is held by a test; if it could not be read there would be nothing to expect.
        GUIDE_READ.get_or_init(|| Self::read(GUIDE).unwrap_or_else(|_| Self::none()))
    }

    /// The text of the built-in file, as an example for one's own.
    pub fn guide_text() -> &'static str {
        GUIDE
    }

    fn none() -> Self {
        let text = String::new;
        Expectations {
            schema: text(),
            name: text(),
            about: text(),
            grace: Length::default(),
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
        read.sound()?;
        Ok(read)
    }

    fn sound(&self) -> Result<(), String> {
        if self.schema != "edot-tui/expectations/1" {
            return Err(format!("schema is {:?}; this version reads \"edot-tui/expectations/1\"", self.schema));
        }
        if self.expect.is_empty() || self.expect.len() > MOST {
            return Err(format!("{} expectations; there must be 1 to {MOST}", self.expect.len()));
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
                return Err(format!("{:?} stands in phase {phase:?}; there are: {}", e.id, known.join(", ")));
            }
            e.sound()?;
        }
        Ok(())
    }

    pub(super) fn grace_ms(&self, e: &Expect) -> i64 {
        e.grace.unwrap_or(self.grace).0
    }
}

impl Expect {
    fn sound(&self) -> Result<(), String> {
        let given = [
            ("by", self.by.is_some()),
            ("gap", self.gap.is_some()),
            ("at_least", self.at_least.is_some()),
            ("at_most", self.at_most.is_some()),
            ("percent", self.percent.is_some()),
        ];
        let takes = self.check.takes();
        if let Some((key, _)) = given.iter().find(|(key, given)| *given && !takes.contains(key)) {
            let may = if takes.is_empty() { "nothing of the kind".to_string() } else { takes.join(", ") };
            return Err(format!("{:?}: its check does not take `{key}`; it takes {may}", self.id));
        }
        let numbers = [self.at_least, self.at_most, self.percent];
        if numbers.iter().flatten().any(|n| !n.is_finite() || *n < 0.0) {
            return Err(format!("{:?}: figures must be 0 or more", self.id));
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        length(&text).ok_or_else(|| serde::de::Error::custom(format!("{text:?} is no length; write 2:30, 90s or 5m")))
    }
}

/// `2:30`, `90s`, `5m`, at most a day.
fn length(text: &str) -> Option<Length> {
    let two_digits = text.split_once(':').is_none_or(|(_, seconds)| seconds.len() == 2);
    let seconds = parse::position(text).filter(|s| two_digits && *s <= 86_400)?;
    Some(Length(seconds * 1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_file_is_sound() {
        let guide = Expectations::read(GUIDE).unwrap();
        assert!(guide.expect.len() >= 15 && guide.phase.len() >= 4);
        assert_eq!(Expectations::guide(), &guide);
    }

    #[test]
    fn lengths_are_read() {
        let read = |t| length(t).map(|l| l.0 / 1000);
        assert_eq!(["2:30", "0:05", "90s", "5m"].map(read), [Some(150), Some(5), Some(90), Some(300)]);
        assert_eq!(["", "5", "1:5", "1:60", "-3s", "1h", "s", "+5s", "99999999m"].map(read), [None; 9]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let with = |text: &str| {
            let head = "schema = \"edot-tui/expectations/1\"\nname = \"n\"\nabout = \"a\"\n";
            Expectations::read(&format!("{head}{text}")).unwrap_err()
        };
        let one = "[[expect]]\nid = \"a\"\nsays = \"s\"\ncheck = \"steady\"\n";
        assert!(with("expect = []\n").contains("1 to 200"));
        assert!(with(&format!("{one}by = \"1:00\"\n")).contains("does not take `by`"));
        assert!(with(&format!("{one}bye = \"1:00\"\n")).contains("line 8"));
        assert!(with(&format!("{one}phase = \"x\"\n")).contains("stands in phase"));
        assert!(with(&format!("{one}grace = \"soon\"\n")).contains("2:30, 90s or 5m"));
        assert!(with(&format!("{one}{one}")).contains("two expectations"));
        assert!(with("[[expect]]\nid = \"a\"\nsays = \"s\"\ncheck = \"wonder\"\n").contains("wonder"));
        assert!(
            Expectations::read("schema = \"x\"\nname=\"n\"\nabout=\"a\"\nexpect=[]").unwrap_err().contains("schema")
        );
    }
}
