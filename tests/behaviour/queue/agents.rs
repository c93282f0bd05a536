//! Requests for the principals of agent blueprints, whose roles all their agents can inherit.

use serde_json::json;
use tenant_emulator::{
    ServicePrincipal, ServicePrincipalType,
    contoso::{ORDERS_API, ORDERS_API_APP_ID},
};

use crate::world::{Setup, role};

const BLUEPRINT: &str = "c0a70500-0000-4000-8000-00000000b100";
const AGENT: &str = "c0a70500-0000-4000-8000-00000000b200";

#[tokio::test]
async fn a_blueprint_gets_a_role_only_by_a_marked_rule_and_the_result_says_who_inherits_it() {
    for marked in [false, true] {
        let mut setup = Setup::new().await;
        let rule = json!({ "name": "agents", "requesters": ["queue:app-role-requests"],
            "principals": [BLUEPRINT, AGENT], "api": ORDERS_API_APP_ID, "roles": ["Orders.Read"],
            "privileged": marked });
        setup.policy = Some(json!({ "version": 1, "allow": [rule] }).to_string());
        for (kind, id) in [
            (ServicePrincipalType::AgentBlueprint, BLUEPRINT),
            (ServicePrincipalType::Agent, AGENT),
        ] {
            let app_id = id.replace("00b", "00c");
            let principal = ServicePrincipal::of_agents(kind, id, &app_id, "Helpdesk");
            setup.tenant.add_service_principal(principal);
        }
        let world = setup.start().await;
        let request = |id| json!({ "principal": id, "api": ORDERS_API, "roles": ["Orders.Read"] });
        let result = world.result_of(&request(BLUEPRINT).to_string()).await;
        let outcome = role(&result);
        assert_eq!(outcome["privileged"], true, "{result}");
        let expected = if marked { json!("assigned") } else { json!("denied") };
        assert_eq!(outcome["status"], expected, "{result}");
        assert!(outcome["message"].as_str().unwrap().contains("agents"), "{result}");
        let result = world.result_of(&request(AGENT).to_string()).await;
        let outcome = role(&result);
        assert_eq!(
            (&outcome["status"], &outcome["privileged"]),
            (&json!("assigned"), &json!(false))
        );
        assert_eq!(world.tenant.assignments_of(BLUEPRINT).len(), usize::from(marked));
    }
}
