//! The reasons for which a role is privileged.

use std::fmt;

/// What a privileged role gives power over, or why it is not known to be harmless.
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
    /// Security controls, which the role can switch off or blind.
    Controls,
    /// The apps and agents that people use, and what they consent to.
    Apps,
    /// Unknown, because the table of harmless roles does not name the role.
    Unlisted,
    /// Unknown, because Graph does not state who owns the API.
    UnknownOwner,
    /// All agents of a blueprint, present and future, which inherit the role.
    Blueprint,
    /// Unknown, because the role has no value to judge it by.
    Unnamed,
}

impl fmt::Display for PrivilegeReason {
    /// A few words, as log lines and messages show them in parentheses.
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
            Self::Controls => "controls",
            Self::Apps => "apps",
            Self::Unlisted => "not listed as harmless",
            Self::UnknownOwner => "API of unknown owner",
            Self::Blueprint => "all agents of the blueprint inherit it",
            Self::Unnamed => "unnamed",
        })
    }
}
