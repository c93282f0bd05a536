//! The reader of the policy file. It is strict: one faulty rule makes it refuse the whole file.

use wire_formats::json::located;

use super::{
    acknowledgement,
    fault::PolicyFaults,
    fields::{Faults, Field},
    protected::Protected,
    rule_reader::RuleReader,
    rules::Rules,
};

/// The only version of the file format.
pub(super) const VERSION: u64 = 1;

/// The fields of the file. `$schema` is for editors.
const FIELDS: [&str; 6] = ["$schema", "version", "protected", "allow", "baseline", "acknowledged"];

/// Reads a policy file. The error lists every fault that can be found: those of the syntax, and those of
/// the parts that can be read in spite of them.
pub(super) fn parse(bytes: &[u8]) -> Result<Rules, PolicyFaults> {
    let document = located::read(bytes);
    let mut faults = Faults::of_syntax(&document.faults);
    let rules = document.root.as_ref().and_then(|root| rules(&Field::root(root), &mut faults));
    match (rules, faults.in_order()) {
        (Some(rules), faults) if faults.is_empty() => Ok(rules),
        (_, faults) => Err(PolicyFaults(faults)),
    }
}

/// Reads the rules. They are complete only if there is no fault.
fn rules(root: &Field<'_>, faults: &mut Faults) -> Option<Rules> {
    let fields = root.members(faults)?;
    fields.refuse_unknown(&FIELDS, faults);
    if let Some(schema) = fields.optional("$schema") {
        schema.text(faults);
    }
    if let Some(version) = fields.required("version", faults)
        && version.whole_number(faults).is_some_and(|number| number != VERSION)
    {
        faults.add(&version, format!("this broker supports only version {VERSION}"));
    }
    let protected = match fields.optional("protected") {
        Some(list) => list.entries(Protected::parse, faults),
        None => Some(Vec::new()),
    };
    let acknowledged = acknowledgement::read(&fields, faults);
    let allow = fields.required("allow", faults);
    let mut reader = RuleReader::new(faults);
    let allow = allow.and_then(|list| reader.allow(&list));
    let baseline = match fields.optional("baseline") {
        Some(list) => reader.baseline(&list),
        None => Some(Vec::new()),
    };
    Some(Rules { protected: protected?, allow: allow?, baseline: baseline?, acknowledged })
}
