//! Connection strings, and the shared access signature made with their key.

use std::collections::HashMap;

use azure_core::http::Url;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

/// The version of the signature format ("Create an account SAS").
const VERSION: &str = "2022-11-02";
/// Queues and tables.
const SERVICES: &str = "qt";
/// Services, containers and objects.
const RESOURCE_TYPES: &str = "sco";
/// Longer than any command takes.
const LIFETIME: Duration = Duration::hours(1);

/// The permissions of a signature. Each command signs for what it does, as an operator's roles should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permissions {
    /// Read tables and messages, and count messages.
    Read,
    /// Peek at, receive, release and delete messages.
    Process,
    /// Send messages, and nothing else.
    Send,
}

impl Permissions {
    /// The letters of `sp` ("Create an account SAS").
    fn letters(self) -> &'static str {
        match self {
            Self::Read => "r",
            Self::Process => "rup",
            Self::Send => "a",
        }
    }
}

/// The account of a connection string.
pub(super) struct KeyedAccount {
    pub(super) queues: Url,
    pub(super) tables: Url,
    /// The shared access signature, as the query of a URL.
    pub(super) signature: String,
}

/// The reason why a connection string is invalid. No message repeats its values.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionStringError {
    /// A setting is missing.
    #[error("not a connection string with {0}")]
    Missing(&'static str),
    /// The value of a setting is invalid.
    #[error("invalid {0} in the connection string")]
    Invalid(&'static str),
}

/// Parses a connection string, and signs for these permissions. Default of `TableEndpoint`: the value of `QueueEndpoint`.
pub(super) fn parse(
    text: &str,
    permissions: Permissions,
) -> Result<KeyedAccount, ConnectionStringError> {
    let settings: HashMap<String, &str> = text
        .split(';')
        .filter_map(|setting| setting.split_once('='))
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim()))
        .collect();
    let required = |name: &'static str| {
        let value = settings.get(&name.to_ascii_lowercase()).copied();
        value.ok_or(ConnectionStringError::Missing(name))
    };
    let url = |name: &'static str, text: &str| {
        Url::parse(text).map_err(|_| ConnectionStringError::Invalid(name))
    };
    let queues = required("QueueEndpoint")?;
    let tables = settings.get("tableendpoint").copied().unwrap_or(queues);
    let key = STANDARD.decode(required("AccountKey")?);
    let key = key.map_err(|_| ConnectionStringError::Invalid("AccountKey"))?;
    let expiry = OffsetDateTime::now_utc() + LIFETIME;
    let signature = sign(required("AccountName")?, &key, permissions, expiry);
    Ok(KeyedAccount {
        queues: url("QueueEndpoint", queues)?,
        tables: url("TableEndpoint", tables)?,
        signature: signature.ok_or(ConnectionStringError::Invalid("AccountKey"))?,
    })
}

/// Signs an account SAS ("Create an account SAS"). The empty lines are start, IP range, protocol and
/// encryption scope. The SDK supports neither account keys nor tokens over plain HTTP.
fn sign(
    name: &str,
    key: &[u8],
    permissions: Permissions,
    expiry: OffsetDateTime,
) -> Option<String> {
    let permissions = permissions.letters();
    let expiry = expiry.replace_nanosecond(0).ok()?.format(&Rfc3339).ok()?;
    let text = format!(
        "{name}\n{permissions}\n{SERVICES}\n{RESOURCE_TYPES}\n\n{expiry}\n\n\n{VERSION}\n\n"
    );
    let mut code = Hmac::<Sha256>::new_from_slice(key).ok()?;
    code.update(text.as_bytes());
    let signature = STANDARD.encode(code.finalize().into_bytes());
    let mut url = Url::parse("https://example.com").ok()?;
    url.query_pairs_mut()
        .append_pair("sv", VERSION)
        .append_pair("ss", SERVICES)
        .append_pair("srt", RESOURCE_TYPES)
        .append_pair("sp", permissions)
        .append_pair("se", &expiry)
        .append_pair("sig", &signature);
    url.query().map(str::to_owned)
}
