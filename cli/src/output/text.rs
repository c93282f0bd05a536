//! Texts of unknown origin.

use app_roles::text::printable;

/// Returns a text as one printable line.
pub(super) fn shown(text: &str) -> String {
    printable(&text.replace(['\n', '\r', '\t'], " ")).into_owned()
}
