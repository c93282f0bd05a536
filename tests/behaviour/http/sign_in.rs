//! Sign-ins as App Service Authentication passes them on.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use tenant_emulator::contoso::TENANT_ID;

/// The header that the platform sets for a signed-in caller.
pub(crate) fn principal(provider: &str, claims: &[(&str, &str)]) -> String {
    let claims: Vec<_> =
        claims.iter().map(|(typ, val)| json!({ "typ": typ, "val": val })).collect();
    let principal =
        json!({ "auth_typ": provider, "claims": claims, "name_typ": "name", "role_typ": "roles" });
    STANDARD.encode(principal.to_string())
}

/// The header for a user or an application of the tenant.
pub(crate) fn signed_in(object_id: &str) -> String {
    principal("aad", &[("oid", object_id), ("tid", TENANT_ID)])
}
