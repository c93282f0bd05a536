//! Decisions in the row of an approval that the record does not prove.

use serde_json::json;
use storage_emulator::Entity;
use tenant_emulator::contoso::REPORTS_IDENTITY;

use crate::{
    approvals::{
        approval_world::{ANNA, APPROVALS, BEN, CHRIS, DANA, setup},
        hostile_world::{add_approval, document, set, set_approved, write_request_named},
    },
    record::intents::{AUDIT, text},
    world::World,
};

const OTHER_APPROVAL: &str = "c0a70500-0000-4000-8000-00000000ab03";

/// A flaw in a row of the record that claims that Ben has approved.
type Flaw = (&'static str, fn(&mut Entity));

fn flaws() -> Vec<Flaw> {
    vec![
        ("another approval", |row| set(row, "approvalId", OTHER_APPROVAL)),
        ("another digest", |row| set(row, "approvalDigest", &"0".repeat(64))),
        ("the digest in upper case", |row| {
            let digest = text(row, "approvalDigest").to_uppercase();
            set(row, "approvalDigest", &digest);
        }),
        ("no digest", |row| {
            row.properties.remove("approvalDigest");
        }),
        ("another status", |row| set(row, "status", "approved")),
        ("the status of a denial", |row| set(row, "status", "approvalDenied")),
        ("the partition of another principal", |row| {
            row.partition_key = REPORTS_IDENTITY.to_owned();
        }),
        ("an approver at the command line", |row| set(row, "requester", &format!("cli:{BEN}"))),
        ("an approver by the name of a key", |row| set(row, "requester", &format!("key:{BEN}"))),
        ("an id without a kind", |row| set(row, "requester", BEN)),
        ("an unnamed approver", |row| set(row, "requester", &format!("http:{DANA}"))),
    ]
}

impl World {
    /// The row of the record that says that a person has approved.
    async fn approval_on_record(&self, id: &str, person: &str) -> Entity {
        let requester = format!("http:{person}");
        let is_it = |row: &Entity| {
            text(row, "status") == "approvalGiven"
                && text(row, "approvalId") == id
                && text(row, "requester") == requester
        };
        self.rows_of(AUDIT).await.into_iter().find(is_it).unwrap()
    }
}

#[tokio::test]
async fn an_approval_without_its_own_row_of_the_record_does_not_count() {
    let world = setup().await.start().await;
    for (name, flaw) in flaws() {
        let shown = world.waiting_request(&write_request_named(name)).await;
        world.decide(ANNA, &shown, "approve").await.success(200);
        let id = shown["approvalId"].as_str().unwrap();
        let mut given = world.approval_on_record(id, ANNA).await;
        given.row_key.push_str("-77");
        set(&mut given, "requester", &format!("http:{BEN}"));
        flaw(&mut given);
        world.forge(AUDIT, &given).await;
        let mut row = world.row_of(id).await;
        add_approval(&mut row, BEN);
        set_approved(&mut row);
        world.forge(APPROVALS, &row).await;
        world.assert_none_granted(name).await;
        let left = world.row_of(id).await;
        if name == "the status of a denial" {
            // A recorded denial counts, whatever the row of the approval says.
            assert_eq!(text(&left, "state"), "denied");
            continue;
        }
        assert_eq!(text(&left, "state"), "pending", "{name}");
        assert_eq!(document(&left, "decisions").as_array().unwrap().len(), 1, "{name}");
    }
    world.event("approval.forged").await;
}

#[tokio::test]
async fn a_real_approval_does_not_complete_a_forged_one() {
    let world = setup().await.start().await;
    let shown = world.waiting_request(&write_request_named("completed")).await;
    let mut row = world.row_of(shown["approvalId"].as_str().unwrap()).await;
    add_approval(&mut row, BEN);
    world.forge(APPROVALS, &row).await;
    let decided = world.decide(CHRIS, &shown, "approve").await.success(200);
    assert_eq!(decided["state"], "pending", "{decided:#}");
    let approvers: Vec<_> =
        decided["decisions"].as_array().unwrap().iter().map(|one| &one["approver"]).collect();
    assert_eq!(approvers, [&json!(format!("http:{CHRIS}"))]);
    world.assert_none_granted("completed").await;
    // The real second approver is not shut out.
    let decided = world.decide(BEN, &shown, "approve").await.success(200);
    assert_eq!(decided["state"], "done", "{decided:#}");
}

#[tokio::test]
async fn the_decisions_of_one_request_do_not_count_for_another() {
    let world = setup().await.start().await;
    let first = world.waiting_request(&write_request_named("first")).await;
    let second = world.waiting_request(&write_request_named("second")).await;
    assert_ne!(first["approvalId"], second["approvalId"]);
    assert_eq!(first["digest"], second["digest"]);
    world.decide(ANNA, &first, "approve").await.success(200);
    world.decide(BEN, &second, "approve").await.success(200);
    let [mut one, mut other] = [
        world.row_of(first["approvalId"].as_str().unwrap()).await,
        world.row_of(second["approvalId"].as_str().unwrap()).await,
    ];
    std::mem::swap(&mut one.properties, &mut other.properties);
    for row in [&mut one, &mut other] {
        add_approval(row, CHRIS);
        set_approved(row);
        world.forge(APPROVALS, row).await;
    }
    world.assert_none_granted("swapped").await;
    for id in [&first["approvalId"], &second["approvalId"]] {
        assert_eq!(document(&world.row_of(id.as_str().unwrap()).await, "decisions"), json!([]));
    }
}
