//! The principals, APIs and roles that a test file states.

use std::collections::BTreeMap;

use super::super::words::{KindWord, OwnerWord};
use crate::{
    document::{Faults, Part, Section},
    stated_facts::{StatedApi, StatedPrincipal, StatedRole},
};
use app_roles::{
    arm::ArmScope,
    directory::nearest,
    names::{ApiName, PrincipalName, RoleName},
};

const PRINCIPAL_FIELDS: &[&str] = &["resourceId", "objectId", "clientId", "kind"];
const API_FIELDS: &[&str] = &["appId", "identifierUri", "objectId", "owner"];
const ROLE_FIELDS: &[&str] = &["value", "id"];

/// The facts that tests name.
pub(super) struct Named {
    principals: BTreeMap<String, StatedPrincipal>,
    apis: BTreeMap<String, StatedApi>,
}

impl Named {
    /// Reads the principals and APIs of a file.
    pub(super) fn read(root: &Section<'_>, faults: &mut Faults) -> Self {
        let none = Self { principals: BTreeMap::new(), apis: BTreeMap::new() };
        let is_principal =
            |name: &str| matches!(PrincipalName::parse(name), Ok(PrincipalName::DisplayName(_)));
        let is_api = |name: &str| matches!(ApiName::parse(name), Ok(ApiName::DisplayName(_)));
        Self {
            principals: named(root, ("principals", is_principal), faults, |part, faults| {
                stated_principal(part, &none, faults).map(|(_, stated)| stated)
            }),
            apis: named(root, ("apis", is_api), faults, |part, faults| {
                stated_api(part, &none, faults).map(|(_, stated)| stated)
            }),
        }
    }
}

/// The fault of a name that tests could not use.
const NO_NAME: &str =
    "is no display name: an id, a URI or an alias stands for itself, and other names are printable";

/// Reads an object that has a name for each of its members.
fn named<T>(
    root: &Section<'_>,
    (field, is_name): (&str, impl Fn(&str) -> bool),
    faults: &mut Faults,
    read: impl Fn(&Part<'_>, &mut Faults) -> Option<T>,
) -> BTreeMap<String, T> {
    let mut all = BTreeMap::new();
    for (name, part) in root.part(field).and_then(|part| part.members(faults)).unwrap_or_default() {
        if !is_name(name) {
            part.fault(NO_NAME, faults);
        }
        if let Some(stated) = read(&part, faults)
            && all.insert(name.to_owned(), stated).is_some()
        {
            part.fault("the name occurs twice", faults);
        }
    }
    all
}

/// Reads the principal of a test.
pub(super) fn principal(
    test: &Section<'_>,
    named: &Named,
    faults: &mut Faults,
) -> Option<(PrincipalName, StatedPrincipal)> {
    stated_principal(&test.required("principal", faults)?, named, faults)
}

/// Reads the API of a test.
pub(super) fn api(
    test: &Section<'_>,
    named: &Named,
    faults: &mut Faults,
) -> Option<(ApiName, StatedApi)> {
    stated_api(&test.required("api", faults)?, named, faults)
}

/// Reads the role of a test. A role that its API is known not to define is a fault.
pub(super) fn role(
    test: &Section<'_>,
    api: Option<&StatedApi>,
    faults: &mut Faults,
) -> Option<StatedRole> {
    let part = test.required("role", faults)?;
    let role = if part.is_text() {
        part.read::<RoleName>(faults).map(|name| StatedRole::of_name(&name))
    } else {
        role_section(&part, faults)
    };
    if let Some(unknown) = api.zip(role.as_ref()).and_then(|(api, role)| role.unknown(api)) {
        let similar = match unknown.similar.as_slice() {
            [] => String::new(),
            similar => format!(" (did you mean {}?)", similar.join(", ")),
        };
        let advice = "for a new role, state its value and its id";
        part.fault(&format!("{}{similar}; {advice}", unknown.sentence), faults);
    }
    role
}

fn role_section(part: &Part<'_>, faults: &mut Faults) -> Option<StatedRole> {
    let section = part.section(ROLE_FIELDS, faults)?;
    let role = StatedRole { value: section.read("value", faults), id: section.read("id", faults) };
    if ROLE_FIELDS.iter().all(|field| section.part(field).is_none()) {
        part.fault("state value, id or both", faults);
    }
    Some(role)
}

fn stated_principal(
    part: &Part<'_>,
    named: &Named,
    faults: &mut Faults,
) -> Option<(PrincipalName, StatedPrincipal)> {
    if !part.is_text() {
        return principal_section(part, faults);
    }
    let name = part.parsed(PrincipalName::parse, faults)?;
    let known = match &name {
        PrincipalName::DisplayName(text) => named.principals.get(text.as_str()).cloned(),
        name => StatedPrincipal::of_name(name),
    };
    if known.is_none() {
        let unknown = unknown("principals", &name.to_string(), named.principals.keys());
        part.fault(&unknown, faults);
    }
    known.map(|known| (name, known))
}

fn principal_section(
    part: &Part<'_>,
    faults: &mut Faults,
) -> Option<(PrincipalName, StatedPrincipal)> {
    let section = part.section(PRINCIPAL_FIELDS, faults)?;
    let resource = section.part("resourceId").and_then(|part| part.parsed(resource, faults));
    let stated = StatedPrincipal {
        resource_id: resource,
        object_id: section.read("objectId", faults),
        client_id: section.read("clientId", faults),
        kind: section.read::<KindWord>("kind", faults).map(Into::into),
    };
    let name = stated.resource_id.clone().map(PrincipalName::ResourceId);
    let name = name
        .or(stated.object_id.map(PrincipalName::ObjectId))
        .or(stated.client_id.map(PrincipalName::ClientId));
    // A field that is present but faulty does not count as missing.
    let is_named = PRINCIPAL_FIELDS.iter().take(3).any(|field| section.part(field).is_some());
    if let Some(fault) = stated.fault().filter(|_| name.is_some() || !is_named) {
        part.fault(fault, faults);
    }
    name.map(|name| (name, stated))
}

fn resource(text: &str) -> Result<ArmScope, String> {
    match PrincipalName::parse(text) {
        Ok(PrincipalName::ResourceId(id)) => Ok(id),
        Err(problem) if text.starts_with('/') => Err(problem),
        _ => Err("expected the ARM id of a resource, which starts with /subscriptions/".to_owned()),
    }
}

fn stated_api(part: &Part<'_>, named: &Named, faults: &mut Faults) -> Option<(ApiName, StatedApi)> {
    if !part.is_text() {
        return api_section(part, faults);
    }
    let name = part.parsed(ApiName::parse, faults)?;
    let known = match &name {
        ApiName::DisplayName(text) => named.apis.get(text.as_str()).cloned(),
        name => StatedApi::of_name(name),
    };
    if known.is_none() {
        part.fault(&unknown("apis", &name.to_string(), named.apis.keys()), faults);
    }
    known.map(|known| (name, known))
}

fn api_section(part: &Part<'_>, faults: &mut Faults) -> Option<(ApiName, StatedApi)> {
    let section = part.section(API_FIELDS, faults)?;
    let stated = StatedApi {
        app_id: section.read("appId", faults),
        identifier_uri: section.read("identifierUri", faults),
        object_id: section.read("objectId", faults),
        owner: section.read::<OwnerWord>("owner", faults).map(Into::into),
    };
    let uri = stated.identifier_uri.clone().map(ApiName::IdentifierUri);
    let name = stated.app_id.map(ApiName::AppId).or(uri);
    let is_named = ["appId", "identifierUri"].iter().any(|field| section.part(field).is_some());
    if let Some(fault) = stated.fault().filter(|_| name.is_some() || !is_named) {
        part.fault(fault, faults);
    }
    name.map(|name| (name, stated))
}

fn unknown<'a>(field: &str, name: &str, known: impl Iterator<Item = &'a String>) -> String {
    let similar = nearest(name, known.map(String::as_str));
    let similar = match similar.as_slice() {
        [] => String::new(),
        similar => format!(" (did you mean {}?)", similar.join(", ")),
    };
    format!("the file states no fact about {name:?}{similar}; add it to `{field}`, or use an id")
}
