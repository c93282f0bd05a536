//! The arguments of `app-role approvals`.

use app_roles::{approval::ApprovalDigest, ids::ApprovalId, text::Reason};
use clap::Args;

use crate::{broker_api::SignInOptions, broker_reading::ReadingOptions, numbers};

#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    pub(super) broker: ApprovalsBroker,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    /// ID of the approval
    #[arg(value_parser = ApprovalId::parse)]
    pub(super) id: ApprovalId,
    #[command(flatten)]
    pub(super) broker: ApprovalsBroker,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArguments {
    /// ID of the approval, from the result of the request
    #[arg(value_parser = ApprovalId::parse)]
    pub(super) id: ApprovalId,
    #[command(flatten)]
    pub(super) reading: ReadingOptions,
}

#[derive(Debug, Args)]
pub(crate) struct ApproveArguments {
    /// ID of the approval
    #[arg(value_parser = ApprovalId::parse)]
    pub(super) id: ApprovalId,
    /// Reason for the record; must not contain personal data
    #[arg(long, value_name = "TEXT", value_parser = Reason::parse)]
    pub(super) reason: Option<Reason>,
    /// Do not ask for confirmation; needs --digest
    #[arg(short, long, requires = "digest")]
    pub(super) yes: bool,
    /// Approve only what has this digest. `app-role approvals show` prints it, so that a script approves
    /// what a person has looked at
    #[arg(long, value_name = "HEX", value_parser = ApprovalDigest::parse)]
    pub(super) digest: Option<ApprovalDigest>,
    #[command(flatten)]
    pub(super) broker: ApprovalsBroker,
}

#[derive(Debug, Args)]
pub(crate) struct DenyArguments {
    /// ID of the approval
    #[arg(value_parser = ApprovalId::parse)]
    pub(super) id: ApprovalId,
    /// Reason for the record; must not contain personal data
    #[arg(long, value_name = "TEXT", value_parser = Reason::parse)]
    pub(super) reason: Option<Reason>,
    /// Do not ask for confirmation
    #[arg(short, long)]
    pub(super) yes: bool,
    #[command(flatten)]
    pub(super) broker: ApprovalsBroker,
}

/// The broker, and how to reach its function for approvals.
#[derive(Debug, Args)]
pub(crate) struct ApprovalsBroker {
    /// Keep retrying for this long while the broker is unavailable
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = numbers::whole)]
    pub(super) wait: u32,
    /// Path of the broker's function; copies of the function have other routes
    #[arg(long, value_name = "PATH", default_value = "api/app-role-approvals")]
    pub(super) route: String,
    #[command(flatten)]
    pub(super) sign_in: SignInOptions,
}
