//! The story that the demo tells, in the narrowest terminal and beside a reader who takes every result first.

use std::time::Duration;

use app_process::{
    app::{App, RESULTS},
    cargo_build::workspace_root,
};
use demo::{
    demo::play,
    local_azure::{LocalAzure, Setup},
    screen::{Screen, columns},
};
use storage_emulator::Queue;

use crate::paper::Paper;

/// The terminal of the test, in columns.
const WIDTH: usize = 60;
/// How long a taken result is hidden: longer than the test.
const HIDDEN: Duration = Duration::from_secs(300);

/// Takes results until it is dropped.
async fn take_all(results: Queue) {
    loop {
        for message in results.receive(32, HIDDEN).await.unwrap() {
            results.delete(&message.id, &message.pop_receipt).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The steps and statuses that README.md shows in its quick start.
fn shown_in_the_readme() -> Vec<String> {
    let readme = std::fs::read_to_string(workspace_root().join("README.md")).unwrap();
    let (_, shown) = readme.split_once("```text\n").unwrap();
    let (shown, _) = shown.split_once("```").unwrap();
    let first = |line: &str| line.trim_start().split("  ").next().unwrap_or_default().to_owned();
    let is_step = |line: &&str| line.starts_with("  ") && !line.starts_with("     ");
    shown.lines().filter(is_step).map(first).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_ends_as_the_readme_shows_it_while_a_foreign_reader_takes_every_result() {
    let app = App::build().await.unwrap();
    let mut azure = LocalAzure::start(app, Setup::default()).await.unwrap();
    let reader = tokio::spawn(take_all(azure.account.queue(RESULTS).unwrap()));
    let paper = Paper::default();
    play(&mut Screen::new(paper.clone(), WIDTH), &mut azure, true).await.unwrap();
    assert!(!reader.is_finished());
    reader.abort();
    let text = paper.text();
    assert!(text.lines().all(|line| columns(line) <= WIDTH), "{text}");
    let words: Vec<_> = text.split_whitespace().collect();
    let flat = words.join(" ");
    let shown = shown_in_the_readme();
    assert!(shown.len() >= 8, "{shown:?}");
    let mut rest = flat.as_str();
    for line in shown {
        let (_, after) =
            rest.split_once(&line).unwrap_or_else(|| panic!("{line:?} is not in {text}"));
        rest = after;
    }
}
