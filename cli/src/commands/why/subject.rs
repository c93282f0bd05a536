//! The grant that `app-role why` is about.

use std::fmt;

use app_roles::{
    directory::{Api, AppRole, Principal},
    names::RoleName,
};

/// A role of an API for a principal, granted or not.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) principal: &'a Principal,
    pub(super) api: &'a Api,
    pub(super) role: &'a AppRole,
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { principal, api, role } = self;
        match &role.value {
            Some(value) => formatter.write_str(value)?,
            None => write!(formatter, "{}", RoleName::from(role.id))?,
        }
        write!(formatter, " on {} to {}", api.display_name, principal.display_name)
    }
}
