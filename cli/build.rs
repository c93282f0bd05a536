//! Passes the commit that is built, and the kind of machine that it is built for, to the program.

use std::process::Command;

/// The environment variable that names the commit where there is no repository.
const COMMIT: &str = "APP_ROLE_COMMIT";

#[expect(
    clippy::disallowed_methods,
    reason = "Cargo and the packager set variables for build scripts"
)]
fn main() {
    println!("cargo::rerun-if-env-changed={COMMIT}");
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]) {
        // The log changes with every commit and every checkout.
        println!("cargo::rerun-if-changed={log}");
    }
    let commit = std::env::var(COMMIT).ok().or_else(|| git(&["rev-parse", "--short=12", "HEAD"]));
    println!("cargo::rustc-env={COMMIT}={}", commit.as_deref().unwrap_or("unknown commit"));
    let target = std::env::var("TARGET").ok();
    println!("cargo::rustc-env=APP_ROLE_TARGET={}", target.as_deref().unwrap_or("unknown target"));
}

/// What git answers; nothing, where there is no git or no repository.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
