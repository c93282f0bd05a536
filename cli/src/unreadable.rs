//! Rows of Microsoft Graph's lists that cannot be read.

/// Says that a list is not complete, if rows were left out.
pub(crate) fn unreadable(skipped: usize, rows: &str) -> Option<String> {
    (skipped > 0).then(|| {
        format!(
            "left out, because Microsoft Graph's answer cannot be read: {skipped} of the {rows}"
        )
    })
}
