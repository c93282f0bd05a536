//! The reader's own policy, in place of the demo's.

use std::path::Path;

use app_process::{app::App, cargo_build::workspace_root};
use demo::{
    demo::play,
    local_azure::{LocalAzure, Setup},
    practice_folder::PracticeFolder,
    screen::Screen,
};

use crate::paper::Paper;

async fn start(policy: &Path) -> anyhow::Result<LocalAzure> {
    let setup = Setup { policy: Some(policy.to_owned()), ..Setup::default() };
    LocalAzure::start(App::build().await?, setup).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_steps_show_what_the_policy_decides_and_are_not_judged() {
    // The policy that ships allows nothing.
    let policy = workspace_root().join("policy.json");
    let mut azure = start(&policy).await.unwrap();
    let paper = Paper::default();
    play(&mut Screen::new(paper.clone(), 80), &mut azure, true).await.unwrap();
    let text = paper.text();
    assert!(text.contains("policy.json, so outcomes"), "{text}");
    assert!(text.contains("denied") && !text.contains("UNEXPECTED"), "{text}");
    assert!(text.contains("nothing: no rule of the policy is about it"), "{text}");
    assert!(!text.contains("EndAssignments"), "{text}");
    let temporary = tempfile::tempdir().unwrap();
    let folder = PracticeFolder::at(temporary.path().join("demo"));
    folder.prepare(&azure).unwrap();
    assert_eq!(folder.policy_of(&azure), policy.canonicalize().unwrap());
    assert!(!folder.path().join("policy.policytest.json").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_the_broker_refuses_is_an_error_with_its_reason() {
    let temporary = tempfile::tempdir().unwrap();
    let policy = temporary.path().join("policy.json");
    std::fs::write(&policy, r#"{ "version": 1, "allow": [ { "name": "n" } ] }"#).unwrap();
    let error = start(&policy).await.err().unwrap().to_string();
    assert!(error.contains("the broker refuses the policy"), "{error}");
    assert!(error.contains("requesters"), "{error}");
    let error = start(&temporary.path().join("missing.json")).await.err().unwrap().to_string();
    assert!(error.contains("missing.json cannot be read"), "{error}");
}
