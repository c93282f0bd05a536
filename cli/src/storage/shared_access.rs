//! Shared access signatures, made with an account's key.

use azure_rest::shared_key::SharedKey;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

/// The version of the signature format ("Create an account SAS").
const VERSION: &str = "2022-11-02";
/// Queues and tables.
const SERVICES: &str = "qt";
/// Services, containers and objects.
const RESOURCE_TYPES: &str = "sco";
/// The lifetime of a signature, longer than any command takes.
const LIFETIME: Duration = Duration::hours(1);

/// The permissions of a signature. Like an operator's roles, they cover only what a command does.
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

/// The query of an account SAS with these permissions for an hour ("Create an account SAS").
///
/// The empty lines of the text to sign are start, IP range, protocol and encryption scope. The SDK supports
/// neither account keys nor tokens over plain HTTP.
pub(super) fn query(key: &SharedKey, permissions: Permissions) -> String {
    let (name, permissions) = (key.account(), permissions.letters());
    let expiry = (OffsetDateTime::now_utc() + LIFETIME).truncate_to_second();
    // Every time before the year 10000 can be written.
    let expiry = expiry.format(&Rfc3339).unwrap_or_default();
    let signature = key.sign(&format!(
        "{name}\n{permissions}\n{SERVICES}\n{RESOURCE_TYPES}\n\n{expiry}\n\n\n{VERSION}\n\n"
    ));
    let signature = signature.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    format!(
        "sv={VERSION}&ss={SERVICES}&srt={RESOURCE_TYPES}&sp={permissions}&se={expiry}&sig={signature}"
    )
}
