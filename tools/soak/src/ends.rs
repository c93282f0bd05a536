//! The soak of assignments with an end.

mod checks;
mod evidence;
mod outcome;
mod plan;
mod run;

pub(crate) use plan::EndsPlan;
pub(crate) use run::run;
