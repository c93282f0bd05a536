//! The `app-role` program.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let exit = match app_role_cli::arguments() {
        Ok(arguments) => app_role_cli::run(arguments).await,
        Err(exit) => exit,
    };
    exit.into()
}
