//! A storage account by its key: the connection string, and the signature that is made of it.

use std::collections::HashMap;

use azure_core::http::Url;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use super::AccountError;

/// The newest signature format described in "Create an account SAS".
const VERSION: &str = "2022-11-02";
/// Read, write, delete, list, add, create, update, process: what replaying takes.
const PERMISSIONS: &str = "rwdlacup";
/// Queues and tables.
const SERVICES: &str = "qt";
/// Services, containers and objects.
const RESOURCE_TYPES: &str = "sco";
/// Longer than any command runs.
const LIFETIME: Duration = Duration::hours(1);

/// What a connection string says.
pub(super) struct KeyedAccount {
    pub(super) queues: Url,
    pub(super) tables: Url,
    /// A shared access signature as the query of an address.
    pub(super) signature: String,
}

/// Reads a connection string. The endpoint of tables may be missing; it is then the queues' one.
pub(super) fn parse(text: &str) -> Result<KeyedAccount, AccountError> {
    let settings: HashMap<String, &str> = text
        .split(';')
        .filter_map(|setting| setting.split_once('='))
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim()))
        .collect();
    let required = |name: &'static str| {
        let value = settings.get(&name.to_ascii_lowercase()).copied();
        value.ok_or(AccountError::Missing(name))
    };
    let url =
        |name: &'static str, text: &str| Url::parse(text).map_err(|_| AccountError::Setting(name));
    let queues = required("QueueEndpoint")?;
    let tables = settings.get("tableendpoint").copied().unwrap_or(queues);
    let key = STANDARD.decode(required("AccountKey")?);
    let key = key.map_err(|_| AccountError::Setting("AccountKey"))?;
    let signature = sign(required("AccountName")?, &key, OffsetDateTime::now_utc() + LIFETIME);
    Ok(KeyedAccount {
        queues: url("QueueEndpoint", queues)?,
        tables: url("TableEndpoint", tables)?,
        signature: signature.ok_or(AccountError::Setting("AccountKey"))?,
    })
}

/// The string to sign of "Create an account SAS"; the empty lines are start, address range, protocol
/// and encryption scope. The SDK knows neither account keys nor tokens over plain HTTP.
fn sign(name: &str, key: &[u8], expiry: OffsetDateTime) -> Option<String> {
    let expiry = expiry.replace_nanosecond(0).ok()?.format(&Rfc3339).ok()?;
    let text = format!(
        "{name}\n{PERMISSIONS}\n{SERVICES}\n{RESOURCE_TYPES}\n\n{expiry}\n\n\n{VERSION}\n\n"
    );
    let mut code = Hmac::<Sha256>::new_from_slice(key).ok()?;
    code.update(text.as_bytes());
    let signature = STANDARD.encode(code.finalize().into_bytes());
    let mut url = Url::parse("https://example.com").ok()?;
    url.query_pairs_mut()
        .append_pair("sv", VERSION)
        .append_pair("ss", SERVICES)
        .append_pair("srt", RESOURCE_TYPES)
        .append_pair("sp", PERMISSIONS)
        .append_pair("se", &expiry)
        .append_pair("sig", &signature);
    url.query().map(str::to_owned)
}
