//! The content of a policy file.

use super::{
    protected::Protected,
    rule::{BaselineRule, Rule},
};

/// The content of a policy file, parsed.
#[derive(Debug)]
pub(super) struct Rules {
    /// What no rule can touch.
    pub(super) protected: Vec<Protected>,
    /// What is allowed on request.
    pub(super) allow: Vec<Rule>,
    /// What identities always hold.
    pub(super) baseline: Vec<BaselineRule>,
}

/// The rules in force where no policy could be read.
pub(super) static NO_RULES: Rules =
    Rules { protected: Vec::new(), allow: Vec::new(), baseline: Vec::new() };
