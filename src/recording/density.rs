//! Whether a line says what a recording of its time can hold: a recorder writes a bounded number of lines in a second, and its
//! time goes on. What goes beyond that is waste, of which a small file can hold very much. Must not read a line.

use crate::observe::Time;

/// More lines of one second than the first lists of a large cluster have.
const MOST: u32 = 10_000;
/// Observations may come out of order by this much, seconds.
const DISORDER: i64 = 5;
/// How often the clock may have been set back.
const STEPS: u32 = 100;

/// Lines counted by the second.
#[derive(Clone, Copy, Debug, Default)]
pub struct Density {
    /// The latest second so far, since 1970, and lines from then on.
    latest: Option<i64>,
    lines: u32,
    /// How often the clock was set back.
    steps: u32,
}

impl Density {
    /// Counts a line of that time; returns whether it is one of a sound recording.
    pub fn is_sound(&mut self, at: Time) -> bool {
        let second = at.timestamp();
        let later = self.latest.is_none_or(|latest| second > latest);
        let set_back = self.latest.is_some_and(|latest| second < latest - DISORDER) && self.steps < STEPS;
        if later || set_back {
            (self.latest, self.lines) = (Some(second), 0);
            self.steps += u32::from(set_back);
        }
        self.lines = self.lines.saturating_add(1);
        self.lines <= MOST
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
        assert_eq!(sound((0..50_000).map(|n| n % 2 * 100)), 2 * STEPS as usize + MOST as usize + 1, "to and fro");
        assert_eq!(sound((100..200).chain(0..200)), 300, "set back once");
    }
}
