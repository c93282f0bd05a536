//! What an API says about its roles, for people.

use app_roles::ids::AppRoleId;
use serde::Deserialize;

use crate::member::Member;

/// A service principal, read only for the texts of its roles.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireRoleTexts {
    #[serde(default)]
    app_roles: Member<Vec<Member<RoleText>>>,
}

#[derive(Debug, Deserialize)]
struct RoleText {
    id: AppRoleId,
    #[serde(default)]
    description: Member<String>,
}

impl WireRoleTexts {
    /// The descriptions that can be read.
    pub(crate) fn descriptions(self) -> impl Iterator<Item = (AppRoleId, String)> {
        let roles = self.app_roles.value().into_iter().flatten().filter_map(Member::value);
        roles.filter_map(|role| Some((role.id, role.description.value()?)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn one_role_that_cannot_be_read_does_not_hide_the_others() {
        let id = "11111111-1111-1111-1111-111111111111";
        let roles = json!([
            { "id": id, "description": "Read all orders" }, { "id": id, "description": null },
            { "id": 5, "description": "x" }, { "id": id, "description": 5 }, null, "x",
        ]);
        let descriptions = |document: Value| {
            let texts: WireRoleTexts = serde_json::from_str(&document.to_string()).unwrap();
            texts.descriptions().map(|(_, text)| text).collect::<Vec<_>>()
        };
        assert_eq!(descriptions(json!({ "appRoles": roles })), ["Read all orders"]);
        for other in [json!({}), json!({ "appRoles": null }), json!({ "appRoles": 5 })] {
            assert!(descriptions(other).is_empty());
        }
    }
}
