//! A small tenant for the tests of the report.

use std::sync::Arc;

use app_roles::{
    arm::ArmScope,
    directory::{Api, AppRole, Principal, PrincipalKind},
    ids::{AppId, AppRoleId, Guid, ObjectId},
    policy::{OwnIdentity, Policy},
};
use serde_json::{Value, json};
use time::{OffsetDateTime, macros::datetime};

use super::{
    builder::{Facts, report},
    document::Report,
    policy_rules::PolicyRules,
};
use crate::{
    broker_record::Ends,
    inventory::{InventoryAssignment, TenantInventory},
};

pub(super) const NOW: OffsetDateTime = datetime!(2026-11-26 10:00 UTC);
pub(super) const CREATED: OffsetDateTime = datetime!(2026-08-20 10:11:12.1234567 UTC);

pub(super) const TENANT: &str = "66666666-6666-6666-6666-666666666666";
pub(super) const OTHER_TENANT: &str = "66666666-6666-6666-6666-666666666667";
const MICROSOFT: &str = "f8cdef31-a31e-4b4a-93e4-5f571e91255a";
pub(super) const GROUPS: &str =
    "/subscriptions/44444444-4444-4444-4444-444444444444/resourceGroups";

/// Object ids of principals. The first two are managed identities in rg-orders and rg-billing.
pub(super) const ORDERS_IDENTITY: u8 = 1;
pub(super) const BILLING_IDENTITY: u8 = 2;
pub(super) const APPLICATION: u8 = 3;
pub(super) const BLUEPRINT: u8 = 4;
pub(super) const BROKER: u8 = 5;

/// Object ids of APIs.
pub(super) const ORDERS_API: u8 = 11;
pub(super) const GRAPH: u8 = 12;
pub(super) const CALENDAR_API: u8 = 13;

/// Ids of roles.
pub(super) const READ: u8 = 21;
pub(super) const WRITE: u8 = 22;
pub(super) const MAIL_SEND: u8 = 23;
pub(super) const DELETED: u8 = 24;

fn id(number: u8) -> String {
    format!("11111111-1111-1111-1111-{number:012}")
}

pub(super) fn object_id(number: u8) -> ObjectId {
    ObjectId::parse(&id(number)).unwrap()
}

pub(super) fn role_id(number: u8) -> AppRoleId {
    match number {
        0 => AppRoleId::DEFAULT_ACCESS,
        _ => AppRoleId::parse(&id(number)).unwrap(),
    }
}

pub(super) fn tenant() -> Option<Guid> {
    Guid::parse(TENANT).ok()
}

fn principal(number: u8, name: &str, kind: PrincipalKind) -> Principal {
    Principal {
        object_id: object_id(number),
        client_id: AppId::parse(&id(number + 100)).ok(),
        display_name: name.to_owned(),
        kind,
        resource_id: None,
        by_client_id: false,
    }
}

fn identity(number: u8, name: &str, group: &str) -> Principal {
    let below = "providers/Microsoft.ManagedIdentity/userAssignedIdentities";
    let resource = ArmScope::parse(&format!("{GROUPS}/{group}/{below}/{name}")).unwrap();
    let identity = principal(number, name, PrincipalKind::ManagedIdentity);
    Principal { resource_id: Some(resource), ..identity }
}

fn api(number: u8, name: &str, app_id: &str, roles: &[(u8, &str)]) -> Arc<Api> {
    let roles = roles.iter().map(|(number, value)| AppRole {
        value: Some((*value).to_owned()),
        ..AppRole::known_by_id(role_id(*number))
    });
    let owner = if number == GRAPH { MICROSOFT } else { TENANT };
    Arc::new(Api {
        object_id: object_id(number),
        app_id: AppId::parse(app_id).unwrap(),
        owner: Guid::parse(owner).ok(),
        identifier_uris: vec![],
        display_name: name.to_owned(),
        roles: roles.collect(),
        has_unreadable_roles: false,
    })
}

/// A tenant in which principals hold roles of APIs.
pub(super) fn inventory(held: &[(u8, u8, u8)]) -> TenantInventory {
    let assignments =
        held.iter().zip(0..).map(|((principal, api, role), index)| InventoryAssignment {
            id: Some(format!("assignment {index}")),
            principal: object_id(*principal),
            api: object_id(*api),
            role: role_id(*role),
            created: Some(CREATED),
        });
    TenantInventory {
        principals: vec![
            identity(ORDERS_IDENTITY, "id-orders", "rg-orders"),
            identity(BILLING_IDENTITY, "id-billing", "rg-billing"),
            principal(APPLICATION, "Reports", PrincipalKind::Application),
            principal(BLUEPRINT, "Assistants", PrincipalKind::AgentBlueprint),
            identity(BROKER, "id-broker", "rg-orders"),
        ],
        apis: vec![
            api(
                ORDERS_API,
                "Orders API",
                &id(111),
                &[(READ, "Orders.Read"), (WRITE, "Orders.Write")],
            ),
            api(
                GRAPH,
                "Microsoft Graph",
                "00000003-0000-0000-c000-000000000000",
                &[(MAIL_SEND, "Mail.Send")],
            ),
            api(CALENDAR_API, "Calendar API", &id(113), &[]),
        ],
        assignments: assignments.collect(),
        ..TenantInventory::default()
    }
}

/// A rule without a name for the Orders API and identities in a resource group.
pub(super) fn rule(group: &str, roles: &[&str]) -> Value {
    json!({ "principals": [format!("{GROUPS}/{group}")], "api": id(111), "roles": roles })
}

/// A policy with these rules on request, and of the baseline. Their names are `rule 0` and so on.
pub(super) fn policy(allow: &[Value], baseline: &[Value]) -> PolicyRules {
    let named = |index: usize, rule: &Value, more: Value| {
        let mut rule = rule.clone();
        let members = rule.as_object_mut().unwrap();
        members.insert("name".to_owned(), json!(format!("rule {index}")));
        for (name, value) in more.as_object().unwrap() {
            members.entry(name).or_insert_with(|| value.clone());
        }
        rule
    };
    let requesters = json!({ "requesters": ["queue:app-role-requests"] });
    let allowed: Vec<_> =
        allow.iter().enumerate().map(|(at, rule)| named(at, rule, requesters.clone())).collect();
    let always: Vec<_> =
        (allow.len()..).zip(baseline).map(|(at, rule)| named(at, rule, json!({}))).collect();
    let file = json!({ "version": 1, "allow": allowed, "baseline": always }).to_string();
    let policy = Policy::parse(file.as_bytes()).unwrap();
    PolicyRules::of(policy, "policy.json".to_owned(), file.as_bytes()).unwrap()
}

/// The report of a tenant, without the record.
pub(super) fn report_of(inventory: &TenantInventory, policy: Option<&PolicyRules>) -> Report {
    report(&Facts {
        inventory,
        policy,
        history: None,
        ends: &Ends::default(),
        own: OwnIdentity { object_id: object_id(BROKER), tenant_id: tenant() },
        broker: Some(object_id(BROKER)),
        now: NOW,
    })
}
