//! Why a sync is not what the arithmetic makes of it: a list of hypotheses, tried in order, each a function from the case and
//! what is known so far to an explanation. Must not change anything; `decisions` commits the explanation that is chosen.

mod explanation;
mod figures;
mod result;

#[cfg(test)]
mod tests;

pub use explanation::{Background, Explanation, first};
pub use figures::FIGURES;
pub use result::{INFERRED, RESULT, WITHOUT_CAUSE, unexplained, without_assumed_recommendation};
