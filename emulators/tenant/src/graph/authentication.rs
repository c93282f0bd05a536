//! The caller of Microsoft Graph, and the permissions in its token.

use warp::http::header::AUTHORIZATION;

use crate::{
    audit_log::Author,
    failure::Failure,
    graph_error as error,
    incoming_request::{CLIENT_REQUEST_ID, IncomingRequest},
    token::{Claims, TokenFault},
    world::World,
};

/// The audiences of Microsoft Graph. A trailing slash is ignored.
const AUDIENCES: [&str; 2] =
    ["https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000"];

/// The roles that allow to read service principals and assignments (Microsoft Learn, "List
/// appRoleAssignments granted to a service principal").
const READ_ROLES: [&str; 2] = ["Application.Read.All", "Directory.Read.All"];

/// The role that, with one of [`READ_ROLES`], allows to create assignments (Microsoft Learn,
/// "Grant an appRoleAssignment to a service principal").
const WRITE_ROLE: &str = "AppRoleAssignment.ReadWrite.All";

/// The role that allows to read the audit log (Microsoft Learn, "List directoryAudits").
const AUDIT_LOG_ROLE: &str = "AuditLog.Read.All";

/// A caller with a valid token.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) app_id: String,
    pub(crate) tenant_id: String,
    roles: Vec<String>,
}

impl Caller {
    /// Checks the request's bearer token.
    pub(crate) fn authenticate(world: &World, incoming: &IncomingRequest) -> Result<Self, Failure> {
        let token = incoming
            .header(AUTHORIZATION.as_str())
            .and_then(|value| value.strip_prefix("Bearer "))
            .filter(|token| !token.is_empty())
            .ok_or_else(|| error::invalid_authentication_token("Access token is empty."))?;
        let claims = world.signer.verify(token).map_err(not_ours)?;
        check(&claims)?;
        Ok(Self { app_id: claims.appid, tenant_id: claims.tid, roles: claims.roles })
    }

    pub(crate) fn may_read(&self) -> Result<(), Failure> {
        let holds_one = READ_ROLES.iter().any(|role| self.holds(role));
        holds_one.then_some(()).ok_or_else(error::insufficient_privileges)
    }

    pub(crate) fn may_write(&self) -> Result<(), Failure> {
        self.may_read()?;
        self.holds(WRITE_ROLE).then_some(()).ok_or_else(error::insufficient_privileges)
    }

    /// The maker of a write, for the audit log.
    pub(crate) fn author<'a>(&'a self, incoming: &'a IncomingRequest) -> Author<'a> {
        Author { app_id: Some(&self.app_id), client_request_id: incoming.header(CLIENT_REQUEST_ID) }
    }

    pub(crate) fn may_read_the_audit_log(&self) -> Result<(), Failure> {
        let holds_it = self.holds(AUDIT_LOG_ROLE);
        holds_it.then_some(()).ok_or_else(|| error::missing_permission(AUDIT_LOG_ROLE))
    }

    fn holds(&self, role: &str) -> bool {
        self.roles.iter().any(|held| held == role)
    }
}

fn not_ours(fault: TokenFault) -> Failure {
    error::invalid_authentication_token(match fault {
        TokenFault::NotWellFormed => "IDX14100: JWT is not well formed.",
        TokenFault::WrongSignature => "CompactToken validation failed with reason code: 80049228.",
    })
}

fn check(claims: &Claims) -> Result<(), Failure> {
    if !AUDIENCES.contains(&claims.aud.trim_end_matches('/')) {
        return Err(error::invalid_authentication_token(
            "Access token validation failure. Invalid audience.",
        ));
    }
    Ok(())
}
