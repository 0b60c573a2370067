//! What stood out over the session: each finding from when to when, until the next load starts. The rules are `advise`'s; the
//! program hands them in. Must not judge.

use super::Session;

/// Spells kept at most; those that were over first are dropped.
const MOST: usize = 64;

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Something does not work as it should.
    Warning,
    /// Telemetry is lost, or the gateway does not scale.
    Critical,
}

impl Severity {
    /// As in the output of `status`: `info`, `warning`, `critical`.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        }
    }
}

/// Something that stands out now.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Stable, for scripts: `idle-replica`.
    pub id: &'static str,
    pub severity: Severity,
    /// One sentence.
    pub text: String,
    /// The figures that it rests on.
    pub evidence: String,
    /// What to do about it.
    pub hint: String,
}

impl Finding {
    /// What it is about: its id, and the pod or tier that its sentence begins with. Figures change while it holds, so that
    /// they and their units (`122.9 k`, `71 %`) are no subject.
    fn subject(&self) -> (&'static str, &str) {
        let is_figure = |word: &str| word.len() == 1 || word.starts_with(|c: char| c.is_ascii_digit());
        let words = self.text.split(' ').skip_while(|word| matches!(*word, "the" | "about") || is_figure(word));
        // Which replicas get nothing changes while the same connections stay.
        let of = if self.id == "idle-replica" { None } else { words.into_iter().next() };
        (self.id, of.unwrap_or_default())
    }
}

/// A finding over time; milliseconds since 1970.
#[derive(Clone, Debug, PartialEq)]
pub struct Spell {
    /// As it was last.
    pub finding: Finding,
    pub from: i64,
    /// None while it holds.
    pub over: Option<i64>,
}

impl Spell {
    /// The pod or tier that it is about, as far as its sentence begins with one.
    pub fn subject(&self) -> &str {
        self.finding.subject().1
    }
}

/// A function from a session to what stands out in it.
#[derive(Clone, Copy)]
pub struct Rules(pub fn(&Session) -> Vec<Finding>);

/// Two sessions with the same history are equal.
impl PartialEq for Rules {
    fn eq(&self, _: &Rules) -> bool {
        true
    }
}

impl std::fmt::Debug for Rules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rules")
    }
}

/// The findings of the session since its latest load began.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FindingsSeen {
    pub(super) rules: Option<Rules>,
    all: Vec<Spell>,
}

impl FindingsSeen {
    /// Takes in what stands out at `ms`. What was over before `since`, the start of the latest load, is forgotten.
    pub fn take(&mut self, ms: i64, since: Option<i64>, now: Vec<Finding>) {
        self.all.retain(|spell| spell.over.is_none_or(|over| since.is_none_or(|since| over > since)));
        for spell in &mut self.all {
            if spell.over.is_none() && !now.iter().any(|f| f.subject() == spell.finding.subject()) {
                spell.over = Some(ms);
            }
        }
        for finding in now {
            match self.all.iter_mut().find(|spell| spell.finding.subject() == finding.subject()) {
                Some(spell) => (spell.finding, spell.over) = (finding, None),
                None => self.all.push(Spell { finding, from: ms, over: None }),
            }
        }
        while self.all.len() > MOST
            && let Some(first) = (0..self.all.len()).min_by_key(|i| self.all[*i].over.unwrap_or(i64::MAX))
        {
            self.all.remove(first);
        }
    }

    /// Every finding since the latest load began, by the order in which they came.
    pub fn all(&self) -> &[Spell] {
        &self.all
    }

    /// Those that are over, the worst first, then the latest.
    pub fn over(&self) -> Vec<&Spell> {
        let mut over: Vec<&Spell> = self.all.iter().filter(|spell| spell.over.is_some()).collect();
        over.sort_by_key(|spell| std::cmp::Reverse((spell.finding.severity, spell.over)));
        over
    }

    /// When a finding that holds began.
    pub fn since(&self, finding: &Finding) -> Option<i64> {
        let same = |spell: &&Spell| spell.over.is_none() && spell.finding.subject() == finding.subject();
        self.all.iter().find(same).map(|spell| spell.from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(id: &'static str, severity: Severity, text: &str) -> Finding {
        Finding { id, severity, text: text.into(), evidence: String::new(), hint: String::new() }
    }

    #[test]
    fn a_finding_stays_as_over_until_the_next_load_and_the_worst_comes_first() {
        let lost = |n: u32| finding("lost", Severity::Critical, &format!("the gateway lost {n} items"));
        let full = finding("full", Severity::Warning, "the queue is full");
        let mut seen = FindingsSeen::default();
        seen.take(10, Some(5), vec![lost(7), full.clone()]);
        assert!(seen.over().is_empty());
        assert_eq!(seen.since(&full), Some(10));
        seen.take(20, Some(5), vec![lost(9), full.clone()]);
        seen.take(30, Some(5), vec![full]);
        seen.take(40, Some(5), vec![]);
        let over: Vec<(&str, i64, Option<i64>)> =
            seen.over().iter().map(|s| (s.finding.text.as_str(), s.from, s.over)).collect();
        assert_eq!(over, [("the gateway lost 9 items", 10, Some(30)), ("the queue is full", 10, Some(40))]);
        seen.take(50, Some(5), vec![lost(12)]);
        assert_eq!(seen.over().len(), 1, "it holds again");
        seen.take(60, Some(55), vec![]);
        assert_eq!(seen.over().iter().map(|s| s.finding.id).collect::<Vec<_>>(), ["lost"], "a load began at 55");
    }

    #[test]
    fn a_finding_whose_figure_changes_is_the_same_one() {
        let mut seen = FindingsSeen::default();
        let texts = ["about 980 traces arrived twice", "about 1.2 k traces arrived twice", "a 3 % share of traces"];
        for (ms, text) in (1..).zip(texts) {
            seen.take(ms, None, vec![finding("sent-twice", Severity::Info, text)]);
        }
        let subjects: Vec<&str> = seen.all().iter().map(Spell::subject).collect();
        assert_eq!(subjects, ["traces", "share"]);
        assert_eq!((seen.all()[0].from, seen.all()[0].over), (1, Some(3)));
    }

    #[test]
    fn the_same_of_two_tiers_is_two_and_their_number_is_bounded() {
        let mut seen = FindingsSeen::default();
        let of = |tier: &str| finding("lost", Severity::Critical, &format!("the {tier} gave up items"));
        seen.take(1, None, vec![of("gateway"), of("agents")]);
        seen.take(2, None, vec![of("agents")]);
        assert_eq!(
            seen.over().iter().map(|s| s.finding.text.as_str()).collect::<Vec<_>>(),
            ["the gateway gave up items"]
        );
        for n in 0..200 {
            seen.take(3 + n, None, vec![of(&format!("pod-{n}"))]);
        }
        assert!(seen.all.len() <= MOST);
    }
}
