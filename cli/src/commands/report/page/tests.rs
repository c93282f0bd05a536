//! The page as text. What a browser makes of it is tested by the modules inside.

mod documents;
mod files;
mod hostile;
mod layout;
mod lists;
mod looking;
mod views;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use documents::{HOSTILE, contoso};
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{columns::columns, page};

/// The text between the first occurrences of two texts.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start).unwrap().1.split_once(end).unwrap().0
}

#[test]
fn the_policy_of_the_page_allows_its_own_script_and_style_and_nothing_else() {
    let page = page(&contoso());
    let policy = between(&page, "http-equiv=\"Content-Security-Policy\" content=\"", "\"");
    let digest = |text: &str| BASE64_STANDARD.encode(Sha256::digest(text));
    let style = digest(between(&page, "<style>", "</style>"));
    let script = digest(between(&page, "<script>", "</script>"));
    assert_eq!(
        policy,
        format!(
            "default-src 'none'; script-src 'sha256-{script}'; style-src 'sha256-{style}'; \
             img-src data:; base-uri 'none'; form-action 'none'; \
             require-trusted-types-for 'script'; trusted-types 'none'"
        )
    );
}

#[test]
fn the_page_names_no_address_of_a_network_and_turns_no_text_into_html() {
    let page = page(&json!({}));
    let forbidden = [
        "http:",
        "https:",
        "//cdn",
        "@import",
        "url(",
        "innerHTML",
        "outerHTML",
        "insertAdjacent",
        "document.write",
        "eval(",
        "new Function",
        "fetch(",
        "XMLHttpRequest",
        "WebSocket",
        "sendBeacon",
        "localStorage",
        "document.cookie",
        " style=\"",
        " onclick=",
    ];
    let found: Vec<_> = forbidden.iter().filter(|text| page.contains(**text)).collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn no_text_of_the_document_ends_the_script_or_stands_in_the_frame() {
    let places = ["{{script}}", "{{policy}}", "</script><script>alert(1)</script>", "<!--"];
    let texts: Vec<_> = HOSTILE.iter().map(|text| (*text).to_owned()).collect();
    let texts: Vec<_> = texts.into_iter().chain(places.map(str::to_owned)).collect();
    let page = page(&json!({ "notes": texts }));
    let data = between(&page, "<script type=\"application/json\" id=\"report\">", "</script>");
    let read: Value = serde_json::from_str(data).unwrap();
    assert_eq!(read, json!({ "notes": texts }));
    assert!(!data.contains(['<', '>', '&', '\u{2028}', '\u{2029}']), "{data}");
    assert_eq!(page.matches("<script").count(), 2);
}

#[test]
fn a_report_of_50_000_assignments_stays_below_10_megabytes() {
    let page = page(&documents::large());
    assert!(page.len() < 10_000_000, "{} bytes", page.len());
}

/// The rows of columns, as the page reads them.
fn rows(columns: &Value) -> Vec<Value> {
    let count = usize::try_from(columns["rows"].as_u64().unwrap()).unwrap();
    let whole = |column: &Value, row: usize| {
        let mut text = Vec::new();
        for row in 0..=row {
            let Some(rest) = column["each"][row].as_str() else { continue };
            text.truncate(usize::try_from(column["shared"][row].as_u64().unwrap()).unwrap());
            text.extend(rest.encode_utf16());
        }
        let is_null = column["each"][row].is_null();
        if is_null { Value::Null } else { String::from_utf16(&text).unwrap().into() }
    };
    let value = |column: &Value, row: usize| match (&column["each"], &column["at"]) {
        (Value::Array(_), _) if column["shared"].is_array() => whole(column, row),
        (Value::Array(each), _) => each[row].clone(),
        (_, Value::Array(at)) => {
            column["values"][usize::try_from(at[row].as_u64().unwrap()).unwrap()].clone()
        }
        _ => column["values"][0].clone(),
    };
    let names = columns["columns"].as_object().unwrap();
    let row = |row| names.iter().map(|(name, column)| (name.clone(), value(column, row))).collect();
    (0..count).map(row).map(Value::Object).collect()
}

fn field() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        (0..4_u32).prop_map(Value::from),
        "[ab]{0,2}".prop_map(Value::from),
        proptest::collection::vec(0..3_u32, 0..3).prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
    ]
}

proptest! {
    #[test]
    fn columns_have_every_value_of_every_row(list in proptest::collection::vec((field(), field()), 0..20)) {
        let list: Vec<_> = list.into_iter().map(|(one, other)| json!({ "one": one, "other": other })).collect();
        prop_assert_eq!(rows(&columns(&list)), list);
    }
}

proptest! {
    #[test]
    fn texts_that_begin_like_the_one_before_are_read_whole(texts in proptest::collection::vec("(😀é|aaaaaaaa){0,3}[ab😀😁]{0,2}", 0..12)) {
        let nulls = [json!({ "one": null })];
        let texts = texts.iter().map(|text| json!({ "one": text }));
        let list: Vec<_> = texts.chain(nulls).collect();
        prop_assert_eq!(rows(&columns(&list)), list.clone());
        let backwards: Vec<_> = list.into_iter().rev().collect();
        prop_assert_eq!(rows(&columns(&backwards)), backwards);
    }
}

#[test]
fn a_field_that_a_row_lacks_is_null_in_its_column() {
    let list = [json!({ "one": 1 }), json!({ "other": "x" }), json!({})];
    let expected = [
        json!({ "one": 1, "other": null }),
        json!({ "one": null, "other": "x" }),
        json!({ "one": null, "other": null }),
    ];
    assert_eq!(rows(&columns(&list)), expected);
}
