//! The handler's command line, working directory and environment (Azure Functions host,
//! `HttpWorkerDescription` and `DefaultWorkerProcessFactory`).

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::process::Command;
use uuid::Uuid;

use crate::settings::HostSettings;

/// The command that starts the handler.
pub(crate) fn of(settings: &HostSettings, port: u16, worker_id: Uuid) -> Command {
    let mut command = Command::new(executable(settings));
    command
        .current_dir(&settings.app_root)
        .env_clear()
        .envs(&settings.environment)
        .envs(variables(&settings.app_root, port, worker_id))
        // The real host passes on its stdin; here it could be a terminal that both would read.
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// The path of the program. A path to a file that exists is relative to the app; any other is looked up
/// in PATH, so that `node` works and a missing build is "not found".
pub(crate) fn executable(settings: &HostSettings) -> PathBuf {
    let path = &settings.custom_handler.default_executable_path;
    let joined = settings.app_root.join(path);
    if joined.is_file() { joined } else { path.into() }
}

fn variables(app_root: &Path, port: u16, worker_id: Uuid) -> [(&'static str, String); 5] {
    [
        ("FUNCTIONS_CUSTOMHANDLER_PORT", port.to_string()),
        ("FUNCTIONS_HTTPWORKER_PORT", port.to_string()),
        ("FUNCTIONS_CUSTOMHANDLER_WORKER_ID", worker_id.to_string()),
        ("FUNCTIONS_HTTPWORKER_ID", worker_id.to_string()),
        ("FUNCTIONS_APP_ROOT_PATH", app_root.to_string_lossy().into_owned()),
    ]
}
