use proptest::prelude::*;

use super::*;
use crate::status::summary;

const GROUP: &str = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg";
const BASE: &str = "https://management.azure.com";

fn url(resource: &str) -> Url {
    let resource = ArmScope::parse(&format!("{GROUP}/providers/{resource}")).unwrap();
    identity_url(&Url::parse(BASE).unwrap(), &resource)
}

#[test]
fn urls_are_those_that_azure_resource_manager_documents() {
    let identity = "Microsoft.ManagedIdentity/userAssignedIdentities/id";
    let extension = "providers/Microsoft.ManagedIdentity/identities/default";
    let version = "api-version=2023-01-31";
    for (resource, expected) in [
        (identity, format!("{identity}?{version}")),
        ("Microsoft.Web/sites/f", format!("Microsoft.Web/sites/f/{extension}?{version}")),
        (
            "Microsoft.Web/sites/f/slots/blue",
            format!("Microsoft.Web/sites/f/slots/blue/{extension}?{version}"),
        ),
    ] {
        assert_eq!(url(resource).as_str(), format!("{BASE}{GROUP}/providers/{expected}"));
    }
}

#[test]
fn a_name_is_encoded_once_however_the_event_spells_it() {
    for name in ["High CPU größe", "High%20CPU%20gr%C3%B6%C3%9Fe"] {
        let encoded = "High%20CPU%20gr%C3%B6%C3%9Fe";
        let url = url(&format!("Microsoft.Insights/scheduledQueryRules/{name}"));
        assert_eq!(url.path_segments().unwrap().nth(7), Some(encoded));
    }
    let assignment = "providers/Microsoft.Authorization/policyAssignments/Deny%20IPs";
    let group = "/providers/Microsoft.Management/managementGroups/mg";
    for place in ["/subscriptions/11111111-1111-1111-1111-111111111111", group] {
        let resource = ArmScope::parse(&format!("{place}/{assignment}")).unwrap();
        let url = identity_url(&Url::parse(BASE).unwrap(), &resource);
        let extension = "providers/Microsoft.ManagedIdentity/identities/default";
        assert_eq!(url.path(), format!("{place}/{assignment}/{extension}"));
    }
}

#[test]
fn each_refusal_has_the_documented_meaning() {
    let body = |code: &str| format!(r#"{{"error":{{"code":"{code}","message":"because"}}}}"#);
    for (status, code, expected) in [
        (404, "ResourceNotFound", Meaning::NoIdentity),
        (404, "ResourceGroupNotFound", Meaning::NoIdentity),
        (404, "FailedIdentityOperation", Meaning::NoIdentity),
        (404, "SubscriptionNotFound", Meaning::Forbidden),
        (404, "InvalidResourceType", Meaning::Unanswered),
        (403, "AuthorizationFailed", Meaning::Forbidden),
        (401, "InvalidAuthenticationTokenAudience", Meaning::NoAnswer),
        (408, "RequestTimeout", Meaning::NoAnswer),
        (429, "TooManyRequests", Meaning::NoAnswer),
        (500, "InternalServerError", Meaning::NoAnswer),
        (503, "ServerTimeout", Meaning::NoAnswer),
        (509, "BandwidthLimitExceeded", Meaning::NoAnswer),
        (400, "InvalidResourceType", Meaning::Unanswered),
        (409, "MissingSubscriptionRegistration", Meaning::Unanswered),
        (409, "AnotherOperationInProgress", Meaning::NoAnswer),
        (410, "Gone", Meaning::NoAnswer),
        (302, "", Meaning::NoAnswer),
    ] {
        let (meaning, detail) = meaning(status, body(code).as_bytes(), Some("7"));
        assert_eq!(meaning, expected, "{status} {code}");
        assert!(detail.contains(&summary(status, code, "because")), "{detail}");
        assert!(detail.ends_with("(correlation id \"7\")"), "{detail}");
    }
}

#[test]
fn the_status_decides_when_the_body_cannot_be_read() {
    for body in ["", "<html>", "{}", "[]", r#"{"error":{"code":7}}"#, r#"{"error":null}"#] {
        assert_eq!(meaning(403, body.as_bytes(), None).0, Meaning::Forbidden, "{body}");
        assert_eq!(meaning(404, body.as_bytes(), None).0, Meaning::NoIdentity, "{body}");
    }
}

#[test]
fn one_member_that_is_absent_null_or_of_another_type_does_not_spoil_an_error() {
    use serde_json::{Value, json};
    let known = json!({ "code": "SubscriptionNotFound", "message": "because", "target": "t",
                        "details": [], "additionalInfo": [], "innererror": {} });
    for member in known.as_object().unwrap().keys().filter(|member| *member != "code") {
        for replacement in [Value::Null, json!(7), json!(["x"]), json!({ "x": 1 })] {
            let mut error = known.clone();
            error[member] = replacement;
            let body = json!({ "error": error, "status": null }).to_string();
            assert_eq!(meaning(404, body.as_bytes(), None).0, Meaning::Forbidden, "{body}");
        }
    }
    let message_only = br#"{"error":{"code":null,"message":"because"}}"#;
    assert!(meaning(404, message_only, None).1.contains("because"));
}

proptest! {
    #[test]
    fn no_resource_leaves_its_place_in_the_identity_url(name in "[^/]{1,20}") {
        let Ok(resource) = ArmScope::parse(&format!("{GROUP}/providers/Microsoft.Web/sites/{name}")) else {
            return Ok(());
        };
        let url = identity_url(&Url::parse(BASE).unwrap(), &resource);
        prop_assert_eq!(url.host_str(), Some("management.azure.com"));
        prop_assert_eq!(url.path_segments().unwrap().count(), 8 + SYSTEM_ASSIGNED.len());
        prop_assert_eq!(url.query(), Some("api-version=2023-01-31"));
    }

    #[test]
    fn no_response_makes_the_parser_panic(status: u16, body: Vec<u8>) {
        let _ = meaning(status, &body, None);
    }
}
