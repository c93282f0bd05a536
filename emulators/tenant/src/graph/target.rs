//! The target of a Microsoft Graph URL.

use uuid::Uuid;

use super::relation::Relation;
use crate::{failure::Failure, graph_error as error};

const VERSION: &str = "v1.0";
const SERVICE_PRINCIPALS: &str = "servicePrincipals";

/// The type cast that selects the principals of agent blueprints ("List agentIdentityBlueprintPrincipals").
const AGENT_BLUEPRINTS: &str = "microsoft.graph.agentIdentityBlueprintPrincipal";

/// The length of a GUID with hyphens, the only form that Microsoft Graph accepts.
const GUID_LENGTH: usize = 36;

/// The key of a service principal in a URL, which need not be a GUID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Key {
    /// `/servicePrincipals/{id}` or `/servicePrincipals('{id}')`
    ObjectId(String),
    /// `/servicePrincipals(appId='{appId}')`
    AppId(String),
}

/// The target of a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// All service principals.
    ServicePrincipals,
    /// The principals of all agent blueprints.
    AgentBlueprints,
    /// A service principal.
    ServicePrincipal(Key),
    /// The app role assignments that a service principal holds, or those of its roles.
    Assignments(Relation, Key),
    /// One of them, by its id.
    Assignment(Relation, Key, String),
    /// The tenant's audit log.
    DirectoryAudits,
}

impl Target {
    /// Parses a URL's path.
    pub(crate) fn parse(path: &str) -> Result<Self, Failure> {
        let decoded: Vec<String> = path.split('/').skip(1).map(decode).collect();
        let segments: Vec<&str> = decoded.iter().flat_map(|segment| key_apart(segment)).collect();
        let Some((version, rest)) = segments.split_first() else {
            return Err(error::invalid_version(""));
        };
        if *version != VERSION {
            return Err(error::invalid_version(version));
        }
        let Some((first, rest)) = rest.split_first() else {
            return Err(error::unknown_segment(""));
        };
        if let Some(app_id) = app_id(first) {
            return Self::within(Key::AppId(app_id.to_owned()), rest);
        }
        match rest {
            [] if is(first, SERVICE_PRINCIPALS) => Ok(Self::ServicePrincipals),
            [cast] if is(first, SERVICE_PRINCIPALS) && is(cast, AGENT_BLUEPRINTS) => {
                Ok(Self::AgentBlueprints)
            }
            [id, rest @ ..] if is(first, SERVICE_PRINCIPALS) => {
                Self::within(Key::ObjectId((*id).to_owned()), rest)
            }
            [list] if is(first, "auditLogs") && is(list, "directoryAudits") => {
                Ok(Self::DirectoryAudits)
            }
            _ if is(first, Relation::Held.name()) => Err(error::direct_query()),
            _ => Err(error::unknown_segment(first)),
        }
    }

    fn within(key: Key, rest: &[&str]) -> Result<Self, Failure> {
        let Some((first, rest)) = rest.split_first() else {
            return Ok(Self::ServicePrincipal(key));
        };
        let relation = Relation::ALL.into_iter().find(|relation| is(first, relation.name()));
        let relation = relation.ok_or_else(|| error::unknown_segment(first))?;
        match rest {
            [] => Ok(Self::Assignments(relation, key)),
            [id] if !id.is_empty() => Ok(Self::Assignment(relation, key, (*id).to_owned())),
            [below] | [_, below, ..] => Err(error::unknown_segment(below)),
        }
    }
}

/// Whether the text is a GUID with hyphens.
pub(crate) fn is_guid(text: &str) -> bool {
    text.len() == GUID_LENGTH && Uuid::try_parse(text).is_ok()
}

fn is(segment: &str, name: &str) -> bool {
    segment.eq_ignore_ascii_case(name)
}

/// A collection and the key behind it, `servicePrincipals('…')`, as two segments (OData URL Conventions,
/// "Canonical URL").
fn key_apart(segment: &str) -> Vec<&str> {
    let with_key = segment.strip_suffix("')").and_then(|text| text.split_once("('"));
    with_key.map_or_else(|| vec![segment], |(collection, key)| vec![collection, key])
}

fn app_id(segment: &str) -> Option<&str> {
    let (collection, key) = segment.split_once('(')?;
    let value = key.strip_suffix("')")?.strip_prefix("appId='")?;
    is(collection, SERVICE_PRINCIPALS).then_some(value)
}

/// Percent-decodes one segment. `+` and `&`, which the decoder for queries treats specially, are escaped
/// first.
fn decode(segment: &str) -> String {
    let query = format!("segment={}", segment.replace('+', "%2B").replace('&', "%26"));
    let value = url::form_urlencoded::parse(query.as_bytes()).next();
    value.map(|(_, value)| value.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_principal_is_named_by_object_id_or_by_application_id() {
        let by_id = Target::parse("/v1.0/servicePrincipals/a").unwrap();
        assert_eq!(by_id, Target::ServicePrincipal(Key::ObjectId("a".to_owned())));
        let by_app_id = Target::parse("/v1.0/servicePrincipals(appId='a')/appRoleAssignments");
        let expected = Target::Assignments(Relation::Held, Key::AppId("a".to_owned()));
        assert_eq!(by_app_id.unwrap(), expected);
    }

    #[test]
    fn an_assignment_is_named_by_its_id_in_its_own_case_and_has_nothing_below() {
        for relation in Relation::ALL {
            let name = relation.name();
            for key in ["servicePrincipals/a", "servicePrincipals('a')"] {
                for path in
                    [format!("/v1.0/{key}/{name}/Id-1_"), format!("/v1.0/{key}/{name}('Id-1_')")]
                {
                    let key = Key::ObjectId("a".to_owned());
                    let expected = Target::Assignment(relation, key, "Id-1_".to_owned());
                    assert_eq!(Target::parse(&path).unwrap(), expected, "{path}");
                }
            }
            for below in ["", "id/more", "id/"] {
                let path = format!("/v1.0/servicePrincipals/a/{name}/{below}");
                assert!(Target::parse(&path).is_err(), "{path}");
            }
        }
    }

    #[test]
    fn a_percent_encoded_key_equals_a_plain_one() {
        let encoded = Target::parse("/v1.0/servicePrincipals%28appId%3D%27a+b%27%29").unwrap();
        assert_eq!(encoded, Target::ServicePrincipal(Key::AppId("a+b".to_owned())));
    }

    #[test]
    fn only_a_hyphenated_guid_is_a_guid() {
        assert!(is_guid("0ACE32DA-7771-4990-b257-b5758d4c517d"));
        assert!(!is_guid("0ace32da77714990b257b5758d4c517d"));
        assert!(!is_guid("id-orders"));
    }
}
