//! The handler in the files of its image alone, as `scripts/check-container.sh` starts it. The binary of
//! tests is not static, so the libraries that it needs are added; the package for Azure needs none.

#![cfg(target_os = "linux")]

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use packaging::{
    contents::{package_files, stage},
    root_file_system::{APP_ROOT, image_files},
};
use tempfile::TempDir;

use crate::world::ROOT;

const BINARY: &str = env!("CARGO_BIN_EXE_app-role-broker");

/// The files of the image, and the libraries of the binary.
fn root_file_system() -> TempDir {
    let repository = Path::new(ROOT);
    let authorities = openssl_authorities();
    let package = package_files(repository, Path::new(BINARY)).unwrap();
    let files = image_files(repository, &package, &authorities).unwrap();
    let folder = tempfile::tempdir().unwrap();
    // The folder of `tempdir` itself is closed to other users.
    let root = folder.path().join("root");
    stage(&files, &root).unwrap();
    for library in libraries() {
        let target = root.join(library.strip_prefix("/").unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(&library, target).unwrap();
    }
    folder
}

/// A file of certificate authorities. Their number does not matter here: no service is called.
fn openssl_authorities() -> PathBuf {
    let system = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];
    let found = system.iter().map(PathBuf::from).find(|path| path.is_file());
    found.unwrap()
}

fn libraries() -> Vec<PathBuf> {
    let output = Command::new("ldd").arg(BINARY).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let words = text.split_whitespace().filter(|word| word.starts_with('/'));
    words.map(PathBuf::from).collect()
}

fn check(root: &Path) -> Output {
    let script = Path::new(ROOT).join("scripts/check-container.sh");
    Command::new(script).arg(root).output().unwrap()
}

/// The script's error, or `None` where the machine lets no one try.
fn refusal(root: &Path) -> Option<String> {
    let output = check(root);
    if was_not_run(&output) {
        return None;
    }
    assert!(!output.status.success());
    Some(String::from_utf8(output.stderr).unwrap())
}

/// Whether the script could not start the handler. The reason is then printed beside the tests' results.
fn was_not_run(output: &Output) -> bool {
    let text = String::from_utf8_lossy(&output.stdout);
    let was_not_run = text.starts_with("NOT RUN");
    if was_not_run {
        std::io::stderr().write_all(text.as_bytes()).unwrap();
    }
    was_not_run
}

#[test]
fn a_folder_without_the_handler_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let output = check(folder.path());
    assert!(!output.status.success());
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("has no /home/site/wwwroot/app-role-broker"), "{error}");
}

#[test]
fn an_image_whose_handler_does_not_start_is_refused_with_the_reason() {
    let folder = root_file_system();
    let root = folder.path().join("root");
    fs::remove_file(root.join(APP_ROOT).join("host.json")).unwrap();
    let Some(error) = refusal(&root) else { return };
    assert!(error.contains("host.json"), "{error}");
}

#[test]
fn an_image_without_the_policy_is_refused() {
    let folder = root_file_system();
    let root = folder.path().join("root");
    fs::remove_file(root.join(APP_ROOT).join("policy.json")).unwrap();
    let Some(error) = refusal(&root) else { return };
    assert!(error.contains("the check of policy is not ok"), "{error}");
}

#[test]
fn an_image_whose_authorities_are_missing_is_refused_with_the_reason() {
    let folder = root_file_system();
    let root = folder.path().join("root");
    fs::remove_file(root.join("etc/ssl/certs/ca-certificates.crt")).unwrap();
    let Some(error) = refusal(&root) else { return };
    assert!(error.contains("SSL_CERT_FILE"), "{error}");
}

#[test]
fn the_handler_starts_in_the_files_of_its_image_alone_read_only_and_not_as_root() {
    let folder = root_file_system();
    let root = folder.path().join("root");
    let output = check(&root);
    if was_not_run(&output) {
        return;
    }
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.ends_with("as user 65532, read-only\n"), "{text}");
}
