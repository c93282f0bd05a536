//! The result of a request: built in the broker's format, and printed.

use app_roles::{
    VERSION, ids::InvocationId, outcome::RoleOutcome, request::Request, requester::Requester,
    result::RequestResult,
};
use azure_rest::retry::millis;
use broker::Answer;
use serde::Serialize;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::time::Instant;

use crate::{
    exit::Exit,
    failure::Failure,
    names::did_you_mean,
    output::{Screen, shown, table},
    session::Session,
    timestamps::{TOKEN_CACHE, rfc3339, text_to_the_second},
};

/// The value of `function` in results of this program.
const FUNCTION: &str = "app-role";

/// The headers of the table of roles.
pub(crate) const HEADERS: [&str; 4] = ["ROLE", "OUTCOME", "RULE", "MESSAGE"];

/// The start of a command.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    moment: OffsetDateTime,
    clock: Instant,
}

impl Start {
    /// The start of a command that starts now.
    pub(crate) fn now() -> Self {
        Self { moment: OffsetDateTime::now_utc(), clock: Instant::now() }
    }

    /// Builds the result of a request that `requester` sends.
    pub(crate) fn result(
        self,
        session: &Session,
        requester: &Requester,
        request: &Request,
        decision: Answer,
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
            started_at: rfc3339(self.moment),
            duration_ms: millis(self.clock.elapsed()),
            attempt: 1,
            effective_by: changed.then(|| rfc3339(OffsetDateTime::now_utc() + TOKEN_CACHE)),
            policy_sha256: session.policy().sha256().map(str::to_owned),
            broker_version: VERSION,
            truncated: false,
        }
    }
}

/// Prints a result and returns the exit status.
pub(crate) fn print(screen: Screen, result: &RequestResult) -> Result<Exit, Failure> {
    if screen.is_json() {
        screen.json(result)?;
    } else {
        screen.show(&table(&HEADERS, result.roles.iter().map(row)));
        for candidate in &result.candidates {
            show_candidate(screen, &json!(candidate));
        }
        show_effective_by(screen, result.effective_by.as_deref());
    }
    Ok(Exit::of(&result.roles))
}

/// Prints a service principal that an ambiguous name may mean.
pub(crate) fn show_candidate(screen: Screen, candidate: &Value) {
    screen.say(&shown(&format!("candidate: {candidate}")));
}

/// Prints when the last token without the change expires.
pub(crate) fn show_effective_by(screen: Screen, moment: Option<&str>) {
    if let Some(moment) = moment {
        let moment = text_to_the_second(moment);
        screen.say(&format!("tokens issued before this change expire by {moment}"));
    }
}

/// Returns the message of a role together with its suggestions.
pub(crate) fn message<T: std::borrow::Borrow<str>>(text: &str, suggestions: &[T]) -> String {
    match suggestions {
        [] => text.to_owned(),
        suggestions => format!("{text}; {}", did_you_mean(suggestions)),
    }
}

fn row(role: &RoleOutcome) -> Vec<String> {
    let name = role.value.clone().or_else(|| role.requested.clone());
    let name = name.or_else(|| role.id.map(|id| id.to_string()));
    vec![
        name.unwrap_or_default(),
        word(&role.status),
        role.rule.clone().unwrap_or_default(),
        message(role.message.as_deref().unwrap_or_default(), &role.suggestions),
    ]
}

/// Returns the word that stands for an enum value in JSON.
pub(crate) fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}
