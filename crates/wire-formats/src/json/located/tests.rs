use proptest::prelude::*;

use super::*;
use crate::json;

/// The faults of a document, each with its line and column.
fn faults(document: &str) -> Vec<String> {
    let faults = read(document.as_bytes()).faults;
    faults.iter().map(|fault| format!("{} {:?}", fault.location, fault.problem)).collect()
}

#[test]
fn every_fault_of_syntax_has_its_line_and_column() {
    let deep = "[".repeat(128);
    for (document, expected) in [
        ("", vec!["1:1 Empty"]),
        (" \r\n\t", vec!["1:1 Empty"]),
        ("\u{feff}", vec!["1:1 Empty"]),
        ("{", vec!["1:2 EndsEarly"]),
        ("{\"a\"", vec!["1:5 EndsEarly"]),
        ("{\"a\":\n\n", vec!["3:1 EndsEarly"]),
        ("[1,", vec!["1:4 EndsEarly"]),
        ("{} {}", vec!["1:4 MoreText"]),
        ("{\"a\": 1}}", vec!["1:9 MoreText"]),
        ("[\"a", vec!["1:2 UnendedText"]),
        ("[\"a\n\"]", vec!["1:2 UnendedText"]),
        ("[1}", vec!["1:3 WrongBracket"]),
        ("{\"a\": 1]", vec!["1:8 WrongBracket"]),
        ("{'a': 1}", vec!["1:2 BareName"]),
        ("{\"a\": 'b'}", vec!["1:7 SingleQuotes"]),
        ("{\"a\" 1}", vec!["1:6 MissingColon"]),
        ("{\"a\": \u{201c}b\u{201d}}", vec!["1:7 Unexpected"]),
        ("{1: 2}", vec!["1:2 BareName"]),
        ("{[]: 2}", vec!["1:2 Unexpected"]),
        ("[1 : 2]", vec!["1:4 Unexpected"]),
        (&deep, vec!["1:128 TooDeep"]),
    ] {
        assert_eq!(faults(document), expected, "{document:.40}");
    }
}

#[test]
fn reading_goes_on_after_a_fault_whose_meaning_is_clear() {
    let document = "{ // ours\n\"a\": [1 2,,3,], # more\nb: True,\n\"c\": \"x\\y\" \"d\": ,\n\"e\": 01,\n\"f\": \"\t\",\n/* end */ }";
    let expected = [
        "1:3 Comment",
        "2:9 MissingComma",
        "2:11 ExtraComma",
        "2:13 TrailingComma",
        "2:17 Comment",
        "3:1 BareName",
        "3:4 UnknownWord",
        "4:6 Escape",
        "4:12 MissingComma",
        "4:17 MissingValue",
        "5:6 Number",
        "6:6 ControlCharacter",
        "6:9 TrailingComma",
        "7:1 Comment",
    ];
    let mut found = faults(document);
    found.sort_by_key(|fault| {
        let (line, rest) = fault.split_once(':').unwrap();
        let (column, _) = rest.split_once(' ').unwrap();
        (line.parse::<usize>().unwrap(), column.parse::<usize>().unwrap())
    });
    assert_eq!(found, expected);
    let root = read(document.as_bytes()).root.unwrap();
    let numbers = &root.part("a").unwrap().value;
    assert!(matches!(numbers, Value::Array(items) if items.len() == 3), "{numbers:?}");
}

#[test]
fn a_document_in_another_encoding_is_refused_at_its_first_foreign_byte() {
    let document = read(b"{\"\xC3\xBC\":\n \"\xFC\"}");
    let location = Location { line: 2, column: 3 };
    assert_eq!(document.faults, [SyntaxFault { location, problem: SyntaxProblem::NotUtf8 }]);
    let utf_16: Vec<_> = "{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked = [b"\xFF\xFE", utf_16.as_slice()].concat();
    assert_eq!(read(&marked).faults.first().unwrap().problem, SyntaxProblem::NotUtf8);
}

#[test]
fn locations_count_characters_and_every_kind_of_line_break() {
    let document = "\u{feff}{\t\"日本語\": \"😀\", \"a\": 1,\r\n\"b\": 2,\r\"c\": 3,\n\n  \"d\": [ 4, {\"e\": 5} ]\r\n}";
    let root = read(document.as_bytes()).root.unwrap();
    for (path, line, column) in [
        ("", 1, 1),
        ("日本語", 1, 10),
        ("a", 1, 20),
        ("b", 2, 6),
        ("c", 3, 6),
        ("d", 5, 8),
        ("d[0]", 5, 10),
        ("d[1]", 5, 13),
        ("d[1].e", 5, 19),
    ] {
        assert_eq!(root.part(path).unwrap().location, Location { line, column }, "{path}");
    }
    for path in ["x", "d[2]", "d[x]", "d.0", "a[0]", "a.b", "d[1].e.f"] {
        assert_eq!(root.part(path), None, "{path}");
    }
}

#[test]
fn what_was_read_before_the_end_of_an_incomplete_document_is_kept() {
    let root = read(b"{\"a\": 1, \"b\": {\"c\": [2, \"x").root.unwrap();
    assert!(matches!(root.part("a").unwrap().value, Value::Number(_)));
    let Value::Object(object) = &root.part("b").unwrap().value else { panic!("{root:?}") };
    assert!(!object.is_complete);
    let Value::Array(items) = &root.part("b.c").unwrap().value else { panic!("{root:?}") };
    assert_eq!(items.last().unwrap().value, Value::Unreadable);
}

/// The value as the JSON library represents it. Of a repeated name, the last member counts there.
fn plain(value: &Value) -> serde_json::Value {
    match value {
        Value::Null | Value::Unreadable => serde_json::Value::Null,
        Value::Boolean(value) => (*value).into(),
        Value::Number(number) => number.clone().into(),
        Value::Text(text) => text.clone().into(),
        Value::Array(items) => items.iter().map(|item| plain(&item.value)).collect(),
        Value::Object(object) => {
            let members = object.members.iter();
            members.map(|member| (member.name.clone(), plain(&member.value.value))).collect()
        }
    }
}

/// Texts that are JSON, or nearly.
fn nearly_json() -> impl Strategy<Value = String> {
    let token = prop_oneof![
        "[\\[\\]{}:,]",
        "[ \t\r\n]",
        "\"[a-zé\u{1F600}]{0,2}\"",
        "\"[\\\\\"/bfnrtux0-9a-fA-FdD\t]{0,6}\"",
        "-?[0-9.eE+-]{1,4}",
        "true|false|null|tru|//|/\\*|\\*/|#|'",
        any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(token, 0..12).prop_map(|tokens| tokens.concat())
}

fn document() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value;
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            proptest::collection::hash_map(any::<String>(), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_document_has_no_fault_exactly_if_the_json_library_reads_it(text in nearly_json()) {
        let library = json::from_slice::<serde_json::Value>(text.as_bytes());
        let document = read(text.as_bytes());
        prop_assert_eq!(document.faults.is_empty(), library.is_ok(), "{:?}: {:?}", text, document);
        if let Ok(value) = library {
            prop_assert_eq!(plain(&document.root.unwrap().value), value);
        }
    }

    #[test]
    fn a_document_is_read_as_the_json_library_reads_it(document in document(), is_pretty: bool) {
        let text = if is_pretty { format!("{document:#}") } else { document.to_string() };
        let read = read(text.as_bytes());
        prop_assert_eq!(&read.faults, &[]);
        prop_assert_eq!(plain(&read.root.unwrap().value), document);
    }

    #[test]
    fn a_document_that_is_cut_off_is_never_complete(document in document(), at: prop::sample::Index) {
        let text = format!("[{document}]");
        let ends: Vec<_> = text.char_indices().map(|(end, _)| end).collect();
        let cut = &text[..*at.get(&ends)];
        prop_assert!(!read(cut.as_bytes()).faults.is_empty(), "{}", cut);
    }

    #[test]
    fn no_bytes_make_reading_panic(bytes: Vec<u8>) {
        let document = read(&bytes);
        prop_assert_eq!(document.faults.is_empty(), json::from_slice::<serde_json::Value>(&bytes).is_ok());
    }
}
