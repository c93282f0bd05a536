//! The target of an Azure Resource Manager URL.

/// The type of user-assigned identities.
const USER_ASSIGNED: &str = "Microsoft.ManagedIdentity/userAssignedIdentities";

/// The path below a resource of its system-assigned identity ("System Assigned Identities -
/// Get By Scope").
const SYSTEM_ASSIGNED: &str = "/providers/Microsoft.ManagedIdentity/identities/default";

/// The type of system-assigned identities.
const SYSTEM_ASSIGNED_TYPE: &str = "Microsoft.ManagedIdentity/identities";

/// The number of segments of a resource in a resource group, including the empty one before the first
/// slash.
const RESOURCE_SEGMENTS: usize = 9;

/// The identity of a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// A user-assigned identity, which is a resource itself.
    UserAssigned { resource: String },
    /// The system-assigned identity of another resource.
    SystemAssigned { resource: String },
}

impl Target {
    /// Parses a URL's path; `None` if it is not an identity's.
    pub(super) fn parse(path: &str) -> Option<Self> {
        let path = percent_decoded(path);
        let length = path.len().checked_sub(SYSTEM_ASSIGNED.len())?;
        if let Some((resource, extension)) = path.split_at_checked(length)
            && extension.eq_ignore_ascii_case(SYSTEM_ASSIGNED)
        {
            return Some(Self::SystemAssigned { resource: resource.to_owned() });
        }
        let segments: Vec<&str> = path.split('/').collect();
        let [.., namespace, kind, _name] = segments.as_slice() else {
            return None;
        };
        let is_one = segments.len() == RESOURCE_SEGMENTS
            && format!("{namespace}/{kind}").eq_ignore_ascii_case(USER_ASSIGNED);
        is_one.then_some(Self::UserAssigned { resource: path })
    }

    /// The resource of the identity.
    pub(super) fn resource(&self) -> &str {
        let (Self::UserAssigned { resource } | Self::SystemAssigned { resource }) = self;
        resource
    }

    /// Whether the resource is the scope or is in it.
    pub(super) fn lies_in(&self, scope: &str) -> bool {
        let scope = scope.trim_end_matches('/').to_lowercase();
        let resource = self.resource().to_lowercase();
        resource.strip_prefix(&scope).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The ARM id of the identity.
    pub(super) fn own_id(&self) -> String {
        match self {
            Self::UserAssigned { resource } => resource.clone(),
            Self::SystemAssigned { resource } => format!("{resource}{SYSTEM_ASSIGNED}"),
        }
    }

    /// The last segment of [`Self::own_id`].
    pub(super) fn own_name(&self) -> &str {
        match self {
            Self::UserAssigned { resource } => resource.rsplit('/').next().unwrap_or_default(),
            Self::SystemAssigned { .. } => "default",
        }
    }

    /// The type of the identity.
    pub(super) fn own_type(&self) -> &'static str {
        match self {
            Self::UserAssigned { .. } => USER_ASSIGNED,
            Self::SystemAssigned { .. } => SYSTEM_ASSIGNED_TYPE,
        }
    }
}

/// Percent-decodes a path. `+` and `&`, which the decoder for queries treats specially, are escaped first.
pub(super) fn percent_decoded(path: &str) -> String {
    let query = format!("path={}", path.replace('+', "%2B").replace('&', "%26"));
    let value = url::form_urlencoded::parse(query.as_bytes()).next();
    value.map(|(_, value)| value.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: &str = "/subscriptions/s/resourceGroups/g";

    #[test]
    fn only_identities_are_read() {
        for path in [
            "",
            "/subscriptions/s",
            GROUP,
            &format!("{GROUP}/providers/Microsoft.Web/sites/func"),
            &format!("{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"),
            &format!(
                "{GROUP}/providers/Microsoft.Web/sites/f/providers/Microsoft.ManagedIdentity/identities/other"
            ),
        ] {
            assert_eq!(Target::parse(path), None, "{path}");
        }
    }

    #[test]
    fn a_user_assigned_identity_is_a_resource_and_a_system_assigned_one_extends_a_resource() {
        let resource =
            format!("{GROUP}/providers/microsoft.managedidentity/UserAssignedIdentities/id");
        assert_eq!(Target::parse(&resource).unwrap(), Target::UserAssigned { resource });
        for resource in ["sites/func", "sites/func/slots/blue"] {
            let resource = format!("{GROUP}/providers/Microsoft.Web/{resource}");
            let path = format!("{resource}/providers/microsoft.managedIdentity/identities/Default");
            assert_eq!(Target::parse(&path).unwrap(), Target::SystemAssigned { resource });
        }
    }

    #[test]
    fn a_scope_has_whole_segments() {
        let resource = format!("{GROUP}/providers/Microsoft.Web/sites/func");
        let target = Target::SystemAssigned { resource: resource.clone() };
        for scope in ["/subscriptions/S", &format!("{GROUP}/"), &resource] {
            assert!(target.lies_in(scope), "{scope}");
        }
        for scope in ["/subscriptions/s2", "/subscriptions/s/resourceGroups/", "x"] {
            assert!(!target.lies_in(scope) || scope.ends_with('/'), "{scope}");
        }
        assert!(!target.lies_in("/subscriptions/s/resourceGroups/g2"));
    }
}
