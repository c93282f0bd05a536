//! `app-role policy init`: a first policy. It changes nothing in the tenant.

mod adoption;
mod kept;
mod report;

use std::path::{Path, PathBuf};

use adoption::{Adoption, adopt};
use app_roles::{
    policy::proposal::{ProposalTerms, policy_text},
    requester::Requester,
};
use clap::Args;
use kept::protected;

use crate::{
    exit::Exit,
    failure::Failure,
    new_file::{self, Existing},
    options::{BrokerIdentity, GlobalOptions},
    output::{Progress, Screen},
    session::Session,
};

/// The name that stands for standard output.
const STANDARD_OUTPUT: &str = "-";

/// The requester of proposed rules: the queue of the function `AssignRole`.
const STOCK_QUEUE: &str = "app-role-requests";

#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    /// File to write; default and `-`: standard output
    file: Option<PathBuf>,
    /// Propose rules for what managed identities hold in the tenant
    #[arg(long)]
    from_tenant: bool,
    /// Requester who may use the proposed rules, can be repeated; default: queue:app-role-requests
    #[arg(long = "requester", value_name = "REQUESTER", value_parser = Requester::parse)]
    #[arg(requires = "from_tenant")]
    requesters: Vec<Requester>,
    /// Replace the file if it exists, and keep what it protects
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    broker: BrokerIdentity,
}

impl InitArguments {
    /// Returns the file to write; `None` for standard output.
    fn file(&self) -> Option<&Path> {
        self.file.as_deref().filter(|file| *file != Path::new(STANDARD_OUTPUT))
    }

    fn existing(&self) -> Existing {
        if self.force { Existing::Replace } else { Existing::Keep }
    }

    fn requesters(&self) -> Vec<Requester> {
        if self.requesters.is_empty() {
            vec![Requester::Queue(STOCK_QUEUE.to_owned())]
        } else {
            self.requesters.clone()
        }
    }
}

/// Runs `app-role policy init`.
pub(super) async fn run(
    global: &GlobalOptions,
    screen: Screen,
    arguments: &InitArguments,
) -> Result<Exit, Failure> {
    let file = arguments.file();
    let protected = match file {
        Some(file) => {
            new_file::check(file, arguments.existing())?;
            protected(file)?
        }
        None => Vec::new(),
    };
    let adoption = if arguments.from_tenant {
        Some(from_tenant(global, arguments, protected.clone()).await?)
    } else {
        None
    };
    let rules = adoption.as_ref().map_or(&[][..], |adoption| &adoption.proposal.rules);
    let text = policy_text(&protected, rules);
    if let Some(file) = file {
        new_file::write(file, &text, arguments.existing())?;
    }
    report::show(screen, (file, &text), adoption.as_ref())
        .map_err(|failure| failure.after_a_change(file.is_some()))?;
    let is_incomplete = adoption.is_some_and(|adoption| !adoption.unread.is_empty());
    Ok(if is_incomplete { Exit::Partly } else { Exit::Done })
}

async fn from_tenant(
    global: &GlobalOptions,
    arguments: &InitArguments,
    protected: Vec<String>,
) -> Result<Adoption, Failure> {
    let session = Session::open(global).await?;
    let broker = session.directory().broker_identity(arguments.broker.name()).await?;
    let own = session.own_identity(broker);
    let progress = Progress::start("listing the service principals …");
    let inventory = crate::inventory::read(&session, &progress).await?;
    drop(progress);
    let terms = ProposalTerms { requesters: arguments.requesters(), protected, own };
    Ok(Adoption { names_broker: broker.is_some(), ..adopt(inventory, &terms) })
}
