//! Text of unknown origin.

use app_roles::text::is_printable;

/// Returns a text as one line. Characters that are invisible, move the cursor or reverse the line are
/// replaced.
pub(crate) fn shown(text: &str) -> String {
    let visible = |character| match character {
        '\n' | '\r' | '\t' => ' ',
        character if is_printable(character) => character,
        _ => '\u{FFFD}',
    };
    text.chars().map(visible).collect()
}
