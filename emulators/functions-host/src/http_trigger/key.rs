//! The key of a caller (Azure Functions host, `AuthenticationLevelHandler` and
//! `SecretManager`).

use crate::{
    function_folder::AuthLevel,
    incoming_request::IncomingRequest,
    options::{HostKey, KeyLevel},
};

const KEY_HEADER: &str = "x-functions-key";
const KEY_PARAMETER: &str = "code";

/// The host's key that a request contains, if it is valid for the function. The header overrides the query,
/// even with a wrong key. If the query has several keys, the first one counts.
pub(crate) fn presented<'a>(
    keys: &'a [HostKey],
    function: &str,
    incoming: &IncomingRequest,
) -> Option<&'a HostKey> {
    let in_query = || {
        let mut parameters = url::form_urlencoded::parse(incoming.query.as_bytes());
        let parameter = parameters.find(|(name, _)| name.eq_ignore_ascii_case(KEY_PARAMETER));
        parameter.map(|(_, value)| value.into_owned())
    };
    let value = match incoming.headers.get(KEY_HEADER) {
        Some(value) => value.to_str().ok().map(str::to_owned),
        None => in_query(),
    };
    let value = value.filter(|value| !value.is_empty())?;
    let matching = keys.iter().filter(|key| key.value == value && is_for(key, function));
    matching.min_by_key(|key| rank(&key.level))
}

/// Whether a function of this level accepts the key.
pub(crate) fn is_enough(key: Option<&HostKey>, level: AuthLevel) -> bool {
    match level {
        AuthLevel::Anonymous => true,
        AuthLevel::Function => key.is_some(),
    }
}

fn is_for(key: &HostKey, function: &str) -> bool {
    match &key.level {
        KeyLevel::Function { function: opened } => opened.eq_ignore_ascii_case(function),
        KeyLevel::HostFunction | KeyLevel::Master => true,
    }
}

/// The order in which the host compares keys.
fn rank(level: &KeyLevel) -> u8 {
    match level {
        KeyLevel::Master => 0,
        KeyLevel::HostFunction => 1,
        KeyLevel::Function { .. } => 2,
    }
}
