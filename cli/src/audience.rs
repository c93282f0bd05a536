//! The audience of the operator's tokens for the broker.
//!
//! Such a token is sent to the address of `--broker`. If the audience were Microsoft Graph, a wrong address
//! would receive a token that is valid for the whole tenant. So Microsoft's APIs are refused as audiences.

/// The domains of the hosts of Microsoft's APIs, in each cloud.
const HOSTS: [&str; 14] = [
    "microsoft.com",
    "microsoft.us",
    "microsoftonline.com",
    "azure.com",
    "azure.net",
    "azure.us",
    "azure.cn",
    "windows.net",
    "usgovcloudapi.net",
    "chinacloudapi.cn",
    "office.com",
    "office365.com",
    "outlook.com",
    "sharepoint.com",
];

/// The app IDs of Microsoft's APIs that matter most ("Verify first-party Microsoft applications in sign-in
/// reports"): Azure Resource Manager, Azure Storage, Azure Key Vault, Azure DevOps, Intune.
const APP_IDS: [&str; 5] = [
    "797f4846-ba00-4fd7-ba43-dac1f8f63013",
    "e406a681-f3d4-42a8-90b6-c2b029497af1",
    "cfa8b339-82a2-471a-a3c9-0fc0be7a4093",
    "499b84ac-1321-427f-aa17-267ca6975798",
    "c161e42e-d4df-4a3d-9b42-e7a3c31f59d4",
];

/// The prefix of the app IDs of other APIs of Microsoft, including Microsoft Graph.
const FIRST_PARTY: &str = "0000000";

/// Checks an audience. The error completes a sentence that begins with `--audience`.
pub(crate) fn check(audience: &str) -> Result<(), String> {
    let lower = audience.trim().to_ascii_lowercase();
    let without_scheme = lower.split_once("://").map_or(lower.as_str(), |(_, rest)| rest);
    let name = without_scheme.split(['/', ':', '?', '#']).next().unwrap_or_default();
    // A user name before the host or a dot after it would disguise the host.
    let host = name.rsplit('@').next().unwrap_or_default().trim_end_matches('.');
    let is_below = |domain: &str| {
        host.strip_suffix(domain).is_some_and(|above| above.is_empty() || above.ends_with('.'))
    };
    let is_microsofts = HOSTS.into_iter().any(is_below);
    if is_microsofts || host.starts_with(FIRST_PARTY) || APP_IDS.contains(&host) {
        return Err(
            "is an API of Microsoft, whose tokens must not be sent to the broker: it must be the \
                    broker's own, for example api://app-role-broker"
                .to_owned(),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn no_api_of_microsoft_is_an_audience() {
        for audience in [
            "https://graph.microsoft.com",
            "https://graph.microsoft.com/",
            "https://GRAPH.microsoft.com.",
            "https://graph.microsoft.com:443",
            "graph.microsoft.com",
            "https://x@graph.microsoft.com",
            "https://graph.microsoft.us",
            "https://microsoftgraph.chinacloudapi.cn",
            "https://management.azure.com/",
            "https://management.core.windows.net",
            "https://storage.azure.com",
            "https://vault.azure.net",
            "https://st.blob.core.windows.net",
            "00000003-0000-0000-c000-000000000000",
            "api://00000003-0000-0000-C000-000000000000",
            "797f4846-ba00-4fd7-ba43-dac1f8f63013",
            " https://graph.microsoft.com",
        ] {
            assert!(check(audience).is_err(), "{audience}");
        }
    }

    #[test]
    fn an_audience_of_the_brokers_own_is_accepted() {
        for audience in [
            "api://app-role-broker",
            "api://orders",
            "api://c0a70500-0000-4000-8000-0000000000b1",
            "c0a70500-0000-4000-8000-0000000000b1",
            "https://contoso.com/app-role-broker",
            "https://contoso.onmicrosoft.com/app-role-broker",
            "https://func-app-role-broker.azurewebsites.net",
            "https://notmicrosoft.com",
        ] {
            assert_eq!(check(audience), Ok(()), "{audience}");
        }
    }
}
