//! The report as one HTML file, which needs no other file and no network.
//!
//! The parts in `page/` are joined into one script and one style. A content security policy in the file names
//! their digests and allows nothing else, so neither a text of the directory that is taken for code nor an
//! address in it has an effect. `require-trusted-types-for` makes browsers refuse each text that a script
//! would turn into HTML.

mod columns;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// The frame, with the places of the other parts in double braces.
const FRAME: &str = include_str!("page/page.html");

const STYLE: &[&str] = &[
    include_str!("page/style/base.css"),
    include_str!("page/style/parts.css"),
    include_str!("page/style/lists.css"),
    include_str!("page/style/print.css"),
];

/// The parts of the script. A part that runs at once stands after those that it uses.
const SCRIPT: &[&str] = &[
    include_str!("page/script/failure.js"),
    include_str!("page/script/columns.js"),
    include_str!("page/script/text.js"),
    include_str!("page/script/elements.js"),
    include_str!("page/script/address.js"),
    include_str!("page/script/order.js"),
    include_str!("page/script/download.js"),
    include_str!("page/script/model.js"),
    include_str!("page/script/cells.js"),
    include_str!("page/script/table.js"),
    include_str!("page/script/pager.js"),
    include_str!("page/script/controls.js"),
    include_str!("page/script/lists.js"),
    include_str!("page/script/assignments.js"),
    include_str!("page/script/other_lists.js"),
    include_str!("page/script/rules.js"),
    include_str!("page/script/list_view.js"),
    include_str!("page/script/overview.js"),
    include_str!("page/script/details.js"),
    include_str!("page/script/main.js"),
];

/// The lists of the document that can have many rows.
const LONG_LISTS: [&str; 4] = ["principals", "assignments", "missing", "gone"];

/// Returns the HTML file that shows a document of the report.
pub(crate) fn page(document: &Value) -> String {
    let (style, script) = (joined(STYLE), joined(SCRIPT));
    let policy = content_security_policy(&style, &script);
    let report = inside_script(&packed(document));
    let parts = [("policy", policy), ("style", style), ("report", report), ("script", script)];
    let mut page = String::with_capacity(
        FRAME.len() + parts.iter().map(|(_, part)| part.len()).sum::<usize>(),
    );
    let mut frame = FRAME;
    for (name, part) in &parts {
        // Places are searched only in the frame, never in the parts, which contain texts from outside.
        if let Some((before, after)) = frame.split_once(&format!("{{{{{name}}}}}")) {
            page.push_str(before);
            page.push_str(part);
            frame = after;
        }
    }
    page.push_str(frame);
    page
}

/// Joins parts of a script or style. Line breaks are normalized as a browser does before it computes the
/// digest.
fn joined(parts: &[&str]) -> String {
    parts.concat().replace("\r\n", "\n")
}

/// Allows the one script and the one style by their digests ("Content Security Policy Level 3", hash
/// sources), and the empty icon, without which a browser asks the server for one.
fn content_security_policy(style: &str, script: &str) -> String {
    let source = |text: &str| format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)));
    format!(
        "default-src 'none'; script-src {}; style-src {}; img-src data:; base-uri 'none'; \
         form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
        source(script),
        source(style)
    )
}

/// The document with its long lists as columns.
fn packed(document: &Value) -> Value {
    let mut packed = document.clone();
    for name in LONG_LISTS {
        if let Some(list) = packed.get_mut(name) {
            *list = columns::columns(list.as_array().map_or(&[], Vec::as_slice));
        }
    }
    packed
}

/// Writes JSON such that HTML and scripts read it as nothing else: no tag, no entity and no line break of
/// JavaScript is left. These characters occur only inside strings of JSON.
fn inside_script(document: &Value) -> String {
    let text = document.to_string();
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                safe.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            _ => safe.push(character),
        }
    }
    safe
}

#[cfg(test)]
mod tests;
