//! Access tokens: fetched once for concurrent callers, and cached while they are valid.

mod fault;

use std::sync::Arc;

use azure_core::credentials::{AccessToken, TokenCredential};
use reqwest::header::{HeaderValue, InvalidHeaderValue};
use time::{Duration as Span, OffsetDateTime};
use tokio::{sync::Mutex, time::Instant};

use app_roles::ids::AppId;
use fault::{cause, is_refusal};

use crate::{
    audience::token_fault,
    claims::Claims,
    credential::MakeCredential,
    timing::CallTiming,
    traffic::{self, Event},
};

/// How long before its expiry a token is replaced. Twice the SDK's own margin of five minutes, so that
/// there is time for several attempts while the old token is still valid.
const REFRESH_MARGIN: Span = Span::minutes(10);

/// The minimum lifetime of a token that is sent. With less, it could expire on its way.
const LAST_USE_MARGIN: Span = Span::seconds(30);

/// A token with its claims.
#[derive(Debug, Clone)]
pub struct Token {
    authorization: HeaderValue,
    expires_on: OffsetDateTime,
    claims: Arc<Claims>,
}

impl Token {
    /// The `Authorization` header. It is marked as sensitive, so it is never logged.
    #[must_use]
    pub fn authorization(&self) -> HeaderValue {
        self.authorization.clone()
    }

    /// The claims of the token.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The expiry.
    #[must_use]
    pub fn expires_on(&self) -> OffsetDateTime {
        self.expires_on
    }

    fn lasts(&self, margin: Span) -> bool {
        self.expires_on - OffsetDateTime::now_utc() > margin
    }
}

impl TryFrom<AccessToken> for Token {
    type Error = InvalidHeaderValue;

    fn try_from(token: AccessToken) -> Result<Self, InvalidHeaderValue> {
        let text = token.token.secret();
        let mut authorization = HeaderValue::try_from(format!("Bearer {text}"))?;
        authorization.set_sensitive(true);
        let claims = Arc::new(Claims::decode(text));
        Ok(Self { authorization, expires_on: token.expires_on, claims })
    }
}

/// The failure to get a token.
#[derive(Debug, Clone, thiserror::Error)]
#[error("no token for {scope}: {cause}")]
pub struct NoToken {
    scope: String,
    cause: String,
    lasting: bool,
    /// The error of the credential.
    origin: Option<Arc<azure_core::Error>>,
}

impl NoToken {
    /// The error of this type that made the credential fail, if there is one.
    #[must_use]
    pub fn origin<E: std::error::Error + 'static>(&self) -> Option<&E> {
        let outermost: &(dyn std::error::Error + 'static) = self.origin.as_deref()?;
        std::iter::successors(Some(outermost), |error| error.source())
            .find_map(|error| error.downcast_ref())
    }

    /// Whether the identity endpoint refused to issue a token, so that a retry within seconds would
    /// fail too.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        self.lasting
    }
}

/// A cache of tokens for one API.
pub struct TokenSource {
    make: MakeCredential,
    scope: String,
    client_id: Option<AppId>,
    timing: CallTiming,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    credential: Option<Arc<dyn TokenCredential>>,
    token: Option<Token>,
    /// When `token` was fetched. The platform caches tokens, so another fetch may return it again.
    fetched: Option<Instant>,
    failure: Option<(Instant, NoToken)>,
    renewed: Option<Instant>,
}

impl TokenSource {
    /// A source of tokens for `scope`, for instance `https://graph.microsoft.com/.default`.
    #[must_use]
    pub fn new(make: MakeCredential, scope: String, timing: CallTiming) -> Self {
        Self { make, scope, client_id: None, timing, state: Mutex::default() }
    }

    /// Accepts only tokens of the identity with this client id, if there is one.
    #[must_use]
    pub fn of_client(self, client_id: Option<AppId>) -> Self {
        Self { client_id, ..self }
    }

    /// A token that can be sent now.
    ///
    /// Concurrent callers wait for one fetch. If a fetch fails while the old token is still valid, the
    /// old one is returned. If there is none, callers get the same error without another fetch, for
    /// [`CallTiming::token_failure`]. A token that was fetched shortly before its expiry is used for
    /// [`CallTiming::token_renewal`] before the next fetch.
    pub async fn token(&self) -> Result<Token, NoToken> {
        let mut state = self.state.lock().await;
        if let Some(token) = state.token.as_ref().filter(|token| self.is_fresh(token, &state)) {
            return Ok(token.clone());
        }
        let fetched = match state.failure.take() {
            Some((at, error)) if at.elapsed() < self.timing.token_failure => Err((at, error)),
            _ => self.fetch(&mut state).await.map_err(|error| (Instant::now(), error)),
        };
        match fetched {
            Ok(token) => {
                state.token = Some(token.clone());
                state.fetched = Some(Instant::now());
                Ok(token)
            }
            Err((at, error)) => {
                state.failure = Some((at, error.clone()));
                still_valid(&state, error)
            }
        }
    }

    /// Whether a token needs no replacement now.
    fn is_fresh(&self, token: &Token, state: &State) -> bool {
        let was_fetched_within =
            |period| state.fetched.is_some_and(|fetched| fetched.elapsed() < period);
        token.lasts(REFRESH_MARGIN)
            || (token.lasts(LAST_USE_MARGIN) && was_fetched_within(self.timing.token_renewal))
            || was_fetched_within(self.timing.token_failure)
    }

    /// Discards a token that the API refused, together with the credential that cached it.
    ///
    /// A token that was fetched since then is kept. A new token is not discarded before
    /// [`CallTiming::token_renewal`] has passed, however many callers were refused.
    pub async fn discard(&self, refused: &Token) {
        let mut state = self.state.lock().await;
        let current = state.token.as_ref();
        let is_current = current.is_some_and(|token| token.authorization == refused.authorization);
        let is_new = state.renewed.is_some_and(|at| at.elapsed() < self.timing.token_renewal);
        if is_current && !is_new {
            tracing::warn!(
                event = "token.renewed",
                "the token was refused; a new one will be fetched"
            );
            *state = State { renewed: Some(Instant::now()), ..State::default() };
        }
    }

    async fn fetch(&self, state: &mut State) -> Result<Token, NoToken> {
        let credential = match &state.credential {
            Some(credential) => credential.clone(),
            None => (self.make)().map_err(|error| self.no_token(error))?,
        };
        state.credential = Some(credential.clone());
        let scopes = [self.scope.as_str()];
        let begun = Instant::now();
        let answer =
            tokio::time::timeout(self.timing.token, credential.get_token(&scopes, None)).await;
        let fetched = matches!(answer, Ok(Ok(_)));
        traffic::tell(Event::Token { scope: &self.scope, fetched, after: begun.elapsed() });
        match answer {
            Ok(Ok(token)) => {
                let checked = self.checked(token);
                if checked.is_err() {
                    // The credential would return the same token until it expires.
                    state.credential = None;
                }
                checked
            }
            Ok(Err(error)) => Err(self.no_token(error)),
            Err(_) => {
                let limit = self.timing.token;
                Err(self.no_usable_token(format!(
                    "the identity endpoint did not answer within {limit:?}"
                )))
            }
        }
    }

    /// A token that may be sent: one for the API and the identity that it was requested for.
    fn checked(&self, token: AccessToken) -> Result<Token, NoToken> {
        let token = Token::try_from(token).map_err(|_| {
            let cause =
                "the identity endpoint's token has characters that a header must not contain";
            self.no_usable_token(cause.to_owned())
        })?;
        let fault = token_fault(token.claims(), &self.scope, self.client_id);
        match fault {
            Some(cause) => Err(NoToken { lasting: true, ..self.no_usable_token(cause) }),
            None => Ok(token),
        }
    }

    fn no_usable_token(&self, cause: String) -> NoToken {
        NoToken { scope: self.scope.clone(), cause, lasting: false, origin: None }
    }

    fn no_token(&self, error: azure_core::Error) -> NoToken {
        let (cause, lasting) = (cause(&error), is_refusal(&error));
        NoToken { scope: self.scope.clone(), cause, lasting, origin: Some(Arc::new(error)) }
    }
}

fn still_valid(state: &State, error: NoToken) -> Result<Token, NoToken> {
    match state.token.as_ref().filter(|token| token.lasts(LAST_USE_MARGIN)) {
        Some(old) => {
            tracing::warn!(
                event = "token.kept",
                %error,
                expires_on = %old.expires_on,
                "no new token; the old one is still valid"
            );
            Ok(old.clone())
        }
        None => Err(error),
    }
}

#[cfg(test)]
mod tests;
