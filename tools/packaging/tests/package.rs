//! The files of the package, and that it is reproducible.

#![expect(clippy::unwrap_used, reason = "so tests fail")]

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use packaging::{
    contents::{PackageFile, package_files, stage},
    zip_file,
};
use tempfile::TempDir;
use zip::ZipArchive;

const HOST_JSON: &str =
    r#"{"version":"2.0","customHandler":{"description":{"defaultExecutablePath":"handler"}}}"#;

/// An app in its repository, with files that must not be packaged.
fn app() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, content) in [
        ("host.json", HOST_JSON),
        ("policy.json", "{}"),
        ("Health/function.json", "{}"),
        ("AssignRole/function.json", "{}"),
        ("AssignRole/notes.md", "ours"),
        ("local.settings.json", r#"{"Values":{"secret":"1"}}"#),
        ("src/main.rs", "fn main() {}"),
        ("dist/Old/function.json", "{}"),
        ("handler", "not the one that is built"),
        (".git/config", ""),
    ] {
        write(&root.path().join(path), content);
    }
    root
}

fn write(path: &Path, content: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn binary(folder: &TempDir) -> PathBuf {
    let path = folder.path().join("built");
    fs::write(&path, "#!/bin/sh\necho started\n").unwrap();
    path
}

fn files(root: &TempDir, elsewhere: &TempDir) -> Vec<PackageFile> {
    package_files(root.path(), &binary(elsewhere)).unwrap()
}

#[test]
fn the_package_holds_only_host_json_the_policy_the_function_folders_and_the_binary() {
    let (root, elsewhere) = (app(), tempfile::tempdir().unwrap());
    let entries: Vec<_> = files(&root, &elsewhere).into_iter().map(|file| file.entry).collect();
    let expected =
        ["AssignRole/function.json", "Health/function.json", "handler", "host.json", "policy.json"];
    assert_eq!(entries, expected);
}

#[test]
fn the_package_of_this_repository_holds_every_function() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let elsewhere = tempfile::tempdir().unwrap();
    let files = package_files(&root, &binary(&elsewhere)).unwrap();
    let entries: Vec<_> = files.iter().map(|file| file.entry.as_str()).collect();
    for expected in ["AssignRole/function.json", "app-role-broker", "host.json", "policy.json"] {
        assert!(entries.contains(&expected), "{entries:?}");
    }
    let functions = entries.iter().filter(|entry| entry.ends_with("/function.json")).count();
    assert_eq!(entries.len(), functions + 3, "{entries:?}");
}

#[test]
fn only_the_binary_is_executable_and_every_user_may_read_every_file() {
    let (root, elsewhere) = (app(), tempfile::tempdir().unwrap());
    let path = elsewhere.path().join("app.zip");
    zip_file::write(&files(&root, &elsewhere), &path).unwrap();
    let mut zip = ZipArchive::new(File::open(&path).unwrap()).unwrap();
    for index in 0..zip.len() {
        let entry = zip.by_index(index).unwrap();
        let name = entry.name().unwrap().into_owned();
        let expected = if name == "handler" { 0o100_755 } else { 0o100_644 };
        assert_eq!(entry.unix_mode(), Some(expected), "{name}");
    }
}

#[test]
fn equal_files_give_equal_bytes_whatever_their_times_and_modes() {
    let (root, elsewhere) = (app(), tempfile::tempdir().unwrap());
    let [first, second] = ["first.zip", "second.zip"].map(|name| elsewhere.path().join(name));
    zip_file::write(&files(&root, &elsewhere), &first).unwrap();
    for file in files(&root, &elsewhere) {
        let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        File::options().write(true).open(&file.source).unwrap().set_modified(old).unwrap();
        let mut permissions = fs::metadata(&file.source).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&file.source, permissions).unwrap();
    }
    let again = package_files(root.path(), &elsewhere.path().join("built")).unwrap();
    zip_file::write(&again, &second).unwrap();
    assert_eq!(fs::read(&first).unwrap(), fs::read(&second).unwrap());
}

#[cfg(unix)]
#[test]
fn unpacked_and_staged_files_are_equal() {
    let (root, elsewhere) = (app(), tempfile::tempdir().unwrap());
    let files = files(&root, &elsewhere);
    let (zip, unpacked) = (elsewhere.path().join("app.zip"), elsewhere.path().join("unpacked"));
    zip_file::write(&files, &zip).unwrap();
    zip_file::unpack(&zip, &unpacked).unwrap();
    stage(&files, &root.path().join("dist")).unwrap();
    for folder in [unpacked, root.path().join("dist")] {
        for file in &files {
            let there = folder.join(&file.entry);
            assert_eq!(fs::read(&there).unwrap(), fs::read(&file.source).unwrap());
            assert_eq!(is_executable(&there), file.executable, "{}", there.display());
        }
        assert!(!folder.join("Old").exists(), "files of an earlier run are deleted");
    }
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).unwrap().permissions().mode() & 0o111 != 0
}

#[test]
fn an_app_that_would_not_start_is_not_packaged() {
    let elsewhere = tempfile::tempdir().unwrap();
    let binary = binary(&elsewhere);
    let refusal =
        |root: &TempDir| format!("{:#}", package_files(root.path(), &binary).unwrap_err());
    for (host_json, expected) in [
        ("{}", "defaultExecutablePath: missing field `customHandler`"),
        (&HOST_JSON.replace("handler\"}", "./handler\"}"), "must be a plain file name"),
        (&HOST_JSON.replace("handler\"}", "\"}"), "must be a plain file name"),
    ] {
        let root = app();
        write(&root.path().join("host.json"), host_json);
        assert!(refusal(&root).contains(expected), "{}", refusal(&root));
    }
    let root = app();
    fs::remove_file(root.path().join("policy.json")).unwrap();
    assert!(refusal(&root).contains("policy.json: No such file"), "{}", refusal(&root));
    let root = app();
    for function in ["AssignRole", "Health"] {
        fs::remove_dir_all(root.path().join(function)).unwrap();
    }
    assert!(refusal(&root).contains("the app has no function"), "{}", refusal(&root));
    let refusal = package_files(app().path(), &elsewhere.path().join("none")).unwrap_err();
    assert!(format!("{refusal:#}").contains("none: No such file"), "{refusal:#}");
}
