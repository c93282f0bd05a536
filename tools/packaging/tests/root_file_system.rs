//! The image of the handler: its files, the recipe that copies them, and its size.

#![expect(clippy::unwrap_used, reason = "so tests fail")]

use std::{
    collections::BTreeSet,
    fs::{self, File},
    path::{Path, PathBuf},
};

use packaging::{
    contents::{PackageFile, package_files, stage},
    root_file_system::{MAXIMUM_BYTES, image_files, size_of_image},
};
use tempfile::TempDir;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn recipe() -> String {
    fs::read_to_string(repository().join("container/Dockerfile")).unwrap()
}

/// The instructions of a stage, without comments. Lines that continue are joined.
fn stage_of(recipe: &str, name: &str) -> Vec<String> {
    let text = recipe.replace("\\\n", "");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let after = lines.skip_while(|line| !line.ends_with(&format!(" AS {name}"))).skip(1);
    let own = after.take_while(|line| !line.starts_with("FROM "));
    own.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// The values of an instruction in a stage.
fn values(stage: &[String], instruction: &str) -> Vec<String> {
    let prefix = format!("{instruction} ");
    stage.iter().filter_map(|line| line.strip_prefix(&prefix)).map(str::to_owned).collect()
}

/// A package of this repository with a binary of this size, and a file of authorities.
fn package(folder: &TempDir, size: u64) -> (Vec<PackageFile>, PathBuf) {
    let binary = folder.path().join("built");
    File::create(&binary).unwrap().set_len(size).unwrap();
    let authorities = folder.path().join("authorities.crt");
    fs::write(&authorities, "authorities").unwrap();
    (package_files(&repository(), &binary).unwrap(), authorities)
}

fn files(folder: &TempDir, size: u64) -> Vec<PackageFile> {
    let (package, authorities) = package(folder, size);
    image_files(&repository(), &package, &authorities).unwrap()
}

/// The paths of the files in a folder and below it, relative to `root`.
fn paths_below(root: &Path, folder: &Path) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            paths.extend(paths_below(root, &path));
        } else {
            paths.insert(path.strip_prefix(root).unwrap().display().to_string());
        }
    }
    paths
}

/// What the stage `handler` copies, with `dist` as the folder of the package.
fn copied_by_the_recipe(dist: &Path) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for copy in values(&stage_of(&recipe(), "handler"), "COPY") {
        let (source, target) = copy.rsplit_once(' ').unwrap();
        let target = target.trim_start_matches('/');
        let folder = match source {
            "dist/" => dist.to_owned(),
            "--from=certificates /etc/ssl/certs/ca-certificates.crt" => {
                paths.insert(target.to_owned());
                continue;
            }
            accounts => repository().join(accounts),
        };
        paths.extend(paths_below(&folder, &folder).iter().map(|path| format!("{target}{path}")));
    }
    paths
}

#[test]
fn an_image_of_more_than_20_megabytes_is_refused_with_its_size() {
    let folder = tempfile::tempdir().unwrap();
    let rest = size_of_image(&files(&folder, 0)).unwrap();
    let largest = size_of_image(&files(&folder, MAXIMUM_BYTES - rest)).unwrap();
    assert_eq!(largest, MAXIMUM_BYTES);
    let error = size_of_image(&files(&folder, MAXIMUM_BYTES - rest + 1)).unwrap_err().to_string();
    assert!(error.contains("has 20000001 bytes and may have 20000000"), "{error}");
}

#[test]
fn an_image_without_certificate_authorities_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (package, _) = package(&folder, 1);
    let missing = folder.path().join("none.crt");
    let error = image_files(&repository(), &package, &missing).unwrap_err();
    assert!(format!("{error:#}").contains("none.crt: No such file"), "{error:#}");
}

#[test]
fn the_recipe_copies_exactly_the_files_that_are_laid_out() {
    let folder = tempfile::tempdir().unwrap();
    let (package, _) = package(&folder, 1);
    let dist = folder.path().join("dist");
    stage(&package, &dist).unwrap();
    let entries = files(&folder, 1).into_iter().map(|file| file.entry);
    assert_eq!(entries.collect::<BTreeSet<_>>(), copied_by_the_recipe(&dist));
}

#[test]
fn the_layout_has_the_package_two_files_of_accounts_and_the_authorities() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(&folder, 1);
    let of_the_package = |file: &&PackageFile| file.entry.starts_with("home/site/wwwroot/");
    let others: Vec<_> =
        files.iter().filter(|file| !of_the_package(file)).map(|file| file.entry.as_str()).collect();
    assert_eq!(others, ["etc/group", "etc/passwd", "etc/ssl/certs/ca-certificates.crt"]);
    let executable: Vec<_> = files.iter().filter(|file| file.executable).collect();
    assert_eq!(executable.len(), 1);
    assert_eq!(executable[0].entry, "home/site/wwwroot/app-role-broker");
}

#[test]
fn both_images_run_as_a_user_who_is_not_root_and_owns_no_file_of_the_app() {
    let accounts = fs::read_to_string(repository().join("container/root/etc/passwd")).unwrap();
    assert!(accounts.contains("\nbroker:x:65532:65532:"), "{accounts}");
    for name in ["handler", "app"] {
        let stage = stage_of(&recipe(), name);
        assert_eq!(values(&stage, "USER"), ["65532:65532"], "{name}");
        for copy in values(&stage, "COPY") {
            assert!(!copy.contains("--chown") && !copy.contains("--chmod"), "{copy}");
        }
    }
}

#[test]
fn the_image_of_the_handler_runs_nothing_while_it_is_built_and_starts_the_handler() {
    let recipe = recipe();
    assert!(recipe.contains("\nFROM scratch AS handler\n"));
    let stage = stage_of(&recipe, "handler");
    assert!(values(&stage, "RUN").is_empty() && values(&stage, "ADD").is_empty());
    assert_eq!(values(&stage, "WORKDIR"), ["/home/site/wwwroot"]);
    assert_eq!(values(&stage, "ENTRYPOINT"), ["[\"/home/site/wwwroot/app-role-broker\"]"]);
}

#[test]
fn the_image_with_the_host_has_the_app_of_the_handlers_image_and_a_port_above_1024() {
    let stage = stage_of(&recipe(), "app");
    assert_eq!(values(&stage, "COPY"), ["--from=handler /home/site/wwwroot/ /home/site/wwwroot/"]);
    let variables = values(&stage, "ENV").join(" ");
    for variable in [
        "ASPNETCORE_URLS=http://+:8080",
        "AzureWebJobsScriptRoot=/home/site/wwwroot",
        "FUNCTIONS_WORKER_RUNTIME=custom",
    ] {
        assert!(variables.split(' ').any(|it| it == variable), "{variable}: {variables}");
    }
    assert_eq!(values(&stage, "EXPOSE"), ["8080"]);
    let template = repository().join("infra/modules/container-app.bicep");
    assert!(fs::read_to_string(template).unwrap().contains("\nvar port = 8080\n"));
}

#[test]
fn every_image_that_the_recipe_starts_from_has_a_tag_that_names_a_version() {
    let recipe = recipe();
    let images: Vec<_> = recipe.lines().filter_map(|line| line.strip_prefix("ARG ")).collect();
    assert_eq!(images.len(), 2);
    for image in images {
        let (_, image) = image.split_once('=').unwrap();
        let name = image.rsplit('/').next().unwrap();
        assert!(name.contains(':') && !name.ends_with(":latest"), "{image}");
        assert!(name.chars().any(|c| c.is_ascii_digit()), "{image}");
    }
}

#[test]
fn only_what_the_recipe_copies_is_sent_to_the_engine() {
    let ignored = fs::read_to_string(repository().join(".dockerignore")).unwrap();
    let rules: Vec<_> = ignored.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(rules, ["*", "!container/root", "!dist"]);
}
