//! Warnings that the authors of a policy know and accept.

use std::collections::HashSet;

use super::{
    fields::{Faults, Field, Fields},
    warning_code::WarningCode,
};
use crate::text::check;

/// Longest reason, in characters.
pub(super) const MAX_REASON_LENGTH: usize = 500;

/// The fields of an entry.
const FIELDS: [&str; 2] = ["warning", "reason"];

/// A warning that the authors of a policy know and accept.
///
/// In the file: `"acknowledged": [{ "warning": "privilegedWithoutEnd", "reason": "…" }]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// The warning.
    pub warning: WarningCode,
    /// Why it is accepted.
    pub reason: String,
}

/// Reads the entries of the field `acknowledged` of a rule or of the file.
pub(super) fn read(fields: &Fields<'_>, faults: &mut Faults) -> Vec<Acknowledgement> {
    let Some(list) = fields.optional("acknowledged") else { return Vec::new() };
    let items = list.items(faults).unwrap_or_default();
    let mut known = HashSet::new();
    items.iter().filter_map(|item| entry(item, &mut known, faults)).collect()
}

fn entry(
    item: &Field<'_>,
    known: &mut HashSet<WarningCode>,
    faults: &mut Faults,
) -> Option<Acknowledgement> {
    let fields = item.members(faults)?;
    fields.refuse_unknown(&FIELDS, faults);
    let code = fields.required("warning", faults);
    let reason = fields.required("reason", faults);
    let reason = reason.and_then(|reason| {
        reason.parsed(|text| check(text, MAX_REASON_LENGTH).map(|()| text.to_owned()), faults)
    });
    let code = code?;
    let warning = code.parsed(WarningCode::parse_acknowledged, faults)?;
    if !known.insert(warning) {
        faults.add(&code, "is there twice; give all reasons in one entry");
    }
    Some(Acknowledgement { warning, reason: reason? })
}
