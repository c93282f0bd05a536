//! Repeated deliveries of a message: new identities, wrong ids, and the last delivery.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use tenant_emulator::{
    Route, ServicePrincipal,
    contoso::{ORDERS_API, ORDERS_IDENTITY, ORDERS_IDENTITY_CLIENT_ID, ORDERS_READ},
};

use crate::world::{self, Setup, TIMEOUT, World, request, role};

/// An identity that Graph does not know, or does not know yet.
const NEW_IDENTITY: &str = "c0a70500-0000-4000-8000-00000000ffff";

fn new_identity() -> ServicePrincipal {
    world::new_identity(NEW_IDENTITY)
}

fn unknown(number: u32) -> String {
    format!("c0a70500-0000-4000-9000-{number:012}")
}

#[tokio::test]
async fn a_request_that_failed_on_its_last_delivery_is_kept_with_the_reason_and_can_be_sent_again()
{
    let world = Setup::new().await.with_deliveries(2).start().await;
    let message = request(NEW_IDENTITY, ORDERS_API, ORDERS_READ);
    let result = world.result_of(&message).await;
    assert_eq!(role(&result)["status"], "failed", "{result}");
    let kept = world.messages(&world.failed).await.remove(0);
    assert_eq!(kept["request"], message);
    assert_eq!(kept["requester"], "queue:app-role-requests");
    assert_eq!(kept["attempts"], 2);
    assert_eq!(kept["reason"], role(&result)["message"]);
    assert!(kept["firstSeen"].as_str().unwrap().starts_with("20"), "{kept}");
    assert_eq!(kept.as_object().unwrap().len(), 5);
    world.log_line("request.given_up").await;
    world.log_line("failed to assign").await;
    world.log_line("kept in app-role-failed for the operators: ").await;
    assert!(world.messages(&world.poison).await.is_empty());

    world.tenant.add_service_principal(new_identity());
    let result = world.result_of(kept["request"].as_str().unwrap()).await;
    assert_eq!(role(&result)["status"], "assigned", "{result}");
    assert_eq!(result["attempt"], 1);
}

#[tokio::test]
async fn the_handler_and_the_host_agree_on_the_last_delivery_whatever_the_case_of_the_setting() {
    let name = "AZUREFUNCTIONSJOBHOST__Extensions__queues__maxdequeuecount";
    let world = Setup::new().await.with_setting(name, "2").start().await;
    let result = world.result_of(&request(NEW_IDENTITY, ORDERS_API, ORDERS_READ)).await;
    assert_eq!((&role(&result)["status"], &result["attempt"]), (&json!("failed"), &json!(2)));
    assert_eq!(world.messages(&world.failed).await.len(), 1);
    assert!(world.messages(&world.poison).await.is_empty());
}

#[tokio::test]
async fn a_failed_message_in_base64_is_kept_as_it_was_sent() {
    let world = Setup::new().await.with_deliveries(1).start().await;
    let message = STANDARD.encode(request(NEW_IDENTITY, ORDERS_API, ORDERS_READ));
    world.result_of(&message).await;
    assert_eq!(world.messages(&world.failed).await[0]["request"], message);
}

#[tokio::test]
async fn a_request_that_is_not_retried_is_not_kept() {
    let world = World::start().await;
    world.result_of("not a request").await;
    world.result_of(&request(ORDERS_IDENTITY, ORDERS_API, NEW_IDENTITY)).await;
    assert!(world.messages(&world.failed).await.is_empty());
}

#[tokio::test]
async fn an_identity_that_appears_within_seconds_gets_its_role_on_the_first_delivery() {
    let world = Setup::new().await.with_setting("PACE_FACTOR", "1").start().await;
    world.tenant.add_service_principal_after(new_identity(), std::time::Duration::from_secs(3));
    let result = world.result_of(&request(NEW_IDENTITY, ORDERS_API, ORDERS_READ)).await;
    assert_eq!(role(&result)["status"], "assigned", "{result}");
    assert_eq!(result["attempt"], 1);
}

#[tokio::test]
async fn an_identity_that_appears_after_twenty_deliveries_gets_its_role() {
    let world = World::start().await;
    world.requests.send(&request(NEW_IDENTITY, ORDERS_API, ORDERS_READ)).await.unwrap();
    for deliveries in [10, 20] {
        world.host.wait_for_invocations(deliveries, TIMEOUT).await.unwrap();
    }
    world.tenant.add_service_principal(new_identity());
    let result = world.next_results(1).await.remove(0);
    assert_eq!(role(&result)["status"], "assigned", "{result}");
    assert!(result["attempt"].as_u64().unwrap() > 20);
}

#[tokio::test]
async fn a_client_id_given_as_object_id_is_answered_at_once_with_the_right_id() {
    let world = World::start().await;
    let message = format!(
        r#"{{"principal":{{"objectId":"{ORDERS_IDENTITY_CLIENT_ID}"}},"api":"api://orders","roles":["Orders.Read"]}}"#
    );
    let result = world.result_of(&message).await;
    assert_eq!(role(&result)["status"], "notFound", "{result}");
    assert!(role(&result)["message"].as_str().unwrap().contains(ORDERS_IDENTITY), "{result}");
    assert_eq!(result["attempt"], 1);
}

#[tokio::test]
async fn a_hundred_wrong_ids_do_not_delay_a_valid_request() {
    // A full wait reads an id by object id, by client id, and every 2 s for 15 s.
    const READS_OF_A_WHOLE_WAIT: usize = 8;
    let visibility = "AzureFunctionsJobHost__extensions__queues__visibilityTimeout";
    let setup =
        Setup::new().await.with_setting("PACE_FACTOR", "1").with_setting(visibility, "00:01:00");
    let world = setup.start().await;
    for number in 0..100 {
        world.requests.send(&request(&unknown(number), ORDERS_API, ORDERS_READ)).await.unwrap();
    }
    let result = world.result_of(&request(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ)).await;
    assert_eq!(role(&result)["status"], "assigned", "{result}");
    let requests = world.tenant.requests();
    let mut waited_for = 0;
    for number in 0..100 {
        let id = unknown(number);
        let reads = requests.iter().filter(|one| one.path_and_query.contains(&id)).count();
        assert!(
            reads < READS_OF_A_WHOLE_WAIT,
            "{id} was waited for until the deadline: {reads} reads"
        );
        waited_for += usize::from(reads > 2);
    }
    assert!(waited_for <= 8, "{waited_for}");
    assert_eq!(world.tenant.count(Route::CreateAssignment), 1);
}
