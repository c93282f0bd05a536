//! The world of the demo, in which a reader of the docs tries their commands.

use std::path::Path;

use app_process::{
    app::{App, FAILED},
    cargo_build::workspace_root,
};
use demo::{
    local_azure::{LocalAzure, Setup},
    persons::Person,
    practice_folder::{CONTEXTS, PracticeFolder},
    second_terminal,
};
use serde_json::Value;
use tempfile::TempDir;
use tenant_emulator::contoso::{ORDERS_API, ORDERS_READ, REPORTS_IDENTITY};
use tokio::process::Command;

use crate::{
    replay::failed,
    terminal::{Input, seen_in},
};

/// The reader's terminal, in columns: wide enough for the tables that pages show.
const WIDTH: u16 = 200;

/// The control sequence that erases the line.
const ERASED: &str = "\u{1b}[K";

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_app-role");

/// A request that waits until a person approves it.
const WAITS: &str =
    r#"{"principal":"id-orders","api":"graph","roles":["Mail.Send"],"reason":"receipts"}"#;

/// The demo, and the folder in which its reader works.
pub(crate) struct DemoWorld {
    pub(crate) azure: LocalAzure,
    pub(crate) folder: PracticeFolder,
    home: TempDir,
}

/// What a reader sees of a command.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) text: String,
    pub(crate) status: Option<i32>,
}

impl DemoWorld {
    pub(crate) async fn start() -> Self {
        let app = App::build().await.unwrap();
        let mut azure = LocalAzure::start(app, Setup::default()).await.unwrap();
        let request = r#"{"principal":"id-orders","api":"api://orders","roles":["Orders.Read"]}"#;
        azure.ask(request).await.unwrap();
        let home = tempfile::tempdir().unwrap();
        let folder = PracticeFolder::at(home.path().join("demo"));
        folder.prepare(&azure).unwrap();
        Self { azure, folder, home }
    }

    /// A shell that is signed in as a person, with a command.
    pub(crate) fn shell(&self, person: Person, line: &str) -> Command {
        let programs = Path::new(PROGRAM).parent().unwrap().display();
        let mut command = Command::new("/bin/bash");
        command
            .env_clear()
            .envs(second_terminal::variables(&self.azure, person, &self.folder))
            .env("PATH", format!("{programs}:/usr/bin:/bin"))
            .env("HOME", self.home.path())
            .env("NO_COLOR", "1")
            .args(["-c", line])
            .current_dir(self.folder.path())
            .kill_on_drop(true);
        command
    }

    /// Runs a command at a terminal, at which `y` is typed, if the command asks.
    pub(crate) async fn run(&self, person: Person, line: &str) -> Seen {
        let line = format!("{line}\necho \"[exit status $?]\"");
        let text = seen_in(WIDTH, self.shell(person, &line), Input::Typed("y\n")).await;
        let text = visible(&text);
        let (text, status) = text.rsplit_once("[exit status ").unwrap_or((&text, ""));
        let status = status.trim().strip_suffix(']').and_then(|status| status.parse().ok());
        Seen { text: text.to_owned(), status }
    }

    /// Sends a request that waits for approval. Returns its id.
    pub(crate) async fn new_approval(&mut self) -> String {
        let (result, _) = self.azure.ask(WAITS).await.unwrap();
        result["approvalId"].as_str().unwrap().to_owned()
    }

    /// Leaves a request that failed too often, as the broker does.
    pub(crate) async fn leave_failed_request(&self) {
        let request = r#"{"principal":"id-orders","api":"api://orders","roles":["Orders.Read"]}"#;
        let queue = self.azure.account.queue(FAILED).unwrap();
        queue.send(&failed(request, "queue:app-role-requests")).await.unwrap();
    }

    /// Gives id-reports back what another example may have revoked, and restores the contexts.
    pub(crate) fn restore(&self) {
        std::fs::write(self.folder.path().join("config.json"), CONTEXTS).unwrap();
        let held = self.azure.tenant.assignments_of(REPORTS_IDENTITY);
        if !held.iter().any(|one| one.app_role_id == ORDERS_READ) {
            self.azure.tenant.grant(REPORTS_IDENTITY, ORDERS_API, ORDERS_READ).unwrap();
        }
    }
}

/// What a terminal still shows at the end: no progress, which is erased, and not what was typed before the
/// program asked.
fn visible(text: &str) -> String {
    let text = text.replace('\r', "");
    let text = text.strip_prefix("y\n").unwrap_or(&text);
    let lines = text.lines().map(|line| line.rsplit(ERASED).next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// A page of the docs.
pub(crate) fn page(name: &str) -> String {
    std::fs::read_to_string(workspace_root().join("docs").join(name)).unwrap()
}

/// A field of the document that a command prints for programs.
pub(crate) async fn field(world: &DemoWorld, person: Person, line: &str, field: &str) -> String {
    let seen = world.run(person, &format!("{line} --output json")).await;
    let document: Value =
        serde_json::from_str(&seen.text).unwrap_or_else(|error| panic!("{error}: {seen:?}"));
    document[field].as_str().unwrap().to_owned()
}
