//! Which key a caller has, and what it opens (Azure Functions host, `AuthenticationLevelHandler` and
//! `SecretManager`).

use crate::{
    function_folder::AuthLevel,
    options::{HostKey, KeyLevel},
    server::Incoming,
};

const KEY_HEADER: &str = "x-functions-key";
const KEY_PARAMETER: &str = "code";

/// The key of this host that a request carries, if it opens the function at all. A header wins over
/// the query even if it is wrong; of several in the query the first counts.
pub(super) fn presented<'a>(
    keys: &'a [HostKey],
    function: &str,
    incoming: &Incoming,
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
    let fitting = keys.iter().filter(|key| key.value == value && is_for(key, function));
    fitting.min_by_key(|key| rank(&key.level))
}

/// Whether a function of this level takes the key.
pub(super) fn is_enough(key: Option<&HostKey>, level: AuthLevel) -> bool {
    match level {
        AuthLevel::Anonymous => true,
        AuthLevel::Function => key.is_some(),
        AuthLevel::Admin => key.is_some_and(|key| key.level == KeyLevel::Master),
    }
}

fn is_for(key: &HostKey, function: &str) -> bool {
    match &key.level {
        KeyLevel::Function { function: opened } => opened.eq_ignore_ascii_case(function),
        KeyLevel::HostFunction | KeyLevel::Master => true,
    }
}

/// The order in which the host looks.
fn rank(level: &KeyLevel) -> u8 {
    match level {
        KeyLevel::Master => 0,
        KeyLevel::HostFunction => 1,
        KeyLevel::Function { .. } => 2,
    }
}
