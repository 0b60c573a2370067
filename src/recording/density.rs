//! Whether a line says what a recording of its time can hold: a recorder writes a bounded number of lines in a second, and its
//! time goes on. What goes beyond that is waste, of which a small file can hold very much. Must not read a line.

use crate::observe::Time;

/// More lines of one second than the first lists of a large cluster have.
const MOST: u32 = 10_000;
/// Observations may come out of order by this much, seconds.
const DISORDER: i64 = 5;

/// Lines counted by the second.
#[derive(Clone, Copy, Debug, Default)]
pub struct Density {
    /// The latest second so far, since 1970, and lines from then on.
    latest: Option<i64>,
    lines: u32,
}

impl Density {
    /// Counts a line of that time; returns whether it is one of a sound recording.
    pub fn is_sound(&mut self, at: Time) -> bool {
        let second = at.timestamp();
        match self.latest {
            Some(latest) if (latest - DISORDER..=latest).contains(&second) => {
                self.lines = self.lines.saturating_add(1);
                self.lines <= MOST
            }
            // A clock that was set back: rare, so that it may count as waste.
            Some(latest) if second < latest => {
                *self = Density { latest: Some(second), lines: 1 };
                false
            }
            _ => {
                *self = Density { latest: Some(second), lines: 1 };
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(seconds: impl IntoIterator<Item = i64>) -> usize {
        let mut density = Density::default();
        seconds.into_iter().filter(|s| density.is_sound(Time::from_timestamp(*s, 0).unwrap_or_default())).count()
    }

    #[test]
    fn a_recording_is_sound_and_one_moment_over_and_over_is_not() {
        assert_eq!(sound(0..50_000), 50_000);
        assert_eq!(sound((0..50_000).map(|n| n / 9_000 + n % 2)), 50_000, "slightly out of order");
        assert_eq!(sound(std::iter::repeat_n(7, 50_000)), MOST as usize);
        assert_eq!(sound((0..50_000).map(|n| n % 2 * 100)), 25_001, "to and fro");
        assert_eq!(sound((100..200).chain(0..200)), 299, "set back once");
    }
}
