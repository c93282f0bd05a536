//! Types of Azure resources, to tell which can have an identity.

use crate::arm::ArmScope;

/// The word before a provider's namespace in an ARM id.
const PROVIDERS: &str = "providers";

const USER_ASSIGNED_IDENTITY: &str = "microsoft.managedidentity/userassignedidentities";

/// Frequently written types that have no identity. A type that is missing here costs one unnecessary
/// read for each write.
const WITHOUT_IDENTITY: [&str; 11] = [
    "microsoft.authorization/locks",
    "microsoft.authorization/roleassignments",
    "microsoft.insights/diagnosticsettings",
    "microsoft.managedidentity/userassignedidentities/federatedidentitycredentials",
    "microsoft.resources/deployments",
    "microsoft.resources/deployments/operations",
    "microsoft.resources/tags",
    "microsoft.web/sites/config",
    "microsoft.web/sites/deployments",
    "microsoft.web/sites/hostnamebindings",
    "microsoft.web/sites/slots/config",
];

/// The type of a resource, for instance `microsoft.web/sites`, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceType(String);

impl ResourceType {
    /// The type of the resource with this id. `None` for a subscription or resource group.
    ///
    /// In the id of an extension resource, its own type follows the last `providers`
    /// ("Resource ID of extension resources").
    #[must_use]
    pub fn of(resource: &ArmScope) -> Option<Self> {
        // Words and names alternate. A name may be any word, also `providers`.
        let segments: Vec<_> = resource.segments().collect();
        let (pairs, _) = segments.as_chunks::<2>();
        let providers = pairs.iter().rposition(|[word, _]| *word == PROVIDERS)?;
        let ([_, namespace], below) = pairs.get(providers..)?.split_first()?;
        let types: Vec<&str> = below.iter().map(|[kind, _]| *kind).collect();
        (!types.is_empty()).then(|| Self(format!("{namespace}/{}", types.join("/"))))
    }

    /// Whether this is the type of user-assigned identities.
    #[must_use]
    pub fn is_user_assigned_identity(&self) -> bool {
        self.0 == USER_ASSIGNED_IDENTITY
    }

    /// Whether a resource of this type can have or be an identity.
    #[must_use]
    pub fn can_have_identity(&self) -> bool {
        !WITHOUT_IDENTITY.contains(&self.0.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: &str = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg";

    fn of(below: &str) -> Option<String> {
        let resource = ArmScope::parse(&format!("{GROUP}{below}")).unwrap();
        ResourceType::of(&resource).map(|kind| kind.0)
    }

    #[test]
    fn a_resource_group_has_no_type() {
        assert_eq!(of(""), None);
    }

    #[test]
    fn the_type_consists_of_every_second_segment_after_the_last_providers() {
        for (below, expected) in [
            ("/providers/Microsoft.Web/sites/func", "microsoft.web/sites"),
            ("/providers/Microsoft.Web/sites/func/slots/blue", "microsoft.web/sites/slots"),
            ("/providers/Microsoft.Web/sites/providers", "microsoft.web/sites"),
            (
                "/providers/Microsoft.Web/sites/f/providers/Microsoft.Insights/diagnosticSettings/d",
                "microsoft.insights/diagnosticsettings",
            ),
        ] {
            assert_eq!(of(below).as_deref(), Some(expected), "{below}");
        }
    }

    #[test]
    fn types_without_identity_are_listed_in_lower_case() {
        for kind in WITHOUT_IDENTITY {
            assert_eq!(kind, kind.to_ascii_lowercase());
            assert!(kind.contains('/') && !ResourceType(kind.to_owned()).can_have_identity());
        }
        assert!(ResourceType(USER_ASSIGNED_IDENTITY.to_owned()).can_have_identity());
    }
}
