//! The answer to a read of an identity.
//!
//! Only the object id decides, so only it is required, and only if the identity exists: other members
//! may be absent, null or of another type.

use app_roles::ids::{AppId, ObjectId};
use serde_json::Value;

/// The ids of an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ids {
    pub(super) object_id: ObjectId,
    pub(super) client_id: Option<AppId>,
}

/// Reads an answer; `None` if the resource has no identity, or none yet. The error says what cannot be
/// read.
pub(super) fn read(body: &[u8]) -> Result<Option<Ids>, String> {
    let answer: Value = serde_json::from_slice(body).map_err(|_| "it is not JSON".to_owned())?;
    let answer = answer.as_object().ok_or("it is not a JSON object")?;
    let properties = match answer.get("properties") {
        None | Some(Value::Null) if answer.contains_key("error") => {
            return Err("it is an error with the status of a success".to_owned());
        }
        None | Some(Value::Null) => return Ok(None),
        Some(properties) => properties.as_object().ok_or("properties is not an object")?,
    };
    let object_id = match properties.get("principalId") {
        None | Some(Value::Null) => return Ok(None),
        Some(id) => id.as_str().and_then(|id| ObjectId::parse(id).ok()),
    };
    let object_id = object_id.ok_or("properties.principalId is not an object id")?;
    let client_id = properties.get("clientId").and_then(Value::as_str);
    let client_id = client_id.and_then(|id| AppId::parse(id).ok());
    Ok(Some(Ids { object_id, client_id }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const OBJECT: &str = "11111111-1111-1111-1111-111111111111";
    const CLIENT: &str = "22222222-2222-2222-2222-222222222222";

    fn read_json(answer: &Value) -> Result<Option<Ids>, String> {
        read(answer.to_string().as_bytes())
    }

    fn whole() -> Value {
        json!({
            "id": "/subscriptions/1", "name": "id", "type": "t", "location": "westeurope",
            "tags": {}, "systemData": { "createdAt": "2026-11-26T10:00:00Z" },
            "properties": {
                "tenantId": "t", "principalId": OBJECT, "clientId": CLIENT, "isolationScope": "None",
            },
        })
    }

    #[test]
    fn no_member_but_the_object_id_is_needed() {
        for pointer in ["", "/properties"] {
            let members: Vec<_> =
                whole().pointer(pointer).unwrap().as_object().unwrap().keys().cloned().collect();
            for member in members {
                for replacement in [None, Some(Value::Null), Some(json!(7)), Some(json!([{}]))] {
                    let mut answer = whole();
                    let object = answer.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
                    let is_needed = member == "principalId" || member == "properties";
                    let is_absent = replacement.as_ref().is_none_or(Value::is_null);
                    match replacement.clone() {
                        Some(value) => drop(object.insert(member.clone(), value)),
                        None => drop(object.remove(&member)),
                    }
                    let found = read_json(&answer);
                    if !is_needed {
                        let ids = found.unwrap().unwrap();
                        assert_eq!(ids.object_id.to_string(), OBJECT, "{answer}");
                        assert_eq!(ids.client_id.is_none(), member == "clientId", "{answer}");
                    } else if is_absent {
                        assert_eq!(found, Ok(None), "{answer}");
                    } else {
                        found.unwrap_err();
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_no_answer_about_an_identity_cannot_be_read() {
        for body in [
            "",
            "<html>",
            "null",
            "[]",
            "7",
            r#"{"error":{"code":"x"}}"#,
            r#"{"error":{"code":"x"},"properties":null}"#,
            r#"{"properties":"x"}"#,
            r#"{"properties":{"principalId":""}}"#,
            r#"{"properties":{"principalId":"me"}}"#,
        ] {
            read(body.as_bytes()).unwrap_err();
        }
        for body in ["{}", r#"{"properties":{}}"#] {
            assert_eq!(read(body.as_bytes()), Ok(None));
        }
    }

    proptest! {
        #[test]
        fn no_answer_makes_the_reader_panic(body: Vec<u8>, text in "[{}\\[\\]\":a-z,]{0,60}") {
            let _ = read(&body);
            let _ = read(text.as_bytes());
        }
    }
}
