//! Reads JSON so that one unreadable member or element does not prevent reading the rest.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A member of an object, or an element of an array. Absent and null are the same.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Member<T> {
    #[default]
    Absent,
    Value(T),
    /// It has a value of another type.
    Unreadable,
}

impl<T> Member<T> {
    /// The value, if it can be read.
    pub(crate) fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Unreadable => None,
        }
    }

    pub(crate) fn as_ref(&self) -> Member<&T> {
        match self {
            Self::Absent => Member::Absent,
            Self::Value(value) => Member::Value(value),
            Self::Unreadable => Member::Unreadable,
        }
    }

    pub(crate) fn is_unreadable(&self) -> bool {
        matches!(self, Self::Unreadable)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Member<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = <&RawValue>::deserialize(deserializer)?;
        Ok(match serde_json::from_str(json.get()) {
            Ok(Some(value)) => Self::Value(value),
            Ok(None) => Self::Absent,
            Err(_) => Self::Unreadable,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Object {
        #[serde(default)]
        text: Member<String>,
        #[serde(default)]
        texts: Member<Vec<Member<String>>>,
    }

    fn read(json: &str) -> Object {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn absent_and_null_are_the_same_and_another_type_spoils_only_its_own_member() {
        assert_eq!(read("{}").text, Member::Absent);
        assert_eq!(read(r#"{"text":null}"#).text, Member::Absent);
        assert_eq!(read(r#"{"text":"a"}"#).text, Member::Value("a".to_owned()));
        for other in ["5", "true", "[]", "{}", r#"["a"]"#, r#""\ud800""#] {
            let object = read(&format!(r#"{{"text":{other},"texts":["a",null,{other}]}}"#));
            assert!(object.text.is_unreadable(), "{other}");
            let texts = object.texts.value().unwrap();
            let expected = [Member::Value("a".to_owned()), Member::Absent, Member::Unreadable];
            assert_eq!(texts, expected, "{other}");
        }
    }
}
