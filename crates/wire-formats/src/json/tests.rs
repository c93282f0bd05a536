use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Deserialize;

use super::*;

/// Words of the JSON library that a reader of a fault does not know.
const FOREIGN: [&str; 14] = [
    "expected",
    "struct",
    "invalid type",
    "invalid value",
    "sequence",
    "map",
    "EOF",
    "parsing",
    "trailing",
    "variant",
    "unit",
    "recursion",
    "u32",
    "missing field",
];

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Order {
    amount: u32,
    is_paid: Option<bool>,
    tags: Option<Vec<String>>,
    kind: Option<Kind>,
    buyer: Option<Buyer>,
    notes: Option<BTreeMap<String, f64>>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Kind {
    Goods,
    Service,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Buyer {
    name: String,
}

fn fault(document: &str) -> String {
    from_slice::<Order>(document.as_bytes()).unwrap_err().in_document("the order")
}

#[test]
fn every_kind_of_fault_is_described_with_its_path_in_plain_words() {
    let deep = format!("{}1{}", "[".repeat(500), "]".repeat(500));
    for (document, described) in [
        ("", "the order: is empty"),
        (" \n", "the order: is empty"),
        ("null", "the order: must be a JSON object, but is null"),
        ("5", "the order: must be a JSON object, but is a number"),
        ("true", "the order: must be a JSON object, but is a boolean"),
        ("\"x\"", "the order: must be a JSON object, but is a string"),
        ("[1]", "the order: must be a JSON object, but is an array"),
        ("{", "the order: is not complete: it ends at line 1, column 1"),
        ("{\"amount\": 1,\n\"kind\": \"go", "it ends at line 2, column 11"),
        ("{'amount': 1}", "the order: is not JSON; see line 1, column 2"),
        ("{\"amount\": 1} x", "the order: is not JSON; see line 1, column 15"),
        ("{\"amount\": 1e999}", "the order: is not JSON"),
        (&deep, "the order: has too many levels"),
        ("{}", "the order: the field `amount` is missing"),
        ("{\"amount\": null}", "amount: must be a whole number, but is null"),
        ("{\"amount\": \"1\"}", "amount: must be a whole number, but is a string"),
        ("{\"amount\": -1}", "amount: has a number that is not possible here"),
        ("{\"amount\": 1.5}", "amount: must be a whole number, but is a decimal number"),
        ("{\"amount\": 5000000000}", "amount: has a number that is not possible here"),
        ("{\"amount\": 1, \"amount\": 1}", "the order: the field `amount` occurs twice"),
        ("{\"amount\": 1, \"SECRET\": 1}", "the order: unknown field; the fields are `amount`,"),
        ("{\"amount\": 1, \"isPaid\": \"yes\"}", "isPaid: must be true or false, but is a string"),
        ("{\"amount\": 1, \"tags\": \"a\"}", "tags: must be an array, but is a string"),
        ("{\"amount\": 1, \"tags\": [\"a\", {}]}", "tags[1]: must be a string, but is an object"),
        ("{\"amount\": 1, \"kind\": \"SECRET\"}", "kind: must be one of the words `goods`,"),
        ("{\"amount\": 1, \"kind\": 7}", "kind: must be a string, but is a number"),
        ("{\"amount\": 1, \"buyer\": []}", "buyer: must be a JSON object, but is an array"),
        ("{\"amount\": 1, \"buyer\": {}}", "buyer: the field `name` is missing"),
        ("{\"amount\": 1, \"buyer\": {\"name\": []}}", "buyer.name: must be a string, but is an"),
        ("{\"amount\": 1, \"notes\": {\"a\": \"b\"}}", "notes.a: must be a number, but is a"),
    ] {
        let got = fault(document);
        assert!(got.contains(described), "{document:.60}\n  {got}\n  {described}");
        let foreign = FOREIGN.iter().find(|word| got.contains(**word));
        assert_eq!((foreign, got.contains("SECRET")), (None, false), "{got}");
    }
}

#[test]
fn bytes_that_are_not_utf_8_are_not_json() {
    let fault = from_slice::<Order>(b"{\"amount\": 1, \"tags\": [\"\xFF\"]}").unwrap_err();
    assert!(matches!(fault.problem(), Problem::NotJson { .. }), "{fault}");
}

#[test]
fn a_byte_order_mark_and_comments_change_nothing() {
    let order: Order = from_slice("\u{feff}{\"amount\": 1}".as_bytes()).unwrap();
    let commented = "\u{feff}// one\n{\"amount\": 1, /* paid? */}";
    assert_eq!(from_slice_with_comments::<Order>(commented.as_bytes()), Ok(order));
    assert!(from_slice::<Order>(commented.as_bytes()).is_err());
    assert!(from_slice::<Order>("\u{feff}\u{feff}{\"amount\": 1}".as_bytes()).is_err());
}

fn document() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::{Value, json};
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "goods|service|[a-z]{0,3}".prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(2, 8, 3, |inner| {
        let name = "amount|isPaid|tags|kind|buyer|notes|name|[a-z]";
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            proptest::collection::hash_map(name, inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    });
    (any::<u16>(), "amount|isPaid|tags|kind|buyer|notes|[a-z]", value.clone(), value).prop_map(
        |(amount, name, one, other)| match other {
            Value::Null => one,
            other => json!({ "amount": amount, name: other }),
        },
    )
}

proptest! {
    #[test]
    fn a_document_is_read_as_the_library_reads_it_unless_it_has_an_array_for_an_object(
        document in document(),
    ) {
        let text = document.to_string();
        match (from_slice::<Order>(text.as_bytes()), serde_json::from_str::<Order>(&text)) {
            (Ok(read), known) => prop_assert_eq!(Some(read), known.ok(), "{}", text),
            (Err(_), Err(_)) => {}
            (Err(fault), Ok(_)) => {
                let described = fault.to_string();
                let is_array = described.contains("must be a JSON object, but is an array");
                prop_assert!(is_array, "{}: {}", text, described);
            }
        }
    }

    #[test]
    fn no_fault_has_a_word_of_the_library(document in document(), cut in 0_usize..60) {
        let text = document.to_string();
        for text in [text.as_str(), text.get(..cut).unwrap_or(&text)] {
            if let Err(fault) = from_slice::<Order>(text.as_bytes()) {
                let described = fault.problem().to_string();
                let foreign = FOREIGN.iter().find(|word| described.contains(**word));
                prop_assert_eq!(foreign, None, "{}", described);
            }
        }
    }

    #[test]
    fn no_bytes_make_reading_panic(bytes: Vec<u8>) {
        let _ = (from_slice::<Order>(&bytes), from_slice_with_comments::<Order>(&bytes));
    }
}
