//! Warnings about single rules.

use time::OffsetDateTime;

use super::{
    approval_warnings,
    pattern::{ApiPattern, PrincipalPattern, RolePattern},
    protected::Protected,
    rule::{Grant, Rule, RuleAction},
    warning::Finding,
    warning_code::WarningCode,
};
use crate::{
    ids::{AppId, Guid},
    privileged,
};

/// A rule gets a warning when its last day is at most this many days away.
const DAYS_BEFORE_EXPIRY: i64 = 30;

/// The warnings about a rule of `allow`.
pub(super) fn of_rule(rule: &Rule, protected: &[Protected], now: OffsetDateTime) -> Vec<Finding> {
    let mut findings = matching(&rule.grant, rule.only_reads(), protected);
    findings.extend(limit(rule));
    findings.extend(write_limit(rule));
    findings.extend(approval_warnings::of(rule));
    findings.extend(expiry(&rule.grant, now));
    findings
}

/// The warnings about a rule of the baseline.
pub(super) fn of_grant(
    grant: &Grant,
    protected: &[Protected],
    now: OffsetDateTime,
) -> Vec<Finding> {
    let mut findings = matching(grant, false, protected);
    findings.extend(expiry(grant, now));
    findings
}

/// The warning about `maxDuration` of a rule.
fn limit(rule: &Rule) -> Option<Finding> {
    let assigns = rule.actions.contains(&RuleAction::Assign);
    match (assigns, rule.grant.privileged, rule.grant.max_duration) {
        (true, true, None) => Some(Finding::new(
            WarningCode::PrivilegedWithoutEnd,
            "",
            "it grants privileged roles without an end; say how long they may last, for example \
             \"maxDuration\": \"PT8H\"",
        )),
        (false, _, Some(_)) => Some(Finding::new(
            WarningCode::DurationWithoutEffect,
            ".maxDuration",
            "\"maxDuration\" has no effect: the rule does not let anyone assign",
        )),
        _ => None,
    }
}

/// The warning about a limit of writes that limits nothing.
fn write_limit(rule: &Rule) -> Option<Finding> {
    rule.grant.max_writes_per_hour.filter(|_| rule.only_reads())?;
    Some(Finding::new(
        WarningCode::WriteLimitWithoutEffect,
        ".maxWritesPerHour",
        "\"maxWritesPerHour\" has no effect: the rule only lets requesters read",
    ))
}

/// The warning that a rule has expired or soon will.
fn expiry(grant: &Grant, now: OffsetDateTime) -> Option<Finding> {
    let last = grant.notes.expires?;
    let (code, sentence) = match last.days_left(now) {
        ..0 => (WarningCode::Expired, format!("it expired on {last} and allows nothing any more")),
        0 => (
            WarningCode::ExpiresSoon,
            "it expires today and allows nothing from tomorrow on (UTC)".to_owned(),
        ),
        1 => (
            WarningCode::ExpiresSoon,
            format!("it expires tomorrow, on {last}, and allows nothing after it"),
        ),
        days @ ..=DAYS_BEFORE_EXPIRY => (
            WarningCode::ExpiresSoon,
            format!("it expires in {days} days, on {last}, and allows nothing after it"),
        ),
        _ => return None,
    };
    Some(Finding::new(code, ".expires", sentence))
}

/// The warnings about what a rule matches.
fn matching(grant: &Grant, only_reads: bool, protected: &[Protected]) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(index) = grant.principals.iter().position(admits_new_resource_groups) {
        findings.push(Finding::new(
            WarningCode::NewResourceGroups,
            format!(".principals[{index}]"),
            "it covers all identities in a subscription or in resource groups selected by a \
             wildcard, so anyone who can create a resource group there can get these roles",
        ));
    }
    findings.extend(protected_principals(grant, protected));
    let app_id = microsofts_api(&grant.api);
    if is_protected_api(&grant.api, app_id, protected) {
        findings.push(Finding::new(
            WarningCode::ApiProtected,
            ".api",
            "it can never match: its API is protected",
        ));
    }
    for (index, role) in grant.roles.iter().enumerate() {
        let finding = match app_id {
            // Reading grants nothing, so a rule shows privileged roles without the mark.
            Some(_) if grant.privileged || only_reads => misplaced_wildcard(role),
            Some(app_id) => misplaced_wildcard(role).or_else(|| never_granted(role, app_id)),
            None => any_role(role),
        };
        findings.extend(
            finding
                .map(|(code, sentence)| Finding::new(code, format!(".roles[{index}]"), sentence)),
        );
    }
    findings
}

/// The appId of the API, if it is known to be Microsoft's without a look-up.
fn microsofts_api(api: &ApiPattern) -> Option<AppId> {
    match api {
        ApiPattern::AppId(app_id) => privileged::is_microsofts(*app_id, None).then_some(*app_id),
        ApiPattern::IdentifierUri(uri) => privileged::microsofts_api(uri.as_str()),
    }
}

fn admits_new_resource_groups(pattern: &PrincipalPattern) -> bool {
    match pattern {
        PrincipalPattern::Scope(scope) => scope.admits_new_resource_groups(),
        PrincipalPattern::Object(_) => false,
    }
}

/// The entries of `principals` that are protected: one finding for each, or one for all.
fn protected_principals(grant: &Grant, protected: &[Protected]) -> Vec<Finding> {
    let is_protected = |pattern: &PrincipalPattern| protected_by(pattern, protected).is_some();
    let code = WarningCode::PrincipalProtected;
    if grant.principals.iter().all(is_protected) {
        let sentence = "it can never match: its principals are all protected";
        return vec![Finding::new(code, ".principals", sentence)];
    }
    let entries = grant.principals.iter().enumerate();
    let found = entries.filter_map(|(index, pattern)| {
        let sentence = match protected_by(pattern, protected)? {
            Protected::Guid(_) => "it never covers one of its principals, which is protected",
            Protected::Scope(_) => {
                "it never covers one of its scopes, which lies in a protected scope"
            }
        };
        Some(Finding::new(code, format!(".principals[{index}]"), sentence))
    });
    found.collect()
}

/// The entry of `protected` that protects every principal of a pattern.
fn protected_by<'a>(
    pattern: &PrincipalPattern,
    protected: &'a [Protected],
) -> Option<&'a Protected> {
    protected.iter().find(|entry| match (pattern, entry) {
        (PrincipalPattern::Object(object), Protected::Guid(id)) => *object == (*id).into(),
        (PrincipalPattern::Scope(scope), Protected::Scope(known)) => known.contains(scope),
        _ => false,
    })
}

fn is_protected_api(api: &ApiPattern, known: Option<AppId>, protected: &[Protected]) -> bool {
    let app_id = match api {
        ApiPattern::AppId(app_id) => Some(*app_id),
        ApiPattern::IdentifierUri(_) => known,
    };
    let is = |id: &Guid| app_id == Some(AppId::from(*id));
    protected.iter().any(|entry| matches!(entry, Protected::Guid(id) if is(id)))
}

fn any_role(pattern: &RolePattern) -> Option<(WarningCode, String)> {
    let RolePattern::Prefix(prefix) = pattern else { return None };
    prefix.is_empty().then(|| {
        let sentence = "\"*\" alone covers every role of the API, also those that it defines later; \
                        name the roles, or the beginning of their values";
        (WarningCode::AnyRole, sentence.to_owned())
    })
}

fn misplaced_wildcard(pattern: &RolePattern) -> Option<(WarningCode, String)> {
    let RolePattern::Prefix(prefix) = pattern else { return None };
    let sentence = format!(
        "{prefix}* can never match: `*` works only on APIs that your own tenant owns, and this API is \
         Microsoft's"
    );
    Some((WarningCode::WildcardWithoutEffect, sentence))
}

/// Why a rule without the mark never grants the roles of an entry.
fn never_granted(pattern: &RolePattern, app_id: AppId) -> Option<(WarningCode, String)> {
    let (name, why) = match pattern {
        RolePattern::Prefix(_) => return None,
        RolePattern::Value(value) => (value.clone(), privileged::of_value(app_id, value)?),
        RolePattern::Id(id) => (id.to_string(), privileged::of_id(app_id, *id)?),
    };
    let sentence = format!(
        "{name} can never match: the role is privileged ({why}), and the rule does not say \
         \"privileged\": true"
    );
    Some((WarningCode::PrivilegedNotMarked, sentence))
}
