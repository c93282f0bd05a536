//! The examples, and how a test runs them.

use std::{
    path::{Path, PathBuf},
    process::Output,
    time::Duration,
};

use futures_util::future::join_all;
use tempfile::TempDir;
use tokio::{process, task::spawn_blocking, time::timeout};

use super::tools::{self, Tool};
use crate::world::ROOT;

/// The time limit of an example, far longer than it needs even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(240);

/// An example in `examples/clients`.
#[derive(Clone, Copy)]
pub(super) struct Example {
    /// Its file.
    pub(super) file: &'static str,
    /// The program that runs it. The argument is a copy of its folder.
    tool: fn(&Path) -> Tool,
}

const fn example(file: &'static str, tool: fn(&Path) -> Tool) -> Example {
    Example { file, tool }
}

/// Those that ask by the queue.
pub(super) const BY_THE_QUEUE: [Example; 9] = [
    example("javascript/queue.js", tools::node_with_packages),
    example("python/queue_request.py", tools::python_with_packages),
    example("curl/queue.sh", tools::curl),
    example("azure-cli/queue.sh", tools::azure_cli),
    example("php/queue.php", tools::php_with_xml),
    example("java/src/main/java/Queue.java", tools::maven),
    example("go/queue/main.go", tools::go_with_modules),
    example("csharp/queue.cs", tools::dotnet_with_packages),
    example("powershell/queue.ps1", tools::power_shell_that_is_signed_in),
];

/// Those that ask over HTTP.
pub(super) const OVER_HTTP: [Example; 9] = [
    example("javascript/http.js", tools::node),
    example("python/http_request.py", tools::python),
    example("curl/http.sh", tools::curl),
    example("azure-cli/http.sh", tools::azure_cli),
    example("php/http.php", tools::php),
    example("java/Http.java", tools::java),
    example("go/http/main.go", tools::go),
    example("csharp/http.cs", tools::dotnet),
    example("powershell/http.ps1", tools::power_shell),
];

/// How an example ended.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) file: &'static str,
    pub(super) status: Option<i32>,
    pub(super) printed: String,
}

/// The variables of the examples' environment.
pub(super) type Environment = [(&'static str, String)];

/// The folder of the examples.
pub(super) fn folder() -> PathBuf {
    Path::new(ROOT).join("examples/clients")
}

/// Runs the examples side by side. Those that cannot run here say so.
pub(super) async fn run_all(
    examples: &[Example],
    request: &str,
    environment: &Environment,
) -> Vec<Ran> {
    let runs = examples.iter().map(|example| example.run(request, environment));
    join_all(runs).await.into_iter().flatten().collect()
}

impl Example {
    /// Runs it with a request. `None` if this machine lacks something.
    pub(super) async fn run(self, request: &str, environment: &Environment) -> Option<Ran> {
        let copy = self.copy();
        let path = copy.path().to_owned();
        let command = match spawn_blocking(move || (self.tool)(&path)).await.unwrap() {
            Ok(command) => command,
            Err(missing) => {
                tools::not_run(&format!("examples/clients/{}", self.file), &missing);
                return None;
            }
        };
        let file = copy.path().join("request.json");
        std::fs::write(&file, request).unwrap();
        let mut command = process::Command::from(command);
        command.current_dir(copy.path()).envs(environment.iter().cloned()).kill_on_drop(true);
        if self.file.ends_with("Queue.java") {
            command.arg(format!("-Dexec.args={}", file.display()));
        } else {
            let inside = self.file.split_once('/').unwrap().1;
            command.args(authorities_of_php(self.file, environment)).arg(inside).arg(&file);
        }
        let output: Output = timeout(PATIENCE, command.output())
            .await
            .unwrap_or_else(|_| panic!("{} does not end", self.file))
            .unwrap();
        Some(Ran { file: self.file, status: output.status.code(), printed: tools::text(&output) })
    }

    /// A copy of its language's folder, where compilers may write.
    fn copy(self) -> TempDir {
        let copy = tempfile::tempdir().unwrap();
        let language = self.file.split_once('/').unwrap().0;
        copy_folder(&folder().join(language), copy.path());
        copy
    }
}

/// PHP reads the file of authorities from its settings only.
fn authorities_of_php(file: &str, environment: &Environment) -> Vec<String> {
    let authorities = environment.iter().find(|(name, _)| *name == "CURL_CA_BUNDLE");
    let setting = authorities.filter(|_| file.starts_with("php/"));
    setting.into_iter().flat_map(|(_, path)| ["-d".into(), format!("curl.cainfo={path}")]).collect()
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir(&target).unwrap();
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn each_example_has_less_than_60_lines_and_names_things_by_names() {
    for Example { file, .. } in BY_THE_QUEUE.into_iter().chain(OVER_HTTP) {
        let text = std::fs::read_to_string(folder().join(file)).unwrap();
        assert!(text.lines().count() < 60, "{file}");
        assert!(!has_guid(&text), "{file} has a GUID");
    }
    assert!(!has_guid(&std::fs::read_to_string(folder().join("request.json")).unwrap()));
}

#[test]
fn the_readme_lists_every_example_and_nothing_else() {
    let readme = std::fs::read_to_string(folder().join("README.md")).unwrap();
    let mut listed: Vec<_> =
        readme.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()).collect();
    listed.retain(|link| {
        !link.starts_with("..") && !link.starts_with('#') && *link != "request.json"
    });
    let mut files: Vec<_> =
        BY_THE_QUEUE.into_iter().chain(OVER_HTTP).map(|example| example.file).collect();
    listed.sort_unstable();
    files.sort_unstable();
    assert_eq!(listed, files);
}

fn has_guid(text: &str) -> bool {
    const LENGTHS: [usize; 5] = [8, 4, 4, 4, 12];
    let words = text.split(|c: char| !c.is_ascii_hexdigit() && c != '-');
    words.map(|word| word.split('-').map(str::len)).any(|lengths| lengths.eq(LENGTHS))
}
