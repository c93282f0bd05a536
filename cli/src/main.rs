//! The `app-role` program.

use std::process::ExitCode;

use app_role_cli::arguments::Arguments;
use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    app_role_cli::run(Arguments::parse()).await.into()
}
