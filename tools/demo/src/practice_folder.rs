//! The folder in which the examples of docs/cli.md can be tried as they are printed: it has the files that they
//! name.

use std::{
    io,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use app_process::cargo_build::workspace_root;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;
use tenant_emulator::contoso::{
    BILLING_FUNCTION, ORDERS_API, ORDERS_API_URI, ORDERS_READ, REPORTS_IDENTITY, TENANT_ID,
};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::local_azure::LocalAzure;

/// The folder of the demo that runs in this source tree.
const FOLDER: &str = "target/demo";

/// A request for `plan`.
const REQUEST: &str = include_str!("practice/request.json");
/// A team's requests for `submit`.
const REQUESTS: &str = include_str!("practice/app-roles.json");
/// The contexts of `app-role`, so that the reader's own ones stay as they are.
pub const CONTEXTS: &str = include_str!("practice/config.json");
/// Tests of the demo's policy.
const TESTS: &str = include_str!("practice/policy.policytest.json");
/// What the demo's policy allows today, and did not allow in `old.json`.
const NEWLY_ALLOWED: &str = r#"["Orders.Read", "Orders.Write"]"#;
const FORMERLY_ALLOWED: &str = r#"["Orders.Read"]"#;

/// How long the token in `token.txt` is valid.
const TOKEN_LIFETIME: Duration = Duration::hours(1);
/// The age of the report in `yesterday.json`.
const AGE_OF_REPORT: Duration = Duration::days(1);

/// The folder.
#[derive(Clone, Debug)]
pub struct PracticeFolder {
    path: PathBuf,
}

impl PracticeFolder {
    /// The folder of the demo that runs in this source tree.
    ///
    /// # Errors
    ///
    /// If the source tree is gone.
    pub fn of_this_source_tree() -> Result<Self> {
        Ok(Self::at(workspace_root().canonicalize()?.join(FOLDER)))
    }

    /// A folder at this path.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// The path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The policy file for `app-role`: the reader's own, or else the copy in this folder, which has tests
    /// beside it.
    #[must_use]
    pub fn policy_of(&self, azure: &LocalAzure) -> PathBuf {
        if azure.has_own_policy { azure.policy.clone() } else { self.path.join("policy.json") }
    }

    /// Fills the folder. What an earlier demo and its reader left there is deleted, because examples that
    /// write a file refuse to replace one.
    ///
    /// # Errors
    ///
    /// If a file cannot be read or written.
    pub fn prepare(&self, azure: &LocalAzure) -> Result<()> {
        match std::fs::remove_dir_all(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot empty {}", self.path.display()));
            }
            _ => {}
        }
        std::fs::create_dir_all(&self.path)?;
        let policy = std::fs::read_to_string(&azure.policy)?;
        self.write("policy.json", &policy)?;
        self.write("old.json", &policy.replace(NEWLY_ALLOWED, FORMERLY_ALLOWED))?;
        if !azure.has_own_policy {
            self.write("policy.policytest.json", TESTS)?;
        }
        self.write("request.json", REQUEST)?;
        self.write("app-roles.json", REQUESTS)?;
        self.write("config.json", CONTEXTS)?;
        self.write("token.txt", &token())?;
        self.write("yesterday.json", &yesterday()?)?;
        self.copy_function_folders()
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.path.join(name);
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Copies what `doctor` and `policy check` read of an app: host.json and the bindings of functions.
    fn copy_function_folders(&self) -> Result<()> {
        let root = workspace_root();
        std::fs::copy(root.join("host.json"), self.path.join("host.json"))?;
        for entry in std::fs::read_dir(&root)? {
            let folder = entry?;
            let bindings = folder.path().join("function.json");
            if bindings.is_file() {
                let copy = self.path.join(folder.file_name());
                std::fs::create_dir(&copy)?;
                std::fs::copy(bindings, copy.join("function.json"))?;
            }
        }
        Ok(())
    }
}

/// An access token of id-reports for the Orders API. No one checks its signature.
fn token() -> String {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let claims = json!({
        "aud": ORDERS_API_URI, "oid": REPORTS_IDENTITY, "tid": TENANT_ID, "iat": now,
        "exp": now + TOKEN_LIFETIME.whole_seconds(), "roles": ["Orders.Read"],
    });
    let [header, claims, signature] =
        [r#"{"typ":"JWT","alg":"none"}"#, &claims.to_string(), "unsigned"]
            .map(|part| URL_SAFE_NO_PAD.encode(part));
    format!("{header}.{claims}.{signature}")
}

/// A report of the day before, when func-billing read orders.
fn yesterday() -> Result<String> {
    let at = (OffsetDateTime::now_utc() - AGE_OF_REPORT).format(&Rfc3339)?;
    let report = json!({
        "format": 1, "generatedAt": at, "tenantId": TENANT_ID, "complete": true,
        "principals": [{ "id": BILLING_FUNCTION, "name": "func-billing" }],
        "apis": [{ "id": ORDERS_API, "name": "Orders API",
                   "roles": [{ "id": ORDERS_READ, "value": "Orders.Read" }] }],
        "assignments": [{ "principal": 0, "api": 0, "role": 0 }],
    });
    Ok(report.to_string())
}
