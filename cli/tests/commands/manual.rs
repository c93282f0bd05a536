//! The manual pages.

use std::{collections::BTreeSet, io::Write as _, path::Path, process::Command};

use app_role_cli::arguments::Arguments;
use clap::CommandFactory as _;

use crate::world::World;

/// Returns the names of a command and of those below it, as pages are named.
fn names(above: &str, command: &clap::Command) -> Vec<String> {
    let name = format!("{above}{}", command.get_name());
    let below = command.get_subcommands().flat_map(|it| names(&format!("{name}-"), it));
    below.chain([name.clone()]).collect()
}

/// Writes the pages. Returns them by their names.
async fn pages(world: &World) -> Vec<(String, String)> {
    world.run(&["man", "pages"]).await.assert_done(&[]);
    let files = std::fs::read_dir(world.path("pages")).unwrap().map(|entry| entry.unwrap().path());
    let page = |path: &Path| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, std::fs::read_to_string(path).unwrap())
    };
    files.map(|path| page(&path)).collect()
}

#[tokio::test]
async fn each_command_has_a_page_with_its_usage_and_its_examples() {
    let world = World::new().await;
    let pages = pages(&world).await;
    let expected: BTreeSet<_> =
        names("", &Arguments::command()).into_iter().map(|name| format!("{name}.1")).collect();
    let written: BTreeSet<_> = pages.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(written, expected);
    for (name, text) in &pages {
        for part in [".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION", ".SH EXAMPLE", ".SH OPTIONS"] {
            assert!(text.contains(part), "{name} has no {part}: {text}");
        }
        assert!(!text.contains('\u{1b}'), "{name}");
    }
}

#[tokio::test]
async fn without_a_folder_the_first_page_is_printed() {
    let world = World::new().await;
    let printed = world.run(&["man"]).await;
    printed.assert_done(&[".SH NAME", "app\\-role"]);
    let pages = pages(&world).await;
    let first = pages.iter().find(|(name, _)| name == "app-role.1").unwrap();
    assert_eq!(printed.stdout, first.1);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_an_error_with_its_name() {
    let world = World::new().await;
    world
        .run(&["man", "policy.json"])
        .await
        .assert_failed(1, &["error: cannot write the pages to policy.json", "hint: name a folder"]);
    assert_eq!(world.read("policy.json"), crate::world::POLICY);
}

/// Formats each page as `man` does, with all warnings.
#[tokio::test]
async fn groff_formats_each_page_without_a_warning() {
    let world = World::new().await;
    let pages = pages(&world).await;
    for (name, text) in pages {
        let mut command = Command::new("groff");
        command.args(["-man", "-Tutf8", "-ww", "-rLL=80n"]).arg(world.path("pages").join(&name));
        let Ok(output) = command.output() else {
            let _ = std::io::stderr().write_all(b"NOT RUN: groff, which is not installed\n");
            return;
        };
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{name}");
        // Lines of examples stay whole.
        let shown = String::from_utf8(output.stdout).unwrap();
        let example = text.split("\n.nf\n").nth(1).unwrap().lines().next().unwrap();
        let example = example.replace("\\-", "-");
        assert!(shown.contains(&example), "{name} does not show {example}: {shown}");
    }
}
