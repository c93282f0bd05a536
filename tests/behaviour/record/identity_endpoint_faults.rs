//! Passing faults of the endpoint that gives the broker its tokens do not stop a grant.

use tenant_emulator::{Fault, Route};

use crate::world::{Setup, World, role, valid_request};

#[tokio::test]
async fn a_passing_fault_of_the_identity_endpoint_does_not_stop_the_grant() {
    for status in [404, 408, 410, 425, 429, 500, 503, 509] {
        let world = World::start().await;
        // The token from the start is thrown away, so that the grant needs another one.
        let refused = Fault::error(401, "InvalidAuthenticationToken", "Access token is invalid.");
        world.tenant.answer_next(Route::ReadServicePrincipal, refused);
        world.tenant.answer_next(Route::IssueToken, Fault::error(status, "", "not now"));
        let result = world.result_of(&valid_request()).await;
        assert_eq!(role(&result)["status"], "assigned", "{status}");
        assert_eq!(result["attempt"], 1, "{status}");
    }
}

#[tokio::test]
async fn an_identity_endpoint_that_is_updated_for_a_minute_is_waited_for() {
    let setup = Setup::new().await;
    setup.tenant.answer_every(Route::IssueToken, Fault::error(410, "", "going through updates"));
    let world = setup.start().await;
    world.requests.send(&valid_request()).await.unwrap();
    world.log_line("request.not_yet").await;
    world.tenant.clear_faults(Route::IssueToken);
    let result = world.next_results(1).await.remove(0);
    assert_eq!(role(&result)["status"], "assigned", "{result}");
}
