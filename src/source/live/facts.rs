//! What feeds learn for each other: the HPA's target, the target's selector, the pods' names.

use crate::observe::TargetRef;
use std::collections::BTreeSet;
use tokio::sync::watch;

/// Something that one feed finds out and others wait for.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Fact<T> {
    #[default]
    NotYet,
    /// It cannot be known as things are; why, in words for the user.
    Missing(String),
    Is(T),
}

/// A scale target whose pods can be looked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scaled {
    pub target: TargetRef,
    /// Of its pods, in the string form.
    pub selector: String,
}

/// All facts; cloning shares them.
#[derive(Clone)]
pub struct Facts {
    /// The name of the HPA that is watched.
    pub hpa: watch::Sender<String>,
    pub target: watch::Sender<Fact<TargetRef>>,
    pub scaled: watch::Sender<Fact<Scaled>>,
    pub pods: watch::Sender<BTreeSet<String>>,
}

impl Facts {
    pub fn new(hpa: &str) -> Self {
        Facts {
            hpa: watch::Sender::new(hpa.to_owned()),
            target: watch::Sender::new(Fact::NotYet),
            scaled: watch::Sender::new(Fact::NotYet),
            pods: watch::Sender::new(BTreeSet::new()),
        }
    }
}

/// Make a fact known; those who wait for it wake only if it is another.
pub fn set<T: PartialEq>(place: &watch::Sender<Fact<T>>, fact: Fact<T>) {
    place.send_if_modified(|old| {
        let changed = *old != fact;
        if changed {
            *old = fact;
        }
        changed
    });
}

/// Say that something cannot be known, unless it is known already: what was seen once is worth going on with.
pub fn miss<T: PartialEq>(place: &watch::Sender<Fact<T>>, why: impl Into<String>) {
    if !matches!(*place.borrow(), Fact::Is(_)) {
        set(place, Fact::Missing(why.into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_not_unlearned() {
        let place = watch::Sender::new(Fact::NotYet);
        miss(&place, "denied");
        assert_eq!(*place.borrow(), Fact::Missing("denied".into()));
        set(&place, Fact::Is(1));
        miss(&place, "gone");
        assert_eq!(*place.borrow(), Fact::Is(1));
    }
}
