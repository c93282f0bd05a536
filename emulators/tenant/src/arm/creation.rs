//! Creating a user-assigned identity, and the event by which Azure tells of it.

use std::time::Duration;

use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{ServicePrincipal, Tenant, timestamp};

/// Who creates identities: a person, with personal data as in a real event.
const AUTHOR: &str = "c0a70500-0000-4000-8000-0000000000a9";
/// The application by which the author does it: the Azure CLI.
const AZURE_CLI: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

/// What the author does.
const OPERATION: &str = "Microsoft.ManagedIdentity/userAssignedIdentities/write";

/// How many segments of an id name its subscription, the empty one before the first slash included.
const SUBSCRIPTION_SEGMENTS: usize = 3;

/// How long the author's token is valid, in seconds.
const TOKEN_LIFETIME: i64 = 60 * 60;

/// A user-assigned identity that was created a moment ago.
#[derive(Debug, Clone, PartialEq)]
pub struct CreatedIdentity {
    /// Its object id.
    pub object_id: String,
    /// The event that Event Grid delivers, in its own schema. As a message of a storage queue it is
    /// this object, in base64.
    pub event: Value,
}

impl Tenant {
    /// Somebody creates a user-assigned identity with this ARM id. Azure Resource Manager knows it at
    /// once; Microsoft Graph after `replication`.
    #[must_use]
    pub fn create_user_assigned_identity(
        &self,
        resource_id: &str,
        replication: Duration,
    ) -> CreatedIdentity {
        let [object_id, client_id] = [(); 2].map(|()| Uuid::new_v4().to_string());
        let name = resource_id.rsplit('/').next().unwrap_or_default();
        let identity = ServicePrincipal::user_assigned(&object_id, &client_id, name, resource_id);
        let mut directory = self.world.directory();
        directory.add_service_principal_after(identity, replication);
        let event = event(resource_id, directory.tenant_id(), OffsetDateTime::now_utc());
        CreatedIdentity { object_id, event }
    }
}

/// "Azure subscription as an Event Grid source".
fn event(resource_id: &str, tenant_id: &str, moment: OffsetDateTime) -> Value {
    let subscription: Vec<&str> = resource_id.split('/').take(SUBSCRIPTION_SEGMENTS).collect();
    let scope = subscription.join("/");
    json!({
        "topic": scope,
        "subject": resource_id,
        "eventType": "Microsoft.Resources.ResourceWriteSuccess",
        "eventTime": timestamp::with_fraction(moment),
        "id": Uuid::new_v4(),
        "dataVersion": "2",
        "metadataVersion": "1",
        "data": {
            "authorization": authorization(resource_id, &scope),
            "claims": claims(tenant_id, moment),
            "correlationId": Uuid::new_v4(),
            "resourceProvider": "Microsoft.ManagedIdentity",
            "resourceUri": resource_id,
            "operationName": OPERATION,
            "status": "Succeeded",
            "subscriptionId": subscription.last(),
            "tenantId": tenant_id,
        },
    })
}

/// By which Azure role the author may do it.
fn authorization(resource_id: &str, scope: &str) -> Value {
    json!({
        "scope": resource_id,
        "action": OPERATION,
        "evidence": {
            "role": "Contributor",
            "roleAssignmentScope": scope,
            "roleAssignmentId": "6a1c6e4d3f6b4a0c8b4a1f0e2d3c4b5a",
            "roleDefinitionId": "b24988ac618042a0ab8820f7382dd24c",
            "principalId": AUTHOR.replace('-', ""),
            "principalType": "User",
        },
    })
}

/// The author's token, as the event shows it.
fn claims(tenant_id: &str, moment: OffsetDateTime) -> Value {
    let issued = moment.unix_timestamp();
    json!({
        "aud": "https://management.azure.com/",
        "iss": format!("https://sts.windows.net/{tenant_id}/"),
        "iat": issued.to_string(),
        "nbf": issued.to_string(),
        "exp": (issued + TOKEN_LIFETIME).to_string(),
        "appid": AZURE_CLI,
        "appidacr": "2",
        "ipaddr": "203.0.113.7",
        "name": "Ana Dev",
        "http://schemas.microsoft.com/identity/claims/objectidentifier": AUTHOR,
        "http://schemas.microsoft.com/identity/claims/tenantid": tenant_id,
        "http://schemas.microsoft.com/identity/claims/scope": "user_impersonation",
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn": "ana@contoso.com",
        "http://schemas.microsoft.com/claims/authnmethodsreferences": "pwd,mfa",
        "uti": "9J2Xm1q0Y0yJb3pXQm4fAA",
        "ver": "1.0",
    })
}
