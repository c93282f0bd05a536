//! The caller of Microsoft Graph, and the permissions in its token.

use warp::http::header::AUTHORIZATION;

use crate::{
    failure::Failure,
    graph_error as error,
    incoming_request::IncomingRequest,
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
