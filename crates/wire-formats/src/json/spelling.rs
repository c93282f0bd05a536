//! Names of members whose upper and lower case do not matter, as for many programs in .NET.

use super::node::Node;

/// The members of an object.
type Members = Vec<(String, Node)>;

impl Node {
    /// The value with these names in place of other spellings of them, at every depth.
    #[must_use]
    pub fn spelled(self, names: &[&str]) -> Self {
        self.map_objects(&|members| {
            let spelling = |name: String| {
                let known = names.iter().find(|known| known.eq_ignore_ascii_case(&name));
                known.map_or(name, |known| (*known).to_owned())
            };
            members.into_iter().map(|(name, value)| (spelling(name), value)).collect()
        })
    }

    /// The value in which members that differ only in case are one, with the name of the first: objects are
    /// joined, and of other values the last counts. A repeated name counts once, with its last value.
    #[must_use]
    pub fn merged(self) -> Self {
        let distinct = self.map_objects(&|members| {
            let mut distinct: Members = Vec::new();
            for (name, value) in members {
                match distinct.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, known)) => *known = value,
                    None => distinct.push((name, value)),
                }
            }
            distinct
        });
        distinct.map_objects(&|members| {
            let mut merged: Members = Vec::new();
            for (name, value) in members {
                match merged.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(&name)) {
                    Some((_, known)) => known.join(value),
                    None => merged.push((name, value)),
                }
            }
            merged
        })
    }

    fn join(&mut self, other: Self) {
        match (self, other) {
            (Self::Object(members), Self::Object(others)) => members.extend(others),
            (known, other) => *known = other,
        }
    }

    /// Changes the members of every object, from the outside to the inside.
    fn map_objects(self, change: &dyn Fn(Members) -> Members) -> Self {
        match self {
            Self::Array(items) => {
                Self::Array(items.into_iter().map(|item| item.map_objects(change)).collect())
            }
            Self::Object(members) => {
                let members = change(members).into_iter();
                Self::Object(members.map(|(name, node)| (name, node.map_objects(change))).collect())
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(text: &str) -> Node {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn names_get_the_known_spelling_at_every_depth() {
        let other = node(r#"{"MAXCOUNT":[{"maxcount":1}],"other":{"MaxCount":2,"maxCount":3}}"#);
        let expected = r#"{"maxCount":[{"maxCount":1}],"other":{"maxCount":2,"maxCount":3}}"#;
        assert_eq!(other.spelled(&["maxCount", "count"]), node(expected));
    }

    #[test]
    fn members_that_differ_only_in_case_are_one() {
        for (text, expected) in [
            (r#"{"a":1,"A":2}"#, r#"{"a":2}"#),
            (
                r#"{"a":{"x":1,"y":1},"b":0,"A":{"X":2,"z":2}}"#,
                r#"{"a":{"x":2,"y":1,"z":2},"b":0}"#,
            ),
            (r#"{"a":{"x":1},"A":null}"#, r#"{"a":null}"#),
            (r#"{"a":1,"A":2,"a":3}"#, r#"{"a":2}"#),
            (r#"{"a":{"x":1},"a":{"y":1}}"#, r#"{"a":{"y":1}}"#),
            (r#"[{"a":1,"A":2}]"#, r#"[{"a":2}]"#),
        ] {
            assert_eq!(node(text).merged(), node(expected), "{text}");
        }
    }
}
