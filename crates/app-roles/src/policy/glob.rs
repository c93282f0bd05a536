//! Patterns in which `*` stands for any number of characters, also none.

/// Whether a text matches a pattern.
pub(super) fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_wildcard_matches_any_number_of_characters() {
        for (pattern, text, matches) in [
            ("rg", "rg", true),
            ("rg", "rg-other", false),
            ("rg-*", "rg-", true),
            ("rg-*", "rg", false),
            ("rg-*-dev", "rg-orders-dev", true),
            ("rg-*-dev", "rg-dev", false),
            ("*", "", true),
            ("*a*", "bab", true),
            ("a*a", "a", false),
            ("*-dev", "x-dev-prod", false),
        ] {
            assert_eq!(glob(pattern, text), matches, "{pattern} {text}");
        }
    }

    proptest! {
        #[test]
        fn a_pattern_matches_its_parts_with_any_filling(parts in proptest::collection::vec("[a-c]{0,3}", 1..4), fill in "[a-c]{0,3}") {
            prop_assert!(glob(&parts.join("*"), &parts.join(&fill)));
        }

        #[test]
        fn a_pattern_without_wildcard_matches_only_itself(pattern in "[a-b]{0,4}", text in "[a-b]{0,4}") {
            prop_assert_eq!(glob(&pattern, &text), pattern == text);
        }
    }
}
