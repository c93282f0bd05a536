/// The meaning of a failed call to Microsoft Graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The assignment exists.
    AlreadyAssigned,
    /// The assignment to remove does not exist.
    AlreadyRevoked,
    /// The object in the URL does not exist, or has not been replicated yet.
    NotFound,
    /// The principal in the body does not exist, or has not been replicated yet.
    PrincipalNotFound,
    /// The API in the body does not exist.
    ApiNotFound,
    /// The API does not define the role, or not for applications.
    RoleNotFound,
    /// There was no token to send.
    NotSignedIn,
    /// The token was refused.
    TokenRefused,
    /// The broker's identity lacks a permission, or its token is older than the grant.
    Forbidden,
    /// The object was being written to by another request.
    ConcurrentWrites,
    /// The broker's own service principal is missing or disabled in this tenant.
    OwnIdentityUnknown,
    /// The principal has the maximum number of assignments.
    PrincipalFull,
    /// The tenant's quota of objects, or the broker's share of it, is used up.
    DirectoryFull,
    /// The link to the next page of a list has expired.
    PageExpired,
    /// The process ends, so the write was not sent.
    Stopping,
    /// Too many requests.
    Throttled,
    /// A transient fault of Graph, or no response.
    Unavailable,
    /// A refusal that is known to be final: a retry would be refused too.
    Refused,
    /// The role is one that Graph gives to no agent.
    NotForAgents,
    /// A refusal that this program does not know. The cause may disappear.
    Unknown,
    /// A complete answer that does not have the expected form.
    Unreadable,
}
