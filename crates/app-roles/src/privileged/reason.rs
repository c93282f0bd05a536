//! The reasons for which a role is privileged.

use std::fmt;

/// What a privileged role gives power over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PrivilegeReason {
    /// Role and privileged group memberships, and the rules for them.
    Roles,
    /// Applications and agents, and so every permission that they hold.
    Applications,
    /// Permissions that applications get by consent.
    Consent,
    /// Credentials that users and applications sign in with.
    Credentials,
    /// The policies for sign-in and for the tenant.
    Policy,
    /// The token issuers, keys and domains that the tenant trusts.
    Trust,
    /// Users and groups, and so everything that they may do.
    Directory,
    /// What runs on devices.
    Devices,
    /// Readable passwords and recovery keys.
    Secrets,
    /// The mail, files and chats of the whole tenant.
    Data,
    /// Unknown, because the role has no value to judge it by.
    Unnamed,
}

impl fmt::Display for PrivilegeReason {
    /// One word, as log lines and messages show it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Roles => "roles",
            Self::Applications => "applications",
            Self::Consent => "consent",
            Self::Credentials => "credentials",
            Self::Policy => "policy",
            Self::Trust => "trust",
            Self::Directory => "directory",
            Self::Devices => "devices",
            Self::Secrets => "secrets",
            Self::Data => "data",
            Self::Unnamed => "unnamed",
        })
    }
}
