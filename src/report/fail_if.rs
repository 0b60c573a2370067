//! Conditions under which a comparison fails: `first_scale_up > +20%`. Must not know where the runs come from.

use super::compare::Difference;
use crate::format::{number::precise, parse};

/// What a figure of the second run is held against.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Bound {
    /// This value.
    Value(f64),
    /// The first run's, and this much more.
    More(f64),
    /// The first run's, and this part of it more; 0.2 is 20 %.
    Part(f64),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Relation {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// A condition, as it was typed.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    text: String,
    figure: String,
    relation: Relation,
    bound: Bound,
}

/// What became of a condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Held {
    /// The comparison does not fail by it.
    No,
    /// It fails: a sentence with the figures.
    Yes(String),
    /// It cannot be said, and why.
    Unknown(String),
}

impl Condition {
    /// Parses `FIGURE > VALUE`; a value with a sign counts from the first run's figure, with `%` in parts of it.
    ///
    /// # Errors
    /// What may be written.
    pub fn parse(text: &str) -> Result<Condition, String> {
        let wrong = || {
            "FIGURE, one of > >= < <=, and a bound, such as 'first_scale_up > +20%', 'rescales > +2' or 'items_lost > 0'".to_owned()
        };
        let at = text.find(['<', '>']).ok_or_else(wrong)?;
        let (figure, rest) = text.split_at(at);
        let (relation, bound) = match rest {
            _ if rest.starts_with(">=") => (Relation::GreaterOrEqual, &rest[2..]),
            _ if rest.starts_with("<=") => (Relation::LessOrEqual, &rest[2..]),
            _ if rest.starts_with('>') => (Relation::Greater, &rest[1..]),
            _ => (Relation::Less, &rest[1..]),
        };
        let (figure, bound) = (figure.trim().replace([' ', '-'], "_"), bound.trim());
        let (number, percent) = bound.strip_suffix('%').map_or((bound, false), |number| (number.trim(), true));
        let value = number.parse().ok().filter(|v: &f64| v.is_finite()).ok_or_else(wrong)?;
        let bound = match (percent, number.starts_with(['+', '-'])) {
            (true, true) => Bound::Part(value / 100.0),
            (false, true) => Bound::More(value),
            (false, false) => Bound::Value(value),
            (true, false) => {
                return Err(
                    "a bound in percent needs a sign, such as +20%: it counts from the first run's figure".into()
                );
            }
        };
        if figure.is_empty() {
            return Err(wrong());
        }
        Ok(Condition { text: text.trim().to_owned(), figure, relation, bound })
    }

    /// Whether it holds for two runs.
    ///
    /// # Errors
    /// Neither run has a figure of that name.
    pub fn held(&self, figures: &[Difference]) -> Result<Held, String> {
        let seconds = format!("{}_s", self.figure);
        let Some(found) = figures.iter().find(|f| f.figure == self.figure || f.figure == seconds) else {
            let near = parse::nearest(&self.figure, figures.iter().map(|f| f.figure.as_str()), 0.7);
            let near = near.map(|near| format!(" (did you mean {near}?)")).unwrap_or_default();
            let all = figures.iter().map(|f| f.figure.as_str()).collect::<Vec<_>>().join(", ");
            return Err(format!("there is no figure {}{near}; there are {all}", self.figure));
        };
        let (limit, b) = match (self.bound, found.a, found.b) {
            (Bound::Value(value), _, Some(b)) => (value, b),
            (Bound::More(more), Some(a), Some(b)) => (a + more, b),
            (Bound::Part(part), Some(a), Some(b)) => (a + a.abs() * part, b),
            // What is no longer reached has not become better.
            (_, Some(a), None) => {
                return Ok(Held::Yes(format!("{}: it was {}, and is unknown now", self.text, precise(a))));
            }
            _ => return Ok(Held::Unknown(format!("{}: it is not known of both", self.text))),
        };
        let holds = match self.relation {
            Relation::Greater => b > limit,
            Relation::GreaterOrEqual => b >= limit,
            Relation::Less => b < limit,
            Relation::LessOrEqual => b <= limit,
        };
        if !holds {
            return Ok(Held::No);
        }
        let before = found.a.map(|a| format!(", it was {}", precise(a))).unwrap_or_default();
        Ok(Held::Yes(format!("{}: it is {}{before}", self.text, precise(b))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(a: Option<f64>, b: Option<f64>) -> Vec<Difference> {
        let one = |figure: &str| Difference { figure: figure.into(), a, b, difference: None, worse: false };
        vec![one("first_scale_up_s"), one("rescales")]
    }

    fn held(text: &str, a: Option<f64>, b: Option<f64>) -> Held {
        Condition::parse(text).unwrap().held(&of(a, b)).unwrap()
    }

    #[test]
    fn a_bound_counts_from_the_first_run_or_stands_alone() {
        let fails = |text: &str, a: f64, b: f64| matches!(held(text, Some(a), Some(b)), Held::Yes(_));
        assert!(fails("first_scale_up > +20%", 50.0, 60.1) && !fails("first_scale_up > +20%", 50.0, 60.0));
        assert!(fails("first scale-up>=+20%", 50.0, 60.0) && fails("first_scale_up_s < -10%", 50.0, 44.0));
        assert!(fails("rescales > +2", 3.0, 6.0) && !fails("rescales > +2", 3.0, 5.0));
        assert!(fails("rescales > 4", 0.0, 5.0) && fails("rescales <= 4", 9.0, 4.0));
        assert!(fails("rescales > +20%", 0.0, 0.5) && !fails("rescales > +20%", 0.0, 0.0));
        // A part of what is negative is still more.
        assert!(!fails("rescales > +20%", -10.0, -8.0) && fails("rescales > +20%", -10.0, -7.9));
        let said = held("rescales > +2", Some(3.0), Some(6.0));
        assert_eq!(said, Held::Yes("rescales > +2: it is 6, it was 3".into()));
    }

    #[test]
    fn what_is_unknown_is_no_improvement() {
        assert!(matches!(held("first_scale_up > +20%", Some(50.0), None), Held::Yes(_)));
        assert!(matches!(held("first_scale_up > +20%", None, Some(50.0)), Held::Unknown(_)));
        assert!(matches!(held("first_scale_up > 60", None, Some(50.0)), Held::No));
        assert!(matches!(held("first_scale_up > 60", None, None), Held::Unknown(_)));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for wrong in [
            "",
            "rescales",
            "> 3",
            "rescales > ",
            "rescales > much",
            "rescales = 3",
            "rescales > 20%",
            "rescales > +inf",
        ] {
            assert!(Condition::parse(wrong).is_err(), "{wrong}");
        }
        let error = Condition::parse("rescale > 3").unwrap().held(&of(None, None)).unwrap_err();
        assert!(error.contains("did you mean rescales?"), "{error}");
    }
}
