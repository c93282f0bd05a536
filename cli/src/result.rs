//! The answer to a request, in the broker's own shape.

use app_roles::{
    VERSION, ids::InvocationId, outcome::RoleOutcome, request::Request, requester::Requester,
    result::RequestResult,
};
use azure_rest::retry::millis;
use broker::Decision;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::time::Instant;

use crate::{
    failure::{Exit, Failure},
    names::meant,
    output::{Screen, table},
    session::Session,
};

/// Stands in a result where the broker names its function.
const FUNCTION: &str = "app-role";

/// How long Azure keeps a managed identity's token ("Managed identities best practice
/// recommendations"): after that, no token is older than a change.
pub(crate) const TOKEN_CACHE: Duration = Duration::hours(24);

/// When a command began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Began {
    moment: OffsetDateTime,
    clock: Instant,
}

impl Began {
    pub(crate) fn now() -> Self {
        Self { moment: OffsetDateTime::now_utc(), clock: Instant::now() }
    }

    /// What was decided, as a result.
    pub(crate) fn result(
        self,
        session: &Session,
        requester: &Requester,
        request: &Request,
        decision: Decision,
    ) -> RequestResult {
        let changed = decision.roles.iter().any(RoleOutcome::is_change);
        RequestResult {
            request_id: request.request_id.as_ref().map(ToString::to_string),
            invocation_id: InvocationId::random(),
            function: FUNCTION.to_owned(),
            requester: requester.clone(),
            action: Some(request.action),
            dry_run: request.dry_run,
            principal: decision.principal,
            api: decision.api,
            roles: decision.roles,
            candidates: decision.candidates,
            started_at: written(self.moment),
            duration_ms: millis(self.clock.elapsed()),
            attempt: 1,
            effective_by: changed.then(|| written(OffsetDateTime::now_utc() + TOKEN_CACHE)),
            policy_sha256: session.broker.policy().sha256().map(str::to_owned),
            broker_version: VERSION,
            truncated: false,
        }
    }
}

/// A moment as results write it, in UTC, RFC 3339.
pub(crate) fn written(moment: OffsetDateTime) -> String {
    moment.format(&Rfc3339).unwrap_or_default()
}

/// The same for people, to the second.
pub(crate) fn shown_moment(moment: OffsetDateTime) -> String {
    written(moment.replace_nanosecond(0).unwrap_or(moment))
}

/// A moment of Graph or the broker for people; whatever else stands there, as it is.
pub(crate) fn shown_text(text: &str) -> String {
    OffsetDateTime::parse(text, &Rfc3339).map_or_else(|_| text.to_owned(), shown_moment)
}

/// Prints a result, and says how the command ends.
pub(crate) fn print(screen: Screen, result: &RequestResult) -> Result<Exit, Failure> {
    if screen.is_json() {
        screen.json(result)?;
    } else {
        let headers = ["ROLE", "OUTCOME", "RULE", "MESSAGE"];
        screen.say(&table(&headers, result.roles.iter().map(row)));
        for candidate in &result.candidates {
            screen.say(&format!("candidate: {}", serde_json::json!(candidate)));
        }
        if let Some(moment) = &result.effective_by {
            screen.say(&format!(
                "tokens that were issued before the change have expired by {}",
                shown_text(moment)
            ));
        }
    }
    Ok(Exit::of(&result.roles))
}

fn row(role: &RoleOutcome) -> Vec<String> {
    let name = role.value.clone().or_else(|| role.requested.clone());
    let name = name.or_else(|| role.id.map(|id| id.to_string()));
    let mut message = role.message.clone().unwrap_or_default();
    if !role.suggestions.is_empty() {
        message = format!("{message}; {}", meant(&role.suggestions));
    }
    vec![
        name.unwrap_or_default(),
        word(&role.status),
        role.rule.clone().unwrap_or_default(),
        message,
    ]
}

/// The word that stands for a value on the wire.
pub(crate) fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
