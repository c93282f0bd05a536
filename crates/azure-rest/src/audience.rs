//! Whether a token is the one that was asked for.

use app_roles::ids::AppId;

use crate::claims::Claims;

/// The part of a scope after the API's name.
const DEFAULT_SCOPE: &str = "/.default";

/// The application ids of the APIs that the broker calls. They are the audience of a token of version 2.0
/// ("Access token claims reference", aud; "Verify first-party Microsoft applications in sign-in
/// reports").
const APP_IDS: [(&str, &str); 6] = [
    ("https://graph.microsoft.com", GRAPH),
    ("https://graph.microsoft.us", GRAPH),
    ("https://dod-graph.microsoft.us", GRAPH),
    ("https://microsoftgraph.chinacloudapi.cn", GRAPH),
    ("https://management.azure.com", "797f4846-ba00-4fd7-ba43-dac1f8f63013"),
    ("https://storage.azure.com", "e406a681-f3d4-42a8-90b6-c2b029497af1"),
];

/// The number of characters of a wrong audience that are logged.
const MAX_EXCERPT: usize = 100;

const GRAPH: &str = "00000003-0000-0000-c000-000000000000";

/// Why a token is not for `scope` and the identity with this client id. `None` if it is, or if its claims
/// cannot be read: Microsoft does not promise the content of tokens for other APIs.
pub(crate) fn token_fault(
    claims: &Claims,
    scope: &str,
    client_id: Option<AppId>,
) -> Option<String> {
    let requested = scope.strip_suffix(DEFAULT_SCOPE).unwrap_or(scope);
    if let Some(audience) = claims.audience.as_deref().filter(|it| !is_of(requested, it)) {
        let shown: String = audience.chars().take(MAX_EXCERPT).collect();
        return Some(format!(
            "the identity endpoint issued a token for the audience {shown:?}, not for {requested}"
        ));
    }
    match (claims.client_id, client_id) {
        (Some(issued), Some(expected)) if issued != expected => Some(format!(
            "the identity endpoint issued a token of the identity with the client id {issued}, and \
             AZURE_CLIENT_ID is {expected}"
        )),
        _ => None,
    }
}

/// Whether an audience is the requested API, by its address or its application id.
fn is_of(requested: &str, audience: &str) -> bool {
    let is_same = |left: &str, right: &str| {
        left.trim_end_matches('/').eq_ignore_ascii_case(right.trim_end_matches('/'))
    };
    let ids = APP_IDS.iter().filter(|(address, _)| is_same(address, requested));
    is_same(requested, audience) || ids.into_iter().any(|(_, id)| is_same(id, audience))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "11111111-1111-1111-1111-111111111111";
    const OTHER: &str = "22222222-2222-2222-2222-222222222222";

    fn fault(
        audience: Option<&str>,
        issued: Option<&str>,
        expected: Option<&str>,
    ) -> Option<String> {
        let id = |text: &str| AppId::parse(text).unwrap();
        let mut claims = Claims::default();
        (claims.audience, claims.client_id) = (audience.map(str::to_owned), issued.map(id));
        token_fault(&claims, "https://graph.microsoft.com/.default", expected.map(id))
    }

    #[test]
    fn a_token_for_another_api_is_refused() {
        for audience in [
            "https://management.azure.com",
            "https://graph.microsoft.com.contoso.com",
            "https://graph.microsoft.us",
            "797f4846-ba00-4fd7-ba43-dac1f8f63013",
            "",
        ] {
            let fault = fault(Some(audience), None, None).unwrap();
            assert!(fault.contains("https://graph.microsoft.com"), "{audience}: {fault}");
        }
    }

    #[test]
    fn the_address_and_the_application_id_of_the_api_are_accepted() {
        for audience in ["https://graph.microsoft.com", "https://Graph.microsoft.com/", GRAPH] {
            assert_eq!(fault(Some(audience), None, None), None, "{audience}");
        }
        assert_eq!(fault(None, None, Some(OWN)), None, "nothing is known of the token");
    }

    #[test]
    fn a_token_of_another_identity_than_the_configured_one_is_refused() {
        assert!(fault(None, Some(OTHER), Some(OWN)).unwrap().contains("AZURE_CLIENT_ID"));
        assert_eq!(fault(None, Some(OWN), Some(OWN)), None);
        assert_eq!(fault(None, Some(OTHER), None), None, "a system-assigned identity");
    }
}
