//! docs/cli.md: every example works in the demo's world as it is printed.

use demo::persons::OPERATOR;

use crate::{
    demo_world::{DemoWorld, Seen, field, page},
    record,
};

/// An approval of the page. The broker makes a new id for each request, so no example can name a real one.
const APPROVAL: &str = "5f0a7d0e-0000-4000-8000-000000000001";
/// The digest of that approval.
const DIGEST: &str = "8130afdf89e33ad85a34457eec8c23adc6ee8273e0311f991378121a605e0050";

/// Examples that end with another status than 0, by their first words, with the reason.
const STATUSES: &[(&str, i32, &str)] = &[
    ("app-role policy diff", 6, "the policies differ, and the page says so by its status 6"),
    ("git show main:policy.json", 6, "the policies differ here, too"),
    (STATUS, 7, "the request waits for its approval"),
    (
        "app-role policy explain c0a70500-0000-4000-8000-0000000000d1 graph Place.Read.All",
        3,
        "the demo's policy denies it, and the page says so by its status 3",
    ),
];

/// Examples about requests that have failed. In the demo, none has.
const REPLAYS: &str = "app-role replay";

/// An example about an approval that its reader has asked for, and how to ask.
const STATUS: &str = "app-role approvals status";
const OWN_REQUEST: &str = "app-role submit assign id-orders graph Mail.Send";

/// An example that ends only when its reader presses Ctrl-C.
const FOLLOWS: &str = "app-role record follow";

/// Makes the folder a repository, whose branch `main` has the policy of before.
const REPOSITORY: &str = "git init -q -b main . && cp policy.json new.json && cp old.json policy.json \
                          && git add policy.json && git -c user.name=anna \
                          -c user.email=anna@contoso.com commit -qm policy && mv new.json policy.json";

/// The examples of the page: commands below `Example:`, and those of its introduction.
fn examples(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    let (mut is_shell, mut is_example) = (false, false);
    for line in page.lines() {
        is_shell = (is_shell || line == "```sh") && line != "```";
        is_example =
            matches!(line, "Example:" | "Examples:") || is_example && line.starts_with("  ");
        let indented = line.strip_prefix("  ").filter(|_| is_example);
        let indented = indented.filter(|line| line.contains("app-role "));
        let in_shell = Some(line).filter(|line| is_shell && line.starts_with("app-role "));
        found.extend(indented.or(in_shell).map(str::to_owned));
    }
    found
}

/// The status that the page promises.
fn promised(line: &str) -> i32 {
    let known = STATUSES.iter().find(|(start, ..)| line.starts_with(start));
    known.map_or(0, |(_, status, _)| *status)
}

/// Runs an example. What the page cannot know is replaced: the id of an approval, and its digest.
async fn run(world: &mut DemoWorld, line: &str) -> Seen {
    world.restore();
    if line.starts_with(REPLAYS) {
        world.leave_failed_request().await;
    }
    if line.starts_with(FOLLOWS) {
        let command = world.shell(OPERATOR, &format!("exec {line}"));
        let ended = record::interrupted(command).await;
        return Seen { text: ended.stdout + &ended.stderr, status: Some(ended.code) };
    }
    if !line.contains(APPROVAL) {
        return world.run(OPERATOR, line).await;
    }
    if line.starts_with(STATUS) {
        let id = field(world, OPERATOR, OWN_REQUEST, "approvalId").await;
        return world.run(OPERATOR, &line.replace(APPROVAL, &id)).await;
    }
    let id = world.new_approval().await;
    let show = format!("app-role approvals show {id}");
    let digest = field(world, OPERATOR, &show, "digest").await;
    world.run(OPERATOR, &line.replace(APPROVAL, &id).replace(DIGEST, &digest)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_of_the_page_works_in_the_demo() {
    let page = page("cli.md");
    let examples = examples(&page);
    let chapters = page.lines().filter(|line| line.starts_with("## app-role")).count();
    assert!(chapters > 20 && examples.len() >= chapters, "{examples:#?}");
    let mut world = DemoWorld::start().await;
    let prepared = world.run(OPERATOR, REPOSITORY).await;
    assert_eq!(prepared.status, Some(0), "{prepared:?}");
    let mut faults = Vec::new();
    for line in examples {
        let seen = run(&mut world, &line).await;
        let promised = promised(&line);
        if seen.status != Some(promised) {
            faults.push(format!("$ {line}\n{}[{:?}, not {promised}]", seen.text, seen.status));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}
