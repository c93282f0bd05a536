//! What a workload's token says about itself. The token is never printed, and its signature is the
//! API's business.

use std::io::Read as _;

use azure_rest::claims::Claims;
use serde::Serialize;
use time::OffsetDateTime;

use super::Subject;
use crate::{
    failure::Failure,
    result::{shown_moment, written},
};

/// Longest token that is read, in bytes: far beyond what any server takes in a header.
const LONGEST_TOKEN: u64 = 64 * 1024;

/// What a token says, and what that means.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TokenView {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) issued_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expires_at: Option<String>,
    pub(super) roles: Vec<String>,
    /// Whether it carries the role that is asked about.
    pub(super) carries: bool,
    /// What is the matter, and what to do.
    pub(super) verdict: String,
}

/// Reads a token, as it is or as the header that carries it.
pub(super) fn read_standard_input() -> Result<Claims, Failure> {
    let mut text = String::new();
    let read = std::io::stdin().take(LONGEST_TOKEN).read_to_string(&mut text);
    let claims = Claims::decode(text.trim().trim_start_matches("Bearer ").trim_matches('"'));
    // Whatever the fault is, it is not repeated: it may be most of a token.
    if read.is_err() || claims == Claims::default() {
        return Err(Failure::usage("standard input has no access token that can be read")
            .hint("a token is three parts with dots between them, as the workload sends it"));
    }
    Ok(claims)
}

impl TokenView {
    pub(super) fn of(
        claims: &Claims,
        subject: Subject<'_>,
        granted: bool,
        since: Option<OffsetDateTime>,
    ) -> Self {
        let obstacle = obstacle(claims, subject, granted, since);
        Self {
            issued_at: claims.issued_at().map(written),
            expires_at: claims.expires_at().map(written),
            roles: claims.roles.clone(),
            carries: obstacle.is_none(),
            verdict: obstacle.unwrap_or_else(|| {
                "it carries the role; if the API refuses it all the same, the API checks for \
                 something else"
                    .to_owned()
            }),
        }
    }
}

/// Why a token does not give the role.
fn obstacle(
    claims: &Claims,
    subject: Subject<'_>,
    granted: bool,
    since: Option<OffsetDateTime>,
) -> Option<String> {
    let Subject { principal, api, role } = subject;
    if let Some(other) = claims.object_id.filter(|id| *id != principal.object_id) {
        return Some(format!(
            "it is the token of another identity, {other}: if several are attached, the workload must \
             name the one that is meant by its client id, {}",
            principal.client_id
        ));
    }
    if let Some(other) = claims.audience.as_deref().filter(|audience| !is_of(audience, subject)) {
        return Some(format!(
            "it is a token for another API, {other}: the workload must ask for one for {}",
            api.app_id,
        ));
    }
    if claims.expires_at().is_some_and(|end| end <= OffsetDateTime::now_utc()) {
        return Some("it has expired: the workload must ask for a new one".to_owned());
    }
    let Some(value) = &role.value else {
        return Some("the role has no value, and such a role is in no token".to_owned());
    };
    if claims.roles.iter().any(|held| held.eq_ignore_ascii_case(value)) {
        return None;
    }
    Some(lacking(claims, granted, since))
}

fn lacking(claims: &Claims, granted: bool, since: Option<OffsetDateTime>) -> String {
    if !granted {
        return "it lacks the role, which is not granted: have it granted, then see that the workload \
                gets a new token"
            .to_owned();
    }
    let is_older = claims.issued_at().zip(since).is_none_or(|(issued, since)| issued <= since);
    if !is_older {
        return "it lacks the role although it was issued after the grant: the grant had not reached \
                the server that issued it, so ask for a new one in a while"
            .to_owned();
    }
    let by = claims.expires_at().map(shown_moment);
    format!(
        "it lacks the role because it is older than the grant: Azure hands out the same token until \
         it expires{}, and a restart does not change that; an identity that is newly attached has no \
         old token",
        by.map(|by| format!(", here at {by}")).unwrap_or_default(),
    )
}

/// Whether a token is for the API: by its appId, or by one of its URIs, with a slash at the end or
/// without.
fn is_of(audience: &str, Subject { api, .. }: Subject<'_>) -> bool {
    let same = |name: &str| {
        name.trim_end_matches('/').eq_ignore_ascii_case(audience.trim_end_matches('/'))
    };
    same(&api.app_id.to_string()) || api.identifier_uris.iter().any(|uri| same(uri))
}
