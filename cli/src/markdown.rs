//! Foreign text in Markdown.
//!
//! It is a code span ("GitHub Flavored Markdown Spec", 6.3), in which HTML, links, mentions and references are
//! text.

use app_roles::text::printable;

/// A code span: it begins and ends with more backticks than there are in a row in the text. One space at both
/// ends belongs to the span, not to the text.
pub(crate) fn code(text: &str) -> String {
    let text = printable(text);
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let is_plain = |end: Option<char>| end.is_some_and(|character| !matches!(character, '`' | ' '));
    if is_plain(text.chars().next()) && is_plain(text.chars().next_back()) {
        format!("{fence}{text}{fence}")
    } else {
        format!("{fence} {text} {fence}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_text_in_a_code_span() {
        for (name, span) in [
            ("orders", "`orders`"),
            ("a|b <script>@contoso #1", "`a|b <script>@contoso #1`"),
            ("`", "`` ` ``"),
            ("a``b", "```a``b```"),
            ("a`b``c", "```a`b``c```"),
            (" a ", "`  a  `"),
            ("", "`  `"),
            ("a\nb\u{202e}", "`a\u{fffd}b\u{fffd}`"),
        ] {
            assert_eq!(code(name), span);
        }
    }

    proptest! {
        #[test]
        fn no_name_ends_its_code_span(name in "[`a \n|<@*]{0,12}") {
            let span = code(&name);
            let fence: String = span.chars().take_while(|one| *one == '`').collect();
            let inner = span.strip_prefix(&fence).and_then(|rest| rest.strip_suffix(&fence)).unwrap();
            let runs = inner.split(|one| one != '`').map(str::len);
            prop_assert!(runs.into_iter().all(|run| run < fence.len()), "{}", span);
            prop_assert!(!inner.starts_with('`') && !inner.ends_with('`'), "{}", span);
            prop_assert!(!span.contains('\n'));
        }
    }
}
