//! Events about questions to the approvers. A receiver drops an event whose id it knows.

use serde_json::{Value, json};
use tenant_emulator::{
    ServicePrincipal,
    contoso::{ORDERS_IDENTITY, contoso},
};

use crate::{
    approvals::{
        approval_world::{ANNA, APPROVALS, BEN, policy_of, rules, setup, write_request},
        hostile_world::{add_approval, set_approved},
        instances::other_policy,
    },
    world::World,
};

impl World {
    /// Lets the timer run until the questions of a first run are sent.
    async fn asks_again(&self) {
        for _ in 0..2 {
            self.finish_approvals().await;
        }
    }

    /// The number of events with distinct ids that ask approvers.
    async fn questions(&self) -> usize {
        let events = self.events_by_id().await;
        let is_question = |event: &&Value| event["type"] == "AppRoleBroker.ApprovalRequested";
        events.values().filter(is_question).count()
    }
}

#[tokio::test]
async fn each_question_under_a_new_policy_has_its_own_id_even_if_an_old_policy_comes_back() {
    let mut world = setup().await.start().await;
    let first = world.waiting_request(&write_request()).await;
    let id = first["approvalId"].as_str().unwrap().to_owned();
    assert_eq!(world.questions().await, 1);
    for (policy, count) in [(other_policy(), 2), (policy_of(&rules()), 3)] {
        world.restart_with_policy(&policy).await;
        world.asks_again().await;
        assert_eq!(world.questions().await, count);
    }
    let last = world.shown_to(ANNA, &id).await.success(200);
    assert_eq!((&last["digest"], &last["decisions"]), (&first["digest"], &json!([])));
}

#[tokio::test]
async fn a_question_with_another_name_has_its_own_id_though_the_digest_is_the_same() {
    let world = setup().await.start().await;
    let shown = world.waiting_request(&write_request()).await;
    let identity = contoso().service_principal(ORDERS_IDENTITY).unwrap().clone();
    let display_name = "id-renamed".to_owned();
    world.tenant.add_service_principal(ServicePrincipal { display_name, ..identity });
    let problem = world.decide(ANNA, &shown, "approve").await.problem(409, "approval-changed");
    assert_eq!(problem["approval"]["digest"], shown["digest"]);
    world.asks_again().await;
    assert_eq!(world.questions().await, 2);
}

#[tokio::test]
async fn a_question_after_a_forged_approval_has_its_own_id_though_the_digest_is_the_same() {
    let world = setup().await.start().await;
    let shown = world.waiting_request(&write_request()).await;
    let mut row = world.row_of(shown["approvalId"].as_str().unwrap()).await;
    for person in [ANNA, BEN] {
        add_approval(&mut row, person);
    }
    set_approved(&mut row);
    world.forge(APPROVALS, &row).await;
    world.asks_again().await;
    assert!(world.tenant_is_unchanged());
    assert_eq!(world.questions().await, 2);
}
