//! The soak of assignments with an end.

mod checks;
mod evidence;
mod history;
mod outcome;
mod pauses;
mod plan;
mod run;

pub(crate) use plan::EndsPlan;
pub(crate) use run::run;
