//! Differences between two policies that do not change what is allowed.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::{
    super::{
        pattern::PrincipalPattern,
        rule::{Grant, Rule},
        rules::Rules,
    },
    access::{Access, Accesses},
    known_apis::{KnownApis, shown},
};

/// A remark about a rule. None of them changes what is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleNote {
    /// The rule has another name. It matters because records name rules.
    Renamed {
        /// The name before.
        from: String,
        /// The name now.
        to: String,
    },
    /// There is no rule of this name any more.
    Gone(String),
    /// There is a rule of this name now.
    New(String),
    /// The rule had expired, and it is gone.
    ExpiredGone(String),
    /// The owner of the rule with this name has changed.
    Owner {
        /// The name of the rule.
        rule: String,
        /// The owner before.
        from: Option<String>,
        /// The owner now.
        to: Option<String>,
    },
    /// The comparison assumes that this API, named as in the rule, belongs to the broker's own tenant: on
    /// any other API, a role that ends in `*` matches nothing.
    AssumedOwnTenant(String),
}

/// Remarks about the rules, in the order of their names.
pub(super) fn notes(
    (old, new): (&Rules, &Rules),
    known: &KnownApis,
    now: OffsetDateTime,
) -> Vec<RuleNote> {
    let [before, after] = [old, new].map(|rules| contents(rules, known));
    let mut gone: BTreeMap<&str, &Content<'_>> = absent(&before, &after);
    let mut notes = Vec::new();
    for (name, content) in absent(&after, &before) {
        let from = gone.iter().find(|(_, one)| one.text == content.text).map(|(name, _)| *name);
        notes.push(match from {
            Some(from) => {
                gone.remove(from);
                RuleNote::Renamed { from: from.to_owned(), to: name.to_owned() }
            }
            None => RuleNote::New(name.to_owned()),
        });
    }
    notes.extend(gone.into_iter().map(|(name, content)| {
        let name = name.to_owned();
        if content.grant.is_in_force(now) {
            RuleNote::Gone(name)
        } else {
            RuleNote::ExpiredGone(name)
        }
    }));
    notes.extend(before.iter().filter_map(|(rule, content)| {
        let owner = |grant: &Grant| grant.notes.owner.as_ref().map(ToString::to_string);
        let (from, to) = (owner(content.grant), owner(after.get(rule)?.grant));
        (from != to).then(|| RuleNote::Owner { rule: (*rule).to_owned(), from, to })
    }));
    notes
}

/// The APIs for which one policy covers with a prefix what the other names exactly, each once.
pub(super) fn assumed_own_tenant(old: &Accesses<'_>, new: &Accesses<'_>) -> Vec<RuleNote> {
    let mut notes = Vec::new();
    for (inners, outers) in [(old, new), (new, old)] {
        for inner in inners.all.iter().filter(|inner| !inner.assumes_own_tenant()) {
            let mut containing = outers.containing(inner).peekable();
            let only_by_prefix =
                containing.peek().is_some() && containing.all(Access::assumes_own_tenant);
            let note = RuleNote::AssumedOwnTenant(shown(&inner.grant.api));
            if only_by_prefix && !notes.contains(&note) {
                notes.push(note);
            }
        }
    }
    notes
}

/// A rule, and a text that is equal for rules that allow the same on the same terms.
struct Content<'a> {
    grant: &'a Grant,
    text: String,
}

fn absent<'b, 'a>(
    of: &'b BTreeMap<&'a str, Content<'a>>,
    other: &BTreeMap<&str, Content<'_>>,
) -> BTreeMap<&'a str, &'b Content<'a>> {
    let absent = of.iter().filter(|(name, _)| !other.contains_key(**name));
    absent.map(|(name, content)| (*name, content)).collect()
}

fn contents<'a>(rules: &'a Rules, known: &KnownApis) -> BTreeMap<&'a str, Content<'a>> {
    let allow = rules.allow.iter().map(|rule| (&rule.grant, by(rule)));
    let baseline = rules.baseline_grants().map(|grant| (grant, "baseline".to_owned()));
    let contents = allow.chain(baseline).map(|(grant, by)| {
        let content = Content { grant, text: format!("{by} {}", of_grant(grant, known)) };
        (grant.rule.as_str(), content)
    });
    contents.collect()
}

fn by(rule: &Rule) -> String {
    let requesters = sorted(rule.requesters.iter().map(ToString::to_string));
    let actions = sorted(rule.actions.iter().map(|action| action.verb().to_owned()));
    format!("{requesters:?} {actions:?}")
}

fn of_grant(grant: &Grant, known: &KnownApis) -> String {
    let api = known.key(&grant.api);
    let principals = sorted(grant.principals.iter().map(|pattern| match pattern {
        PrincipalPattern::Object(id) => id.to_string(),
        PrincipalPattern::Scope(scope) => scope.segments().collect::<Vec<_>>().join("/"),
    }));
    let roles = sorted(grant.roles.iter().map(|role| format!("{:?}", known.role(&api, role))));
    let terms = (grant.privileged, grant.max_duration, grant.notes.expires, &grant.approval);
    let writes = grant.max_writes_per_hour;
    format!("{principals:?} {api:?} {roles:?} {terms:?} {writes:?}")
}

fn sorted(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut texts: Vec<String> = texts.collect();
    texts.sort_unstable();
    texts.dedup();
    texts
}
