//! Which roles a message has changed, by the record.

use std::collections::BTreeSet;

use app_roles::{
    ids::{AppRoleId, ObjectId},
    text::MessageId,
};
use azure_rest::{
    retry::Deadline,
    tables::{Entity, TableError, literal},
};
use serde_json::Value;

use crate::record::{AUDIT_TABLE, INTENT_TABLE, PARTITION_KEY, Record};

/// An API and its role.
pub type ChangedRole = (ObjectId, AppRoleId);

impl Record {
    /// The roles of a principal that the deliveries of a message have changed, or may have changed. Each such
    /// write has an intent or a row.
    pub async fn changed_by_message(
        &self,
        principal: ObjectId,
        message: &MessageId,
        deadline: Deadline,
    ) -> Result<BTreeSet<ChangedRole>, TableError> {
        let principal = literal::text(&principal.to_string());
        let message = literal::text(&message.to_string());
        let of_message = format!("{PARTITION_KEY} eq {principal} and messageId eq {message}");
        let written = format!(
            "{of_message} and (status eq 'assigned' or status eq 'revoked' or status eq 'unknown')"
        );
        // An intent is deleted after its row was stored, so it is read first.
        let intents = self.tables().query(INTENT_TABLE, &of_message, deadline).await?;
        let rows = self.tables().query(AUDIT_TABLE, &written, deadline).await?;
        Ok(intents.iter().chain(&rows).filter_map(changed_role).collect())
    }
}

fn changed_role(row: &Entity) -> Option<ChangedRole> {
    let text = |column: &str| row.get(column).and_then(Value::as_str);
    Some((ObjectId::parse(text("apiId")?).ok()?, AppRoleId::parse(text("appRoleId")?).ok()?))
}
