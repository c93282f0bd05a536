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

/// Whether some text may match both patterns.
pub(super) fn may_overlap(one: &str, other: &str) -> bool {
    let [one, other]: [Vec<char>; 2] = [one, other].map(|pattern| pattern.chars().collect());
    // Whether the rest of `one` and each rest of `other` overlap, from the shortest rest of `one` on.
    let mut row = overlaps_of_end(&other);
    for character in one.iter().rev() {
        let mut next = vec![false; other.len() + 1];
        let end = *character == '*' && row.last().copied().unwrap_or_default();
        if let Some(last) = next.last_mut() {
            *last = end;
        }
        let mut right = end;
        for (index, against) in other.iter().enumerate().rev() {
            let below = row.get(index).copied().unwrap_or_default();
            let beyond = row.get(index + 1).copied().unwrap_or_default();
            let overlaps = if *character == '*' || *against == '*' {
                below || right
            } else {
                character == against && beyond
            };
            if let Some(cell) = next.get_mut(index) {
                *cell = overlaps;
            }
            right = overlaps;
        }
        row = next;
    }
    row.first().copied().unwrap_or_default()
}

/// Whether each rest of a pattern matches the empty text: only `*` does.
fn overlaps_of_end(pattern: &[char]) -> Vec<bool> {
    let rests = (0..=pattern.len()).map(|start| pattern.get(start..).unwrap_or_default());
    rests.map(|rest| rest.iter().all(|character| *character == '*')).collect()
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

    #[test]
    fn two_patterns_overlap_if_one_text_matches_both() {
        for (one, other, overlap) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("rg-*", "*-prod", true),
            ("rg-*", "rg", false),
            ("a*b", "b*a", false),
            ("a*c", "ab*", true),
            ("rg-a", "rg-b", false),
            ("*a*", "b*b", true),
        ] {
            assert_eq!(may_overlap(one, other), overlap, "{one} {other}");
            assert_eq!(may_overlap(other, one), overlap, "{other} {one}");
        }
    }

    proptest! {
        #[test]
        fn patterns_that_match_one_text_overlap(
            one in "[ab*]{0,5}", other in "[ab*]{0,5}", text in "[ab]{0,6}"
        ) {
            if glob(&one, &text) && glob(&other, &text) {
                prop_assert!(may_overlap(&one, &other));
            }
        }

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
