//! The claims of the broker's own access token.
//!
//! They have two uses: they contain the broker's own object id, and they show which permission is
//! missing when Graph refuses. Microsoft asks clients not to depend on the content of tokens for other
//! APIs ("Microsoft identity platform access tokens"). So a claim that cannot be read is unknown, and
//! the broker writes nothing if its own object id is unknown.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use app_roles::ids::{AppId, Guid, ObjectId};

/// The claims of an access token that the broker reads. The signature is not checked: only the API
/// that the token is for can do that.
///
/// ```json
/// { "aud": "https://graph.microsoft.com", "oid": "1111…", "appid": "2222…", "tid": "3333…",
///   "iat": 1795300000, "roles": ["Application.Read.All"] }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims {
    /// The API that the token is for.
    pub audience: Option<String>,
    /// The object id of the identity that the token was issued to.
    pub object_id: Option<ObjectId>,
    /// The client id of that identity.
    pub client_id: Option<AppId>,
    /// The tenant.
    pub tenant_id: Option<Guid>,
    /// The time of issue, in seconds since 1970.
    issued_at: Option<i64>,
    /// The expiry, in seconds since 1970.
    expires_at: Option<i64>,
    /// The app roles that the identity held when it was issued.
    pub roles: Vec<String>,
    /// The name of the account, for a person.
    pub account: Option<String>,
    /// Whether the account is an application and no user.
    pub is_application: Option<bool>,
    /// The templates of the roles of Microsoft Entra that the account held in the whole tenant.
    pub directory_roles: Option<Vec<Guid>>,
}

impl Claims {
    /// Decodes the payload of a JWT (RFC 7519). A token that cannot be decoded has no claims, and a claim
    /// that cannot be read counts as absent.
    #[must_use]
    pub fn decode(token: &str) -> Self {
        let payload = token.split('.').nth(1).unwrap_or_default();
        let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).unwrap_or_default();
        let claims: Value = serde_json::from_slice(&payload).unwrap_or_default();
        let text = |name| claims.get(name).and_then(Value::as_str);
        let seconds = |name| claims.get(name).and_then(Value::as_i64);
        let names = ["upn", "preferred_username", "unique_name", "app_displayname"];
        let account = names.into_iter().find_map(text).map(str::to_owned);
        let is_application = match text("idtyp") {
            Some("app") => Some(true),
            Some("user") => Some(false),
            _ => text("upn").map(|_| false),
        };
        let directory_roles = claims
            .get("wids")
            .and_then(Value::as_array)
            .map(|ids| ids.iter().filter_map(|id| Guid::parse(id.as_str()?).ok()).collect());
        let roles = claims.get("roles").and_then(Value::as_array).into_iter().flatten();
        Self {
            audience: text("aud").map(str::to_owned),
            object_id: text("oid").and_then(|id| ObjectId::parse(id).ok()),
            client_id: text("appid").and_then(|id| AppId::parse(id).ok()),
            tenant_id: text("tid").and_then(|id| Guid::parse(id).ok()),
            issued_at: seconds("iat"),
            expires_at: seconds("exp"),
            roles: roles.filter_map(Value::as_str).map(str::to_owned).collect(),
            account,
            is_application,
            directory_roles,
        }
    }

    /// The time of issue.
    #[must_use]
    pub fn issued_at(&self) -> Option<OffsetDateTime> {
        self.issued_at.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
    }

    /// The expiry.
    #[must_use]
    pub fn expires_at(&self) -> Option<OffsetDateTime> {
        self.expires_at.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
    }

    /// The time of issue as text, for messages.
    #[must_use]
    pub fn issued(&self) -> String {
        self.issued_at()
            .and_then(|moment| moment.format(&Rfc3339).ok())
            .unwrap_or_else(|| "an unknown time".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token(payload: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(payload))
    }

    #[test]
    fn a_token_that_cannot_be_decoded_has_no_claims() {
        for text in ["", "a", "a.b.c", "e30.e30", &token("[]"), &token(r#"{"oid":"me"}"#)] {
            assert_eq!(Claims::decode(text), Claims::default(), "{text:?}");
        }
    }

    #[test]
    fn the_known_claims_are_decoded() {
        let claims = Claims::decode(&token(
            r#"{"aud":"https://graph.microsoft.com","oid":"11111111-1111-1111-1111-111111111111","iat":1795300000,"roles":["A","B"],"xms":1}"#,
        ));
        assert_eq!(claims.audience.as_deref(), Some("https://graph.microsoft.com"));
        assert_eq!(claims.issued(), "2026-11-21T22:26:40Z");
        assert_eq!(claims.roles, ["A", "B"]);
        assert!(claims.object_id.is_some());
    }

    #[test]
    fn one_claim_that_is_absent_null_or_of_another_type_does_not_spoil_the_others() {
        use serde_json::json;
        let id = "11111111-1111-1111-1111-111111111111";
        let whole = json!({ "aud": "a", "oid": id, "appid": id, "tid": id, "iat": 1, "exp": 2,
                            "roles": ["A"], "upn": "a", "idtyp": "user", "wids": [id],
                            "xms_mirid": "/subscriptions/1" });
        let decode = |claims: &Value| Claims::decode(&token(&claims.to_string()));
        let same = |known: &Claims, one: &Claims| {
            [
                known.audience == one.audience,
                known.object_id == one.object_id,
                known.client_id == one.client_id,
                known.tenant_id == one.tenant_id,
                known.issued_at == one.issued_at,
                known.expires_at == one.expires_at,
                known.roles == one.roles,
                known.account == one.account,
                known.directory_roles == one.directory_roles,
            ]
        };
        for name in whole.as_object().unwrap().keys() {
            for replacement in [Value::Null, json!({ "x": 1 }), json!([7]), json!(true)] {
                let mut claims = whole.clone();
                claims[name] = replacement;
                let kept = same(&decode(&whole), &decode(&claims));
                let spoilt = kept.iter().filter(|is_kept| !**is_kept).count();
                let is_one_of = !["xms_mirid", "idtyp"].contains(&name.as_str());
                assert_eq!(spoilt, usize::from(is_one_of), "{claims}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_decoder_panic(text: String, payload: String) {
            let _ = Claims::decode(&text).issued();
            let _ = Claims::decode(&token(&payload));
        }
    }
}
