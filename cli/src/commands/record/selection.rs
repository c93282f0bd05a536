//! The rows of the audit table that a command is about.

use app_roles::ids::Guid;
use clap::Args;

use crate::{
    broker_record::Since, failure::Failure, options::GlobalOptions, session::Session,
    storage::filter,
};

#[derive(Debug, Args)]
pub(super) struct Selection {
    /// Only requests since this time, for example 2026-08-20T10:11:12Z, or since this long ago, for example
    /// 30m, 2h or 7d
    #[arg(long, value_name = "TIME", value_parser = Since::parse)]
    pub(super) since: Option<Since>,
    /// Only requests about this principal. An object ID finds a deleted principal, too
    #[arg(long, value_name = "PRINCIPAL")]
    principal: Option<String>,
    /// Only requests of this requester, for example `queue:app-role-requests`
    #[arg(long, value_name = "REQUESTER")]
    requester: Option<String>,
}

impl Selection {
    /// Returns the conditions on rows, without the time. A principal is looked up in the directory, unless
    /// it is named by an ID: rows have both of its IDs.
    pub(super) async fn conditions(&self, global: &GlobalOptions) -> Result<Vec<String>, Failure> {
        let mut conditions = Vec::new();
        if let Some(principal) = &self.principal {
            conditions.push(match Guid::parse(principal) {
                Ok(id) => {
                    let id = id.to_string();
                    let of_object = filter::text("PartitionKey", "eq", &id);
                    let of_client = filter::text("principalClientId", "eq", &id);
                    format!("({of_object} or {of_client})")
                }
                Err(_) => {
                    let session = Session::open(global).await?;
                    let found = session.directory().principal(principal).await?;
                    filter::text("PartitionKey", "eq", &found.object_id.to_string())
                }
            });
        }
        let requester = self.requester.as_deref();
        conditions.extend(requester.map(|text| filter::text("requester", "eq", text)));
        Ok(conditions)
    }
}
