//! The difference as one JSON document.

use app_roles::{
    policy::{
        AccessChange, AccessTerms, ApproverOrder, ChangeKind, NamedPrincipals, PolicyDifference,
        PrivilegedPart, ProtectionChange,
    },
    requester::Requester,
};
use serde::Serialize;
use serde_json::{Value, json};

use super::{inputs::Inputs, phrase::Part, remarks, touched::Touched};

/// The difference for programs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document<'a> {
    old: Value,
    new: Value,
    differs: bool,
    on_request: Vec<Value>,
    baseline: Vec<Value>,
    approvers: Vec<Value>,
    protection: Vec<Value>,
    remarks: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<&'a Touched>,
}

impl<'a> Document<'a> {
    /// The document about a difference, and about what it touches in the tenant.
    pub(super) fn new(
        inputs: &Inputs,
        difference: &PolicyDifference,
        tenant: Option<&'a Touched>,
    ) -> Self {
        let [old_name, new_name] = &inputs.names;
        let unknown = remarks::unknown(&difference.protection);
        let notes = unknown.into_iter().chain(difference.notes.iter().map(remarks::note));
        Self {
            old: json!({ "file": old_name, "sha256": inputs.old.sha256() }),
            new: json!({ "file": new_name, "sha256": inputs.new.sha256() }),
            differs: !difference.is_empty(),
            on_request: difference.on_request.iter().map(access).collect(),
            baseline: difference.baseline.iter().map(access).collect(),
            approvers: difference.approvers.iter().map(order).collect(),
            protection: difference.protection.entries.iter().map(protection).collect(),
            remarks: notes.map(|note| note.parts().iter().map(Part::plain).collect()).collect(),
            tenant,
        }
    }
}

fn access(change: &AccessChange) -> Value {
    let narrower = change
        .narrower
        .iter()
        .map(|part| json!({ "principals": principals(&part.principals), "role": part.role }));
    let is_on_request = !change.requesters.is_empty();
    let document = json!({
        "change": match change.kind {
            ChangeKind::Allowed => "allowed",
            ChangeKind::Withdrawn => "withdrawn",
            ChangeKind::OtherTerms => "otherTerms",
        },
        "rule": change.rule,
        "requesters": is_on_request.then_some(&change.requesters),
        "actions": is_on_request.then_some(&change.actions),
        "principals": change.principals.iter().map(principals).collect::<Vec<_>>(),
        "api": change.api,
        "roles": change.roles,
        "privileged": match change.privileged {
            PrivilegedPart::None => "no",
            PrivilegedPart::Included => "also",
            PrivilegedPart::All => "all",
            PrivilegedPart::Only => "only",
        },
        "before": change.before.iter().map(terms).collect::<Vec<_>>(),
        "now": change.now.iter().map(terms).collect::<Vec<_>>(),
        "unchangedPart": narrower.collect::<Vec<_>>(),
    });
    without_nulls(document)
}

/// The baseline has neither requesters nor actions.
fn without_nulls(document: Value) -> Value {
    let Value::Object(members) = document else { return document };
    Value::Object(members.into_iter().filter(|(_, value)| !value.is_null()).collect())
}

fn principals(named: &NamedPrincipals) -> &str {
    match named {
        NamedPrincipals::Object(text) | NamedPrincipals::Place(text) => text,
    }
}

fn terms(terms: &AccessTerms) -> Value {
    let approval = terms.approval.as_ref().map(|terms| {
        let by = terms.by().iter().map(|id| Requester::Http(*id).to_string());
        json!({
            "by": by.collect::<Vec<_>>(), "count": terms.count(),
            "within": terms.within().to_string(),
        })
    });
    json!({
        "maxDuration": terms.max_duration.map(|longest| longest.to_string()),
        "maxWritesPerHour": terms.max_writes_per_hour,
        "approval": approval,
        "lastDay": terms.last_day.map(|day| day.to_string()),
    })
}

fn order(order: &ApproverOrder) -> Value {
    let ApproverOrder { requester, action, api, first, second } = order;
    json!({ "requester": requester, "action": action, "api": api, "first": first, "second": second })
}

fn protection(change: &ProtectionChange) -> Value {
    json!({
        "change": if change.is_added { "added" } else { "removed" },
        "entry": change.entry,
        "rules": change.rules,
    })
}
