//! docs/approvals.md: the walk with two terminals, and the record of it.

use demo::{
    persons::APPROVER,
    walk::{Walk, examples},
};

use crate::demo_world::{DemoWorld, page};

/// The commands of the page that are tried.
const PROGRAM: &str = "app-role ";

/// The question with its answer. Here the answer is typed before the question is there, and progress then erases
/// the line.
const QUESTION: &str = "Approve? [y/N] y\n";

#[tokio::test(flavor = "multi_thread")]
async fn the_walk_with_two_terminals_prints_what_the_page_shows() {
    let mut world = DemoWorld::start().await;
    world.new_approval().await;
    let page = page("approvals.md");
    let examples = examples(&page);
    let commands: Vec<_> = examples.iter().filter(|one| one.command.starts_with(PROGRAM)).collect();
    assert!(commands.len() >= 4, "{examples:#?}");
    let mut walk = Walk::default();
    for example in commands {
        let seen = world.run(APPROVER, &walk.real(&example.command)).await;
        assert_eq!(seen.status, Some(0), "{seen:?}");
        let shown = example.output.replace(QUESTION, "");
        let compared = walk.compare(&shown, &seen.text);
        compared.unwrap_or_else(|fault| panic!("$ {}\n{fault}", example.command));
    }
}
