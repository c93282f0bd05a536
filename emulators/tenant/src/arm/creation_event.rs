//! The event that Azure sends after the creation of a user-assigned identity.

use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::timestamp;

/// The creator of identities: a person, with personal data as in a real event.
const AUTHOR: &str = "c0a70500-0000-4000-8000-0000000000a9";
/// The application that the author uses: the Azure CLI.
const AZURE_CLI: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

/// The author's operation.
const OPERATION: &str = "Microsoft.ManagedIdentity/userAssignedIdentities/write";

/// The number of segments of a subscription's id, including the empty one before the first slash.
const SUBSCRIPTION_SEGMENTS: usize = 3;

/// The lifetime of the author's token in seconds.
const TOKEN_LIFETIME: i64 = 60 * 60;

/// A new user-assigned identity.
#[derive(Debug, Clone, PartialEq)]
pub struct CreatedIdentity {
    /// The object id.
    pub object_id: String,
    /// The event in Event Grid's own schema. A message of a storage queue is the base64 of this object.
    pub event: Value,
}

/// The event of a creation ("Azure subscription as an Event Grid source").
pub(crate) fn creation_event(resource_id: &str, tenant_id: &str, moment: OffsetDateTime) -> Value {
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

/// The Azure role that allows the operation to the author.
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

/// The claims of the author's token in the event.
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
