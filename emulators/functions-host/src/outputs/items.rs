//! The items of a value of `Outputs`, from which an extension makes messages or entities (Azure Functions
//! host, `FunctionBinding`).

use crate::{dotnet_base64, dotnet_text::dotnet_text, ordered_json::Json};

/// Splits a value into one item for each message or entity. The error is the reason why the invocation
/// fails.
pub(crate) fn items(value: &Json) -> Result<Vec<Vec<u8>>, String> {
    match value {
        Json::Null => Ok(Vec::new()),
        Json::Array(items) => Ok(items.iter().map(item).collect()),
        Json::Object(_) | Json::Bool(_) | Json::Number(_) => Ok(vec![item(value)]),
        Json::Text(text) => {
            // Text that is valid base64 by accident is decoded.
            let bytes = dotnet_base64::decode(text);
            bytes.map_or_else(|| text_items(text), |bytes| Ok(vec![bytes]))
        }
    }
}

fn text_items(text: &str) -> Result<Vec<Vec<u8>>, String> {
    let trimmed = text.trim();
    let enclosed = |open, close| trimmed.starts_with(open) && trimmed.ends_with(close);
    if !enclosed('{', '}') && !enclosed('[', ']') {
        return Ok(vec![dotnet_text(&Json::Text(text.to_owned())).into_bytes()]);
    }
    match Json::parse(trimmed.as_bytes()) {
        Ok(Json::Array(items)) => Ok(items.iter().map(item).collect()),
        Ok(value) => Ok(vec![item(&value)]),
        Err(error) => Err(format!("the output looks like JSON but is invalid: {error}")),
    }
}

/// One item: a text as it is, a scalar as text, or indented JSON.
fn item(value: &Json) -> Vec<u8> {
    match value {
        Json::Text(text) => text.clone().into_bytes(),
        other => dotnet_text(other).into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(json: &str) -> Vec<String> {
        let items = items(&Json::parse(json.as_bytes()).unwrap()).unwrap();
        items.into_iter().map(|m| String::from_utf8_lossy(&m).into_owned()).collect()
    }

    #[test]
    fn text_that_looks_like_json_but_is_invalid_fails() {
        items(&Json::Text("{oops}".to_owned())).unwrap_err();
    }

    #[test]
    fn text_that_is_base64_by_accident_is_garbled_unless_it_is_in_an_array() {
        assert_eq!(texts(r#""aGVsbG8=""#), ["hello"]);
        assert_ne!(texts(r#""test""#), ["test"]);
        assert_eq!(texts(r#"["test"]"#), ["test"]);
        assert_eq!(texts(r#"["{\"a\":1}"]"#), [r#"{"a":1}"#]);
    }

    #[test]
    fn objects_are_indented_and_their_dates_rewritten_and_scalars_become_dotnet_text() {
        let indented = "{\n  \"b\": 1,\n  \"a\": \"2026-01-02T03:04:05Z\"\n}";
        for (json, expected) in [
            (r#"{"b":1,"a":"2026-01-02T03:04:05.000Z"}"#, &[indented][..]),
            (r#""{\"b\":1,\"a\":\"2026-01-02T03:04:05.000Z\"}""#, &[indented]),
            (r#"["a",{"b":1},null,5,true]"#, &["a", "{\n  \"b\": 1\n}", "", "5", "True"]),
            (r#""[\"a\",\"b\"]""#, &["a", "b"]),
            ("5", &["5"]),
            ("true", &["True"]),
            (r#""2026-01-02T03:04:05Z""#, &["01/02/2026 03:04:05"]),
            (r#""plain text!""#, &["plain text!"]),
            ("null", &[]),
            (r#""""#, &[""]),
        ] {
            assert_eq!(texts(json), expected, "{json}");
        }
    }
}
