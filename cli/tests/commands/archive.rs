//! The archive of the tool, as a release has it.

use std::process::Command;

use crate::world::{PROGRAM, World, app_root, end};

/// Packs the program under test. Returns the name of the archive, in the folder of the world.
fn pack(world: &World) -> String {
    let script = app_root().join("scripts/package-cli.sh");
    let output = Command::new(script)
        .args(["--binary", PROGRAM])
        .env("ARCHIVES", world.path("."))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    let (archive, _) = said.split_once(" (SHA-256 ").unwrap();
    archive.rsplit_once('/').unwrap().1.to_owned()
}

#[tokio::test]
async fn the_archive_has_a_program_that_runs_with_its_pages_and_completions() {
    let world = World::new().await;
    let archive = pack(&world);
    let folder = archive.strip_suffix(".tar.gz").unwrap();
    let unpack = format!("sha256sum --check {archive}.sha256 && tar -xzf {archive} && ls {folder}");
    end(world.shell(&unpack), "").await.assert_done(&["OK", "LICENSE"]);
    let version = end(world.shell(&format!("{folder}/app-role --version")), "").await;
    version.assert_done(&[concat!("app-role ", env!("CARGO_PKG_VERSION"))]);
    for (shell, file) in [("bash", "app-role"), ("zsh", "_app-role"), ("fish", "app-role.fish")] {
        let script = world.run(&["completions", shell]).await.stdout;
        assert_eq!(world.read(&format!("{folder}/completions/{file}")), script, "{shell}");
    }
    let metadata = std::fs::read_to_string(app_root().join("cli/Cargo.toml")).unwrap();
    let named = folder.strip_prefix("app-role-").unwrap();
    for (key, path) in [("pkg-url", format!("/{archive}")), ("bin-dir", format!("{folder}/"))] {
        let line = metadata.lines().find(|line| line.starts_with(key)).unwrap();
        assert!(line.replace("{ target }", named).contains(&path), "{line}");
    }
    let page = world.run(&["man"]).await.stdout;
    assert_eq!(world.read(&format!("{folder}/man/man1/app-role.1")), page);
}

#[test]
fn a_mistaken_call_of_the_script_builds_nothing() {
    let script = app_root().join("scripts/package-cli.sh");
    for arguments in [&["--target"][..], &["x86_64-unknown-linux-musl"], &["--binary", "a", "b"]] {
        let output = Command::new(&script).args(arguments).output().unwrap();
        assert!(!output.status.success(), "{output:?}");
        assert!(String::from_utf8(output.stderr).unwrap().contains("package-cli.sh: unknown: "));
    }
}
