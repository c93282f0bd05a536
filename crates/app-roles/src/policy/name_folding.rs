//! Comparing names whose letters are not all ASCII.
//!
//! Azure ignores case in names, and its documentation does not say how it compares letters outside ASCII:
//! which ones are one letter in two cases, or whether a letter equals its decomposed form. Where a mistake
//! would remove protection, names that may be equal count as equal.

use super::glob::glob;

/// Whether a name may match a pattern in which `*` stands for any characters. Both are in lower case as
/// far as ASCII goes.
pub(super) fn may_match(pattern: &str, name: &str) -> bool {
    if glob(pattern, name) {
        return true;
    }
    if pattern.is_ascii() && name.is_ascii() {
        return false;
    }
    if glob(&folded(pattern), &folded(name)) {
        return true;
    }
    let is_decided = pattern.chars().chain(name.chars()).all(has_one_partner);
    !is_decided && (glob(&masked(pattern), &masked(name)) || glob(&masked(name), &masked(pattern)))
}

/// Whether a character has at most one form in the other case and stands for itself, so that comparing
/// lower case decides.
fn has_one_partner(character: char) -> bool {
    if character.is_ascii() {
        return true;
    }
    let lower = only(character.to_lowercase());
    let upper = only(character.to_uppercase());
    let lower_again = upper.and_then(|upper| only(upper.to_lowercase()));
    character.is_alphanumeric() && lower.is_some() && lower == lower_again
}

/// The name in lower case, letter by letter: unlike in words, a final sigma is not a separate letter.
fn folded(name: &str) -> String {
    name.chars().flat_map(char::to_lowercase).collect()
}

fn only(mut characters: impl Iterator<Item = char>) -> Option<char> {
    let first = characters.next()?;
    characters.next().is_none().then_some(first)
}

/// The name with `*` in place of everything that may be spelled differently: characters outside ASCII
/// and the letter before them, which may be the base of a decomposed letter. The letters k and s have
/// partners outside ASCII too.
fn masked(name: &str) -> String {
    let mut masked = String::with_capacity(name.len());
    for character in name.chars() {
        let is_fixed = character.is_ascii() && !matches!(character, 'k' | 's');
        if is_fixed {
            masked.push(character);
            continue;
        }
        if !character.is_ascii() && masked.ends_with(|last: char| last.is_ascii_alphanumeric()) {
            masked.pop();
        }
        if !masked.ends_with('*') {
            masked.push('*');
        }
    }
    masked
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_may_be_one_name_match() {
        for (pattern, name) in [
            ("rg-für", "rg-fÜr"),
            ("rg-größe", "RG-GRÖSSE"),
            ("café", "cafe\u{301}"),
            ("cafe\u{301}", "café"),
            ("straße", "strasse"),
            ("ısparta", "isparta"),
            ("rg-k", "rg-\u{212a}"),
            ("rg-s", "rg-\u{17f}"),
            ("ζυγός", "ΖΥΓΌΣ"),
            ("žσ00", "ŽΣ00"),
            ("рг-склад", "РГ-СКЛАД"),
            ("rg-*-äpfel", "rg-1-ÄPFEL"),
        ] {
            let name = name.to_ascii_lowercase();
            assert!(may_match(pattern, &name), "{pattern} {name}");
        }
    }

    #[test]
    fn names_that_differ_do_not_match() {
        for (pattern, name) in [
            ("rg-orders", "rg-billing"),
            ("rg-orders", "rg-büro"),
            ("rg-für", "rg-büro"),
            ("rg-ä", "rg-ö"),
            ("rg-ä", "rg-a"),
            ("рг-склад", "рг-касса"),
        ] {
            assert!(!may_match(pattern, name), "{pattern} {name}");
        }
    }

    proptest! {
        #[test]
        fn a_name_matches_itself_in_either_case(name in "[a-zäöüßéñøåžćłœа-яα-ω0-9-]{1,12}") {
            prop_assert!(may_match(&name, &name.to_uppercase().to_ascii_lowercase()));
            prop_assert!(may_match(&name.to_uppercase().to_ascii_lowercase(), &name));
        }
    }
}
