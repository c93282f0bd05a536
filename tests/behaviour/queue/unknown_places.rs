//! Managed identities whose Azure resource cannot be read, under a policy that protects a scope.

use serde_json::json;
use tenant_emulator::{
    ServicePrincipal,
    contoso::{ORDERS_API_APP_ID, ORDERS_IDENTITY, SUBSCRIPTION_ID, contoso},
};

use crate::world::{Setup, World, role};

/// A tenant in which `id-orders` has these alternative names, and a rule that names it by its object id.
async fn world(names: &[&str], protected: &[&str]) -> World {
    let mut setup = Setup::new().await;
    setup.policy = Some(
        json!({
            "version": 1,
            "protected": protected,
            "allow": [{ "name": "orders", "requesters": ["queue:app-role-requests"],
                        "principals": [ORDERS_IDENTITY], "api": ORDERS_API_APP_ID,
                        "roles": ["Orders.Read"] }]
        })
        .to_string(),
    );
    let identity = contoso().service_principal(ORDERS_IDENTITY).unwrap().clone();
    let alternative_names = names.iter().map(|name| (*name).to_owned()).collect();
    setup.tenant.add_service_principal(ServicePrincipal { alternative_names, ..identity });
    setup.start().await
}

#[tokio::test]
async fn an_identity_whose_place_cannot_be_read_is_denied_where_a_scope_is_protected() {
    let subscription = format!("/subscriptions/{SUBSCRIPTION_ID}");
    let assignment = "providers/Microsoft.Authorization/policyAssignments/x";
    let request =
        json!({ "principal": ORDERS_IDENTITY, "api": "api://orders", "roles": ["Orders.Read"] });
    let in_platform =
        format!("{subscription}/resourcegroups/RG-PLÄTZE/providers/Contoso.Web/sites/x");
    for (names, protected, code) in [
        (vec![&*format!("{subscription}/{assignment}")], vec![&*subscription], "protected"),
        (
            vec!["isExplicit=True", &in_platform],
            vec![&*format!("{subscription}/resourceGroups/rg-plätze")],
            "protected",
        ),
        (vec!["isExplicit=True"], vec![], ""),
    ] {
        let world = world(&names, &protected).await;
        let result = world.result_of(&request.to_string()).await;
        let role = role(&result);
        assert_eq!(role["code"].as_str().unwrap_or_default(), code, "{names:?}: {result}");
        assert_eq!(world.tenant_is_unchanged(), !code.is_empty(), "{names:?}");
    }
}
