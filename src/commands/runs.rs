//! The runs that commands learn from: recordings, sessions of the store (`es:ID`), and `lab:SCENARIO@SEED`, which is run on the spot. Must not judge them.

use crate::{advise, config::Settings, error::CommandError, observe::Stamped, offline::reader, open, stdio, trial};
use std::path::Path;

/// The observations of a run are handed to `fold`, and what it makes of them is given with the run's name; None for standard input.
///
/// # Errors
/// A recording cannot be read, the store does not give a session, or there is no such scenario.
pub fn read<T>(
    settings: &Settings,
    run: &Path,
    fold: impl FnOnce(&mut dyn Iterator<Item = Stamped>) -> T,
) -> Result<(T, Option<String>), CommandError> {
    if let Some(name) = run.to_str().and_then(|text| text.strip_prefix("lab:")) {
        let (scenario, seed) = name.split_once('@').map_or((name, None), |(name, seed)| (name, Some(seed)));
        let scenario = open::lab::scenario(scenario)?;
        let wrong = || CommandError::usage(format!("lab:{name}: the seed is a number, such as lab:guide@7"));
        let seed = seed.map_or(Ok(scenario.seed), |text| text.parse().map_err(|_| wrong()))?;
        let seen = trial::watched_inside(&scenario, seed, trial::length(&scenario));
        return Ok((fold(&mut seen.into_iter()), Some(format!("lab:{name}"))));
    }
    let local = reader::local(settings, run)?;
    let mut reader = reader::open(&local.path, None)?;
    let folded = fold(&mut reader);
    let origin = reader.origin();
    origin.damage.iter().for_each(|d| stdio::message(d));
    Ok((folded, origin.file))
}

/// The session at the end of a run, and the run's name.
///
/// # Errors
/// Those of [`read`].
pub fn session(settings: &Settings, run: &Path) -> Result<(crate::session::Session, Option<String>), CommandError> {
    read(settings, run, |observations| {
        let mut session = advise::session();
        observations.for_each(|seen| session.apply(&seen));
        session
    })
}
