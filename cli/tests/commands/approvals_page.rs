//! docs/approvals.md: the walk with two terminals, and the record of it.

use demo::{
    persons::APPROVER,
    walk::{Walk, examples},
};

use crate::demo_world::{DemoWorld, page};

/// The commands of the page that are tried.
const PROGRAM: &str = "app-role ";

/// The answer that the page shows after the question. The terminal shows it where it was typed.
const TYPED: (&str, &str) = ("Approve? [y/N] y\n", "Approve? [y/N] ");

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
        let shown = example.output.replace(TYPED.0, TYPED.1);
        let compared = walk.compare(&shown, &seen.text);
        compared.unwrap_or_else(|fault| panic!("$ {}\n{fault}", example.command));
    }
}
