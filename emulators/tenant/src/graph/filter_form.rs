//! The form of a `$filter`: its words with one blank between them, apart from its literals.

/// A filter's form and its literals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FilterForm {
    /// Each literal is `''` here, and each variable of a lambda expression is `x`.
    pub(crate) text: String,
    /// The texts in quotes, each with its doubled quotes made one.
    pub(crate) literals: Vec<String>,
}

impl FilterForm {
    /// Takes a filter apart; `None` if a literal has no end.
    pub(crate) fn of(filter: &str) -> Option<Self> {
        let mut words: Vec<&str> = Vec::new();
        let mut literals = Vec::new();
        let mut rest = filter.trim_start();
        while let Some(first) = rest.chars().next() {
            let word;
            if first == '\'' {
                let (value, behind) = literal(rest)?;
                literals.push(value);
                (word, rest) = ("''", behind);
            } else {
                let is_mark = "(),:".contains(first);
                let end = if is_mark { Some(1) } else { rest.find(ends_word) };
                (word, rest) = rest.split_at(end.unwrap_or(rest.len()));
            }
            words.push(word);
            rest = rest.trim_start();
        }
        rename_variable(&mut words);
        Some(Self { text: words.join(" "), literals })
    }
}

fn ends_word(character: char) -> bool {
    character.is_whitespace() || "'(),:".contains(character)
}

/// The value of the literal at the start of a text, and what is behind it.
fn literal(text: &str) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix('\'')?;
    let mut value = String::new();
    loop {
        let (before, behind) = rest.split_once('\'')?;
        value.push_str(before);
        let Some(more) = behind.strip_prefix('\'') else { return Some((value, behind)) };
        value.push('\'');
        rest = more;
    }
}

/// Gives the variable of `any(variable:…)` one name, whatever the client calls it.
fn rename_variable(words: &mut [&str]) {
    let declared = words.windows(3).find_map(|window| match *window {
        ["(", variable, ":"] => Some(variable),
        _ => None,
    });
    let Some(variable) = declared else { return };
    words.iter_mut().filter(|word| **word == variable).for_each(|word| *word = "x");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn form(filter: &str) -> String {
        FilterForm::of(filter).unwrap().text
    }

    #[test]
    fn a_literal_without_an_end_has_no_form() {
        for filter in ["'", "displayName eq 'a", "displayName eq 'a''", "a eq 'O'Brien'"] {
            assert_eq!(FilterForm::of(filter), None, "{filter}");
        }
    }

    #[test]
    fn white_space_and_the_name_of_a_variable_make_no_difference() {
        assert_eq!(form("startswith(a, 'b')"), form(" startswith ( a,'c')"));
        assert_eq!(form("names/any(p:p eq 'b')"), form("names/any(x: x  eq 'b')"));
        assert_ne!(form("names/any(p:q eq 'b')"), form("names/any(x:x eq 'b')"));
    }

    proptest! {
        #[test]
        fn a_quoted_value_never_changes_the_form(value in ".*") {
            let quoted = value.replace('\'', "''");
            let parsed = FilterForm::of(&format!("displayName eq '{quoted}'")).unwrap();
            prop_assert_eq!(parsed.text, "displayName eq ''");
            prop_assert_eq!(parsed.literals, [value]);
        }

        #[test]
        fn no_text_is_a_panic(filter in ".*") {
            let _ = FilterForm::of(&filter);
        }
    }
}
