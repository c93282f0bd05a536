//! The code and the message of an error for requesters.

use super::kind::ErrorKind;
use app_roles::outcome::Code;

pub(super) fn code_and_message(kind: ErrorKind) -> (Code, &'static str) {
    match kind {
        ErrorKind::NotFound | ErrorKind::PrincipalNotFound => {
            (Code::PrincipalNotFound, "Microsoft Graph does not know the principal (yet)")
        }
        ErrorKind::ApiNotFound => {
            (Code::ApiNotFound, "Microsoft Graph does not know the API (any more)")
        }
        ErrorKind::RoleNotFound => (
            Code::RoleNotFound,
            "Microsoft Graph says that the API has no such role for applications (any more)",
        ),
        ErrorKind::NotSignedIn => (
            Code::NotSignedIn,
            "the broker could not sign in; its operators find the reason in its log",
        ),
        ErrorKind::TokenRefused => (
            Code::TokenRefused,
            "Microsoft Graph refused the broker's token; its operators find the reason in its log",
        ),
        ErrorKind::Forbidden => (
            Code::Forbidden,
            "the broker lacks a permission on Microsoft Graph; its operators find the reason in its \
             log",
        ),
        ErrorKind::OwnIdentityUnknown => (
            Code::Forbidden,
            "Microsoft Graph does not know the broker's identity; its operators find the reason in \
             its log",
        ),
        ErrorKind::PrincipalFull => (
            Code::PrincipalFull,
            "the principal has the maximum number of app role assignments (1,500); revoke some",
        ),
        ErrorKind::DirectoryFull => (
            Code::DirectoryFull,
            "the tenant's quota of directory objects is used up; an administrator must delete \
             objects or raise the quota",
        ),
        ErrorKind::Throttled => {
            (Code::Throttled, "Microsoft Graph is throttling; send the request again later")
        }
        ErrorKind::Stopping => {
            (Code::GraphUnavailable, "the broker is being restarted; send the request again")
        }
        ErrorKind::Unavailable
        | ErrorKind::ConcurrentWrites
        | ErrorKind::PageExpired
        | ErrorKind::AlreadyAssigned
        | ErrorKind::AlreadyRevoked => (
            Code::GraphUnavailable,
            "Microsoft Graph is temporarily unavailable; send the request again later",
        ),
        ErrorKind::Refused
        | ErrorKind::Unknown
        | ErrorKind::NotForAgents
        | ErrorKind::Unreadable => refusal(kind),
    }
}

/// The code and the message of an answer that no other code describes.
fn refusal(kind: ErrorKind) -> (Code, &'static str) {
    match kind {
        ErrorKind::NotForAgents => (
            Code::RoleNotForAgents,
            "Microsoft Graph refused the role for an agent, although the broker has the permissions to \
             assign it: Microsoft Graph gives some roles to no agent",
        ),
        ErrorKind::Unreadable => (
            Code::GraphUnreadable,
            "Microsoft Graph's answer does not have the expected form; the broker's operators find it \
             in its log",
        ),
        _ => (
            Code::GraphRefused,
            "Microsoft Graph refused; the broker's operators find the reason in its log",
        ),
    }
}
