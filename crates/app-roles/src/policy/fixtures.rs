//! Values that the tests of the policy share.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;
use time::{OffsetDateTime, macros::datetime};

use super::{OwnIdentity, PolicyWarning, schema};
use crate::{
    arm::ArmScope,
    directory::{Api, AppRole, Principal, PrincipalKind},
    ids::{AppId, AppRoleId, Guid, ObjectId},
    requester::Requester,
};

/// The time of every decision.
pub(crate) const NOW: OffsetDateTime = datetime!(2026-11-26 10:00 UTC);

pub(crate) const TENANT: &str = "66666666-6666-6666-6666-666666666666";
pub(crate) const OWN: &str = "99999999-9999-9999-9999-999999999999";
pub(crate) const PRINCIPAL: &str = "11111111-1111-1111-1111-111111111111";
pub(crate) const CLIENT: &str = "77777777-7777-7777-7777-777777777777";
pub(crate) const ORDERS: &str = "22222222-2222-2222-2222-222222222222";
pub(crate) const GRAPH: &str = "00000003-0000-0000-c000-000000000000";
pub(crate) const API_OBJECT: &str = "88888888-8888-8888-8888-888888888888";
pub(crate) const ROLE: &str = "33333333-3333-3333-3333-333333333333";
pub(crate) const SUBSCRIPTION: &str = "/subscriptions/44444444-4444-4444-4444-444444444444";

pub(crate) const MICROSOFT: &str = "f8cdef31-a31e-4b4a-93e4-5f571e91255a";

/// Id of Microsoft Graph's role `Place.Read.All`, which is harmless.
pub(crate) const PLACE_READ_ALL: &str = "913b9306-0ce1-42b8-9137-6a7df690a760";

pub(crate) fn team() -> Requester {
    Requester::Queue("team".to_owned())
}

pub(crate) fn object_id(id: &str) -> ObjectId {
    ObjectId::parse(id).unwrap()
}

pub(crate) fn own() -> OwnIdentity {
    OwnIdentity { object_id: object_id(OWN), tenant_id: Guid::parse(TENANT).ok() }
}

/// The warnings as sentences.
pub(crate) fn sentences(warnings: &[PolicyWarning]) -> Vec<String> {
    warnings.iter().map(ToString::to_string).collect()
}

/// Whether the schema accepts a policy file, as most programs use it: they ignore the formats of texts.
pub(crate) fn schema_accepts(file: &Value) -> bool {
    static VALIDATOR: LazyLock<Validator> =
        LazyLock::new(|| jsonschema::validator_for(&schema::policy()).unwrap());
    VALIDATOR.is_valid(file)
}

/// The resource of a user-assigned identity in a resource group.
pub(crate) fn resource(group: &str) -> ArmScope {
    let below = "providers/Microsoft.ManagedIdentity/userAssignedIdentities/id";
    ArmScope::parse(&format!("{SUBSCRIPTION}/resourcegroups/{group}/{below}")).unwrap()
}

/// A managed identity in a resource group.
pub(crate) fn identity(id: &str, group: &str) -> Principal {
    Principal { resource_id: Some(resource(group)), ..identity_somewhere(id) }
}

/// A managed identity whose resource is unknown.
pub(crate) fn identity_somewhere(id: &str) -> Principal {
    Principal { kind: PrincipalKind::ManagedIdentity, ..application(id) }
}

/// A service principal that is not a managed identity.
pub(crate) fn application(id: &str) -> Principal {
    Principal {
        object_id: object_id(id),
        client_id: AppId::parse(CLIENT).ok(),
        display_name: "id".to_owned(),
        kind: PrincipalKind::Application,
        resource_id: None,
        by_client_id: false,
    }
}

/// A role. It has no value if `value` is empty.
pub(crate) fn role(id: &str, value: &str) -> AppRole {
    let value = (!value.is_empty()).then(|| value.to_owned());
    AppRole { value, ..AppRole::known_by_id(AppRoleId::parse(id).unwrap()) }
}

/// An API without roles. Microsoft owns Microsoft Graph, and the broker's own tenant every other one.
pub(crate) fn api(app_id: &str) -> Api {
    let owner = if app_id == GRAPH { MICROSOFT } else { TENANT };
    Api {
        object_id: object_id(API_OBJECT),
        app_id: AppId::parse(app_id).unwrap(),
        owner: Guid::parse(owner).ok(),
        identifier_uris: vec![app_id.to_owned(), "api://orders".to_owned()],
        display_name: "Orders API".to_owned(),
        roles: vec![],
        has_unreadable_roles: false,
    }
}
