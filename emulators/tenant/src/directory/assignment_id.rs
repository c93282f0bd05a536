//! Ids of assignments: the principal's object id and 16 random bytes, as in Microsoft Graph. They are
//! opaque to clients; the directory finds an assignment by them.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

/// A new id for an assignment of this principal. GUIDs have the byte order of .NET's `Guid.ToByteArray`,
/// as in Microsoft Graph.
pub(super) fn new(principal_id: &str) -> String {
    let principal = Uuid::try_parse(principal_id).unwrap_or_default();
    let bytes = [principal.to_bytes_le(), Uuid::new_v4().to_bytes_le()].concat();
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The object id of the principal in an assignment's id; `None` if the id is invalid.
pub(crate) fn principal_of(assignment_id: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(assignment_id).ok()?;
    let (principal, rest) = bytes.split_first_chunk::<16>()?;
    (rest.len() == principal.len()).then(|| Uuid::from_bytes_le(*principal).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINCIPAL: &str = "0ace32da-7771-4990-b257-b5758d4c517d";

    #[test]
    fn an_assignment_id_is_43_characters_and_starts_with_the_principal() {
        let id = new(PRINCIPAL);
        assert_eq!(id.len(), 43);
        assert!(id.starts_with("2jLOCnF3kEmyV7V1jUxRf"));
        assert_ne!(id, new(PRINCIPAL));
    }

    #[test]
    fn an_assignment_id_leads_back_to_the_principal() {
        assert_eq!(principal_of(&new(PRINCIPAL)).as_deref(), Some(PRINCIPAL));
    }

    #[test]
    fn an_invalid_id_has_no_principal() {
        let id = new(PRINCIPAL);
        for other in ["", "whatever", PRINCIPAL, &id[1..], &format!("{id}A"), &format!("{id}=")] {
            assert_eq!(principal_of(other), None, "{other}");
        }
    }
}
