//! The reader of rules.

use std::collections::HashSet;

use super::{
    acknowledgement,
    approval::ApprovalTerms,
    expiry::LastDay,
    fields::{Faults, Field, Fields},
    pattern::{ApiPattern, PrincipalPattern, RolePattern},
    rule::{BaselineRule, Grant, Rule, RuleAction, RuleNotes},
    write_limit,
};
use crate::{
    duration::AssignmentDuration,
    requester::Requester,
    text::{RuleDescription, RuleOwner, check},
};

/// Longest name of a rule, in characters. Every result and record contains one.
pub(super) const MAX_NAME_LENGTH: usize = 128;

/// The fields of a rule of `allow`.
const RULE: [&str; 14] = [
    "name",
    "requesters",
    "principals",
    "api",
    "roles",
    "actions",
    "privileged",
    "maxDuration",
    "maxWritesPerHour",
    "approval",
    "description",
    "owner",
    "expires",
    "acknowledged",
];

/// The fields of a rule of `baseline`.
const BASELINE_RULE: [&str; 9] = [
    "name",
    "principals",
    "api",
    "roles",
    "privileged",
    "description",
    "owner",
    "expires",
    "acknowledged",
];

/// Reads rules, whose names must differ.
#[derive(Debug)]
pub(super) struct RuleReader<'a> {
    faults: &'a mut Faults,
    /// The names of all rules so far.
    names: HashSet<String>,
}

impl<'a> RuleReader<'a> {
    pub(super) fn new(faults: &'a mut Faults) -> Self {
        Self { faults, names: HashSet::new() }
    }

    /// Reads the rules of `allow`. `None` if one has a fault.
    pub(super) fn allow(&mut self, list: &Field<'_>) -> Option<Vec<Rule>> {
        self.each(list, Self::rule)
    }

    /// Reads the rules of `baseline`. `None` if one has a fault.
    pub(super) fn baseline(&mut self, list: &Field<'_>) -> Option<Vec<BaselineRule>> {
        self.each(list, |reader, fields| {
            let name = reader.begin(fields, &BASELINE_RULE);
            Some(BaselineRule { grant: reader.grant(name, fields)? })
        })
    }

    fn each<T>(
        &mut self,
        list: &Field<'_>,
        read: fn(&mut Self, &Fields<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let items = list.items(self.faults)?;
        let rules = items.iter().map(|item| {
            let fields = item.members(self.faults)?;
            let rule = read(self, &fields);
            self.faults.name_rule(None);
            rule
        });
        // Each rule is read, also after one with a fault.
        rules.collect::<Vec<_>>().into_iter().collect()
    }

    fn rule(&mut self, fields: &Fields<'_>) -> Option<Rule> {
        let name = self.begin(fields, &RULE);
        let faults = &mut *self.faults;
        let requesters = fields.required("requesters", faults);
        let requesters = requesters.and_then(|list| list.list(Requester::parse, faults));
        let actions = match fields.optional("actions") {
            Some(list) => list.list(RuleAction::parse, faults),
            None => Some(vec![RuleAction::Assign]),
        };
        let max_duration = fields.nullable("maxDuration");
        let max_duration =
            max_duration.and_then(|field| field.parsed(AssignmentDuration::parse, faults));
        let max_writes_per_hour = fields.nullable("maxWritesPerHour");
        let max_writes_per_hour =
            max_writes_per_hour.and_then(|field| write_limit::read(&field, faults));
        let approval = fields.nullable("approval");
        let approval = approval.and_then(|field| ApprovalTerms::read(&field, faults));
        // A fault of a field that may be absent refuses the whole file.
        let grant = self.grant(name, fields)?;
        let grant = Grant { max_duration, max_writes_per_hour, approval, ..grant };
        Some(Rule { requesters: requesters?, actions: actions?, grant })
    }

    /// Begins a rule: reads its name, mentions it in the faults that follow, and refuses unknown fields.
    fn begin(&mut self, fields: &Fields<'_>, known: &'static [&'static str]) -> Option<String> {
        let faults = &mut *self.faults;
        let field = fields.required("name", faults);
        let stated = field.as_ref().and_then(|field| field.text(faults));
        if let (Some(field), Some(name)) = (&field, stated) {
            if let Err(error) = check(name, MAX_NAME_LENGTH) {
                faults.add(field, error);
            } else if !self.names.insert(name.to_owned()) {
                faults.add(field, "another rule has this name, and decisions are recorded with it");
            }
        }
        let shown = stated.map(|name| name.chars().take(MAX_NAME_LENGTH).collect());
        faults.name_rule(shown);
        fields.refuse_unknown(known, faults);
        stated.map(str::to_owned)
    }

    fn grant(&mut self, name: Option<String>, fields: &Fields<'_>) -> Option<Grant> {
        let notes = self.notes(fields);
        let faults = &mut *self.faults;
        let principals = fields.required("principals", faults);
        let principals = principals.and_then(|list| list.list(PrincipalPattern::parse, faults));
        let api = fields.required("api", faults);
        let api = api.and_then(|field| field.parsed(ApiPattern::parse, faults));
        let roles = fields.required("roles", faults);
        let with_text = |text: &str| RolePattern::parse(text).map(|role| (role, text.to_owned()));
        let roles = roles.and_then(|list| list.list(with_text, faults));
        let privileged = match fields.optional("privileged") {
            Some(field) => field.boolean(faults),
            None => Some(false),
        };
        let acknowledged = acknowledgement::read(fields, faults);
        let (roles, written_roles) = roles?.into_iter().unzip();
        Some(Grant {
            rule: name?,
            principals: principals?,
            api: api?,
            roles,
            written_roles,
            privileged: privileged?,
            max_duration: None,
            approval: None,
            max_writes_per_hour: None,
            notes,
            acknowledged,
        })
    }

    fn notes(&mut self, fields: &Fields<'_>) -> RuleNotes {
        let faults = &mut *self.faults;
        let description = fields.nullable("description");
        let description =
            description.and_then(|field| field.parsed(RuleDescription::parse, faults));
        let owner = fields.nullable("owner");
        let owner = owner.and_then(|field| field.parsed(RuleOwner::parse, faults));
        let expires = fields.nullable("expires");
        let expires = expires.and_then(|field| field.parsed(LastDay::parse, faults));
        RuleNotes { description, owner, expires }
    }
}
