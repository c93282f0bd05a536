//! The items of a value of `Outputs`, from which an extension makes messages or entities (Azure Functions
//! host, `FunctionBinding`).

use crate::{
    dotnet_base64, dotnet_text::dotnet_text, function_folder::DataType, ordered_json::Json,
};

/// Splits a value into one item for each message or entity. The error is the reason why the invocation
/// fails.
pub(crate) fn items(value: &Json, data_type: DataType) -> Result<Vec<Vec<u8>>, String> {
    match value {
        Json::Null => Ok(Vec::new()),
        Json::Array(items) => Ok(items.iter().map(item).collect()),
        Json::Object(_) | Json::Bool(_) | Json::Number(_) => Ok(vec![item(value)]),
        Json::Text(text) => {
            // Text that is valid base64 by accident is decoded, unless the binding is binary.
            let bytes =
                (data_type == DataType::Text).then(|| dotnet_base64::decode(text)).flatten();
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
        texts_of(json, DataType::Text)
    }

    fn texts_of(json: &str, data_type: DataType) -> Vec<String> {
        let value = Json::parse(json.as_bytes()).unwrap();
        let items = items(&value, data_type).unwrap();
        items.into_iter().map(|m| String::from_utf8_lossy(&m).into_owned()).collect()
    }

    #[test]
    fn text_that_looks_like_json_but_is_invalid_fails() {
        let value = Json::Text("{oops}".to_owned());
        items(&value, DataType::Text).unwrap_err();
    }

    #[test]
    fn text_that_is_base64_by_accident_is_garbled() {
        assert_eq!(texts(r#""aGVsbG8=""#), ["hello"]);
        assert_ne!(texts(r#""test""#), ["test"]);
    }

    #[test]
    fn a_one_element_array_or_a_binary_binding_keeps_the_text() {
        assert_eq!(texts(r#"["test"]"#), ["test"]);
        assert_eq!(texts(r#"["{\"a\":1}"]"#), [r#"{"a":1}"#]);
        assert_eq!(texts_of(r#""test""#, DataType::Binary), ["test"]);
    }

    #[test]
    fn objects_are_indented_and_their_dates_rewritten() {
        let indented = "{\n  \"b\": 1,\n  \"a\": \"2026-01-02T03:04:05Z\"\n}";
        assert_eq!(texts(r#"{"b":1,"a":"2026-01-02T03:04:05.000Z"}"#), [indented]);
        assert_eq!(texts(r#""{\"b\":1,\"a\":\"2026-01-02T03:04:05.000Z\"}""#), [indented]);
    }

    #[test]
    fn arrays_are_one_item_per_element() {
        assert_eq!(
            texts(r#"["a",{"b":1},null,5,true]"#),
            ["a", "{\n  \"b\": 1\n}", "", "5", "True"]
        );
        assert_eq!(texts(r#""[\"a\",\"b\"]""#), ["a", "b"]);
    }

    #[test]
    fn scalars_become_dotnet_text_and_null_is_no_item() {
        assert_eq!(texts("5"), ["5"]);
        assert_eq!(texts("true"), ["True"]);
        assert_eq!(texts(r#""2026-01-02T03:04:05Z""#), ["01/02/2026 03:04:05"]);
        assert_eq!(texts(r#""plain text!""#), ["plain text!"]);
        assert_eq!(texts("null"), [""; 0]);
        assert_eq!(texts(r#""""#), [""]);
    }
}
