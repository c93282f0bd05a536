//! An emulated tenant, an operator, and the program under test.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Mutex,
};

use serde_json::Value;
use tempfile::TempDir;
use tenant_emulator::{
    Directory, Route, ServicePrincipal, Tenant,
    contoso::{
        APP_ROLE_ASSIGNMENT_READ_WRITE_ALL, APPLICATION_READ_ALL, MICROSOFT_GRAPH, SUBSCRIPTION_ID,
        contoso,
    },
};
use tokio::{io::AsyncWriteExt, process::Command};

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_app-role");

/// The operator's object ID. The operator is a managed identity, because the emulated tenant has no other
/// sign-in.
pub(crate) const OPERATOR: &str = "c0a70500-0000-4000-8000-000000000200";
pub(crate) const OPERATOR_CLIENT_ID: &str = "c0a70500-0000-4000-8000-000000000201";

/// A policy that allows the default queue to assign two roles to identities in rg-orders-dev.
pub(crate) const POLICY: &str = r#"{ "version": 1, "allow": [ {
    "name": "orders workloads",
    "requesters": ["queue:app-role-requests"],
    "principals": ["/subscriptions/c0a70500-0000-4000-8000-000000000002/resourceGroups/rg-orders-dev"],
    "api": "c0a70500-0000-4000-8000-0000000000b1",
    "roles": ["Orders.Read", "Orders.Write"] } ] }"#;

/// [`POLICY`] with a baseline for the same resource group.
pub(crate) fn with_baseline(roles: &[&str], more: &Value) -> String {
    let mut policy: Value = serde_json::from_str(POLICY).unwrap();
    let allowed = policy["allow"][0].clone();
    policy["baseline"] = serde_json::json!([{
        "name": "every orders identity", "principals": allowed["principals"], "api": allowed["api"],
        "roles": roles,
    }]);
    policy.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    policy.to_string()
}

/// A tenant with an operator, and a folder with a policy.
pub(crate) struct World {
    pub(crate) tenant: Tenant,
    folder: TempDir,
    /// More environment variables.
    environment: Mutex<BTreeMap<String, String>>,
}

/// The exit status and the output of a command.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Returns Contoso with an operator who holds these roles on Microsoft Graph.
fn directory(roles: &[&str]) -> Directory {
    let mut directory = contoso();
    directory.add_service_principal(ServicePrincipal::user_assigned(
        OPERATOR,
        OPERATOR_CLIENT_ID,
        "id-operator",
        &format!("/subscriptions/{SUBSCRIPTION_ID}/resourcegroups/rg-operators/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-operator"),
    ));
    directory.attach(OPERATOR);
    for role in roles {
        directory.assign(OPERATOR, MICROSOFT_GRAPH, role).unwrap();
    }
    directory
}

impl World {
    /// A world with an operator who can do everything, and with [`POLICY`].
    pub(crate) async fn new() -> Self {
        Self::with_roles(&[APP_ROLE_ASSIGNMENT_READ_WRITE_ALL, APPLICATION_READ_ALL]).await
    }

    pub(crate) async fn with_roles(roles: &[&str]) -> Self {
        let tenant = Tenant::start(directory(roles)).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let world = Self { tenant, folder, environment: Mutex::default() };
        world.write("policy.json", POLICY);
        world
    }

    /// Sets an environment variable of the commands from now on.
    pub(crate) fn set(&self, name: &str, value: &str) {
        self.environment.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }

    /// Names one storage account for all that the broker stores.
    pub(crate) fn set_storage(&self, connection: &str) {
        for name in ["APP_ROLE_HOST_STORAGE", "APP_ROLE_REQUESTS", "APP_ROLE_AUDIT"] {
            self.set(name, connection);
        }
    }

    /// Returns the path of a file in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Adds protected IDs to [`POLICY`].
    pub(crate) fn protect(&self, ids: &[&str]) {
        let mut policy: Value = serde_json::from_str(POLICY).unwrap();
        policy["protected"] = serde_json::json!(ids);
        self.write("policy.json", &policy.to_string());
    }

    /// Returns a command of the program, signed in as the operator.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.signed_in(PROGRAM);
        command.args(arguments);
        command
    }

    /// Returns a shell command that can run the program by its name.
    pub(crate) fn shell(&self, line: &str) -> Command {
        self.shell_named("/bin/sh", line)
    }

    /// Returns a command of this shell that can run the program by its name.
    pub(crate) fn shell_named(&self, shell: &str, line: &str) -> Command {
        let folder = Path::new(PROGRAM).parent().unwrap().display();
        let mut command = self.signed_in(shell);
        command.args(["-c", line]).env("PATH", format!("{folder}:/usr/bin:/bin"));
        command
    }

    fn signed_in(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs(self.tenant.environment())
            .env("AZURE_CLIENT_ID", OPERATOR_CLIENT_ID)
            .env("APP_ROLE_AUTH", "managed-identity")
            .env("PACE_FACTOR", "0.1")
            .envs(self.environment.lock().unwrap().clone())
            .current_dir(self.folder.path())
            .kill_on_drop(true);
        command
    }

    /// Runs the program.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        end(self.command(arguments), "").await
    }

    /// Runs the program with this standard input.
    pub(crate) async fn run_with(&self, arguments: &[&str], input: &str) -> Ended {
        end(self.command(arguments), input).await
    }

    /// Runs the program, which must succeed, with JSON output. Returns the document.
    pub(crate) async fn json(&self, arguments: &[&str]) -> Value {
        let ended = self.run(&[arguments, &["--output", "json"]].concat()).await;
        assert_eq!(ended.code, 0, "{ended:?}");
        ended.json()
    }

    /// Returns the IDs of the roles that a principal holds.
    pub(crate) fn holds(&self, principal: &str) -> Vec<String> {
        let held = self.tenant.assignments_of(principal);
        held.into_iter().map(|one| one.app_role_id).collect()
    }

    /// Returns whether no write reached Graph.
    pub(crate) fn is_untouched(&self) -> bool {
        self.tenant.count(Route::CreateAssignment) == 0
            && self.tenant.count(Route::DeleteAssignment) == 0
    }
}

/// Runs a command and waits for its end.
pub(crate) async fn end(mut command: Command, input: &str) -> Ended {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A command that reads no input may have ended already.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    let output = child.wait_with_output().await.unwrap();
    Ended {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Ended {
    /// Asserts the exit status, and that standard error contains these texts.
    #[track_caller]
    pub(crate) fn assert_failed(&self, code: i32, texts: &[&str]) {
        assert_eq!(self.code, code, "{self:?}");
        for text in texts {
            assert!(self.stderr.contains(text), "{text:?} is not in {self:?}");
        }
    }

    /// Asserts success, and that standard output contains these texts.
    #[track_caller]
    pub(crate) fn assert_done(&self, texts: &[&str]) {
        self.assert_said(0, texts);
    }

    /// Asserts the exit status, and that standard output contains these texts.
    #[track_caller]
    pub(crate) fn assert_said(&self, code: i32, texts: &[&str]) {
        assert_eq!(self.code, code, "{self:?}");
        for text in texts {
            assert!(self.stdout.contains(text), "{text:?} is not in {self:?}");
        }
    }

    /// Parses standard output as one JSON document.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// The app root of the broker.
pub(crate) fn app_root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
