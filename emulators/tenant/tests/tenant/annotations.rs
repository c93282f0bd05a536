//! OData annotations in the body that creates an assignment. Every SDK of Microsoft writes `@odata.type`.

use proptest::prelude::*;
use serde_json::{Value, json};
use tenant_emulator::contoso::{ORDERS_API, ORDERS_IDENTITY, ORDERS_READ};

use crate::caller::{Answer, Caller, assignment, assignments_path};

/// Posts an assignment with another member.
async fn post_with(caller: &Caller, name: &str, value: Value) -> Answer {
    let mut body = assignment(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ);
    body[name] = value;
    caller.post(&assignments_path(ORDERS_IDENTITY), &body).await
}

fn message(answer: &Answer) -> String {
    answer.json()["error"]["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_type_that_an_assignment_or_an_id_does_not_have_is_refused_by_name() {
    let caller = Caller::in_contoso().await;
    let unknown = "could not be resolved by the model. When a model is available";
    let not_assignable = "not assignable to the expected type 'microsoft.graph.appRoleAssignment'.";
    for (name, declared, end) in [
        ("@odata.type", "#microsoft.graph.user", not_assignable),
        ("@odata.type", "microsoft.graph.directoryObject", not_assignable),
        ("@odata.type", "#Edm.String", not_assignable),
        ("@odata.type", "#microsoft.graph.approleassignment", unknown),
        ("@odata.type", "appRoleAssignment", unknown),
        ("@odata.type", "##microsoft.graph.appRoleAssignment", unknown),
        ("@odata.type", "", unknown),
        ("appRoleId@odata.type", "#Edm.Int32", "not assignable to the expected type 'Edm.Guid'."),
        ("resourceId@odata.type", "#Text", unknown),
    ] {
        let answer = post_with(&caller, name, declared.into()).await;
        assert_eq!(answer.status, 400, "{name} {declared}");
        assert_eq!(answer.json()["error"]["code"], "Request_BadRequest");
        let declared = declared.strip_prefix('#').unwrap_or(declared);
        let message = message(&answer);
        assert!(message.contains(&format!("'{declared}'")) && message.contains(end), "{message}");
    }
    assert!(caller.tenant.assignments_of(ORDERS_IDENTITY).is_empty());
}

#[tokio::test]
async fn what_is_no_annotation_or_part_of_the_object_is_refused_as_an_unknown_property() {
    let caller = Caller::in_contoso().await;
    for (name, value) in [
        ("odata.type", json!("#microsoft.graph.appRoleAssignment")),
        ("OdataType", json!("#microsoft.graph.appRoleAssignment")),
        ("@type", json!("appRoleAssignment")),
        ("additionalData", json!({})),
        ("principal@odata.bind", json!("https://graph.microsoft.com/v1.0/users/a")),
        ("@odata.type", Value::Null),
        ("@odata.type", json!(["#microsoft.graph.appRoleAssignment"])),
    ] {
        let answer = post_with(&caller, name, value).await;
        answer.assert_is(400, "error-invalid-properties.json");
    }
    assert!(caller.tenant.assignments_of(ORDERS_IDENTITY).is_empty());
}

#[tokio::test]
async fn the_type_may_be_stated_in_either_form_and_anywhere_in_the_body() {
    let type_members = [
        r##""@odata.type":"#microsoft.graph.appRoleAssignment""##,
        r#""@odata.type":"microsoft.graph.appRoleAssignment""#,
        r##""appRoleId@odata.type":"#Guid""##,
        r##""appRoleId@odata.type":"#Edm.Guid","principalId@odata.type":"Edm.Guid""##,
    ];
    let plain = assignment(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).to_string();
    let plain = plain.trim_matches(['{', '}']);
    for member in type_members {
        for body in [format!("{{{member},{plain}}}"), format!("{{{plain},{member}}}")] {
            let caller = Caller::in_contoso().await;
            let request = caller
                .http
                .post(caller.url(&assignments_path(ORDERS_IDENTITY)))
                .bearer_auth(&caller.token)
                .header("content-type", "application/json")
                .body(body.clone());
            let answer = Answer::to(request).await;
            answer.assert_is(201, "create-assignment-of-own-api-response.json");
            assert_eq!(caller.tenant.assignments_of(ORDERS_IDENTITY).len(), 1, "{body}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn an_annotation_that_graph_does_not_know_changes_nothing(
        property in "(|principalId|resourceId|appRoleId|somethingElse)",
        annotation in "(odata\\.(id|etag|context|editLink|x)|contoso\\.[a-z]{1,8}(\\.[a-z]{1,8})?)",
        value in prop_oneof![
            Just(Value::Null),
            Just(json!({ "a": [1] })),
            any::<String>().prop_map(Value::from),
        ],
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (status, held) = runtime.block_on(async {
            let caller = Caller::in_contoso().await;
            let answer = post_with(&caller, &format!("{property}@{annotation}"), value).await;
            (answer.status.as_u16(), caller.tenant.assignments_of(ORDERS_IDENTITY).len())
        });
        prop_assert_eq!((status, held), (201, 1));
    }
}
