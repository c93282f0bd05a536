//! The claims of a workload's token. The token is never printed, and its signature is not checked: only the
//! API must trust it.

use std::io::Read as _;

use azure_rest::claims::Claims;
use broker::rfc3339;
use serde::Serialize;
use time::OffsetDateTime;

use super::subject::Subject;
use crate::{failure::Failure, timestamps::to_the_second};

/// The largest token to read, in bytes: far more than servers accept in a header.
const MAX_TOKEN_LENGTH: u64 = 64 * 1024;

/// The claims of a token, and what they mean.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TokenReport {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) issued_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expires_at: Option<String>,
    pub(super) roles: Vec<String>,
    /// Whether the token carries the role.
    pub(super) carries: bool,
    /// Why the token does not carry the role, and what to do.
    pub(super) verdict: String,
}

/// Reads a token from standard input: plain, quoted, or with the word Bearer before it.
pub(super) fn read_standard_input() -> Result<Claims, Failure> {
    let mut text = String::new();
    let read = std::io::stdin().take(MAX_TOKEN_LENGTH).read_to_string(&mut text);
    let claims = Claims::decode(text.trim().trim_start_matches("Bearer ").trim_matches('"'));
    // The message must not repeat the text: it may be most of a token.
    if read.is_err() || claims == Claims::default() {
        return Err(Failure::usage("standard input does not contain a valid access token")
            .hint("pass the token as the workload sends it: three parts, separated by dots"));
    }
    Ok(claims)
}

impl TokenReport {
    /// Compares a token with the grant. `since` is the moment of the grant.
    pub(super) fn new(
        claims: &Claims,
        subject: Subject<'_>,
        granted: bool,
        since: Option<OffsetDateTime>,
    ) -> Self {
        let obstacle = obstacle(claims, subject, granted, since);
        Self {
            issued_at: claims.issued_at().map(rfc3339),
            expires_at: claims.expires_at().map(rfc3339),
            roles: claims.roles.clone(),
            carries: obstacle.is_none(),
            verdict: obstacle.unwrap_or_else(|| {
                "it carries the role; if the API still denies access, the API checks something else"
                    .to_owned()
            }),
        }
    }
}

/// Returns why a token does not grant the role.
fn obstacle(
    claims: &Claims,
    subject: Subject<'_>,
    granted: bool,
    since: Option<OffsetDateTime>,
) -> Option<String> {
    let Subject { principal, api, role } = subject;
    if let Some(other) = claims.object_id.filter(|id| *id != principal.object_id) {
        let client_id = principal.client_id.map(|id| format!(", {id}")).unwrap_or_default();
        return Some(format!(
            "it belongs to another identity, {other}: if several identities are attached, the workload \
             must select this one by its client ID{client_id}",
        ));
    }
    if let Some(other) = claims.audience.as_deref().filter(|audience| !is_of(audience, subject)) {
        return Some(format!(
            "it is for another API, {other}: the workload must request a token for {}",
            api.app_id,
        ));
    }
    if claims.expires_at().is_some_and(|end| end <= OffsetDateTime::now_utc()) {
        return Some("it has expired: the workload must request a new token".to_owned());
    }
    let Some(value) = &role.value else {
        return Some("the role has no value, and tokens carry only roles with a value".to_owned());
    };
    if claims.roles.iter().any(|held| held.eq_ignore_ascii_case(value)) {
        return None;
    }
    Some(lacking(claims, granted, since))
}

fn lacking(claims: &Claims, granted: bool, since: Option<OffsetDateTime>) -> String {
    if !granted {
        return "it lacks the role, because the role is not granted: assign it, then make the workload \
                request a new token"
            .to_owned();
    }
    let is_older = claims.issued_at().zip(since).is_none_or(|(issued, since)| issued <= since);
    if !is_older {
        return "it lacks the role although it was issued after the grant: the grant had not been \
                replicated yet, so request a new token in a few minutes"
            .to_owned();
    }
    let at = claims.expires_at().map(|moment| format!(" at {}", to_the_second(moment)));
    format!(
        "it lacks the role, because it is older than the grant: Azure caches the token until it \
         expires{}, and a restart does not clear the cache; a newly attached identity has no cached \
         token",
        at.unwrap_or_default(),
    )
}

/// Returns whether a token is for the API: its audience is the app ID or one of the identifier URIs. A
/// trailing slash does not matter.
fn is_of(audience: &str, Subject { api, .. }: Subject<'_>) -> bool {
    let is_it = |name: &str| {
        name.trim_end_matches('/').eq_ignore_ascii_case(audience.trim_end_matches('/'))
    };
    is_it(&api.app_id.to_string()) || api.identifier_uris.iter().any(|uri| is_it(uri))
}
