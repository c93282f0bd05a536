//! The envelope of an HTTP request (Azure Functions host,
//! `HttpRequestExtensions.GetRequestAsJObject`; Azure `WebJobs` SDK extensions,
//! `HttpTriggerAttributeBindingProvider`).

use bytes::Bytes;

use super::{
    body::body,
    system_data::SystemData,
    value::{Metadata, copy_properties, encoded_twice, set},
};
use crate::{dotnet_base64, ordered_json::Json, route::RouteValues};

/// The query parameter of a key, which is not copied into the metadata.
const KEY_PARAMETER: &str = "code";

/// A request for a function with an HTTP trigger.
pub(crate) struct HttpInput<'a> {
    pub(crate) binding: &'a str,
    pub(crate) url: String,
    pub(crate) method: String,
    /// The parameters of the query, each with all its values.
    pub(crate) query: Vec<(String, Vec<String>)>,
    pub(crate) headers: Vec<(String, Vec<String>)>,
    pub(crate) route_values: RouteValues,
    pub(crate) identities: Vec<Json>,
    pub(crate) body: Option<HttpBody>,
}

/// A body with a declared length. Other bodies are lost.
pub(crate) enum HttpBody {
    Text(String),
    /// A body of type `application/octet-stream` or `multipart/*`.
    Binary(Bytes),
}

/// The envelope.
pub(crate) fn of_http(input: &HttpInput<'_>, system: &SystemData) -> String {
    body(input.binding, request(input), metadata(input, system))
}

fn request(input: &HttpInput<'_>) -> Json {
    let arrays = input
        .headers
        .iter()
        .map(|(name, values)| (name.clone(), Json::Array(values.iter().map(Json::text).collect())));
    let mut members = vec![
        ("Url".to_owned(), Json::text(&input.url)),
        ("Method".to_owned(), Json::text(&input.method)),
        ("Query".to_owned(), joined(&input.query)),
        ("Headers".to_owned(), Json::Object(arrays.collect())),
        ("Params".to_owned(), route_values(&input.route_values)),
        ("Identities".to_owned(), Json::Array(input.identities.clone())),
    ];
    let body = input.body.as_ref().map(|body| match body {
        HttpBody::Text(text) => text.clone(),
        HttpBody::Binary(bytes) => dotnet_base64::encode(bytes),
    });
    members.extend(body.map(|text| ("Body".to_owned(), Json::Text(text))));
    Json::Object(members.into_iter().collect())
}

/// Adds the members of the body, then the values of the query, then those of the route. Later values
/// replace earlier ones of the same name. If a query parameter is repeated, its last value counts. A route
/// parameter that the path omits removes its name. `Query` and `Headers` are omitted if their names are
/// taken; `sys` never is.
fn metadata(input: &HttpInput<'_>, system: &SystemData) -> Metadata {
    let mut metadata = Metadata::new();
    match &input.body {
        Some(HttpBody::Text(text)) => copy_properties(text, &mut metadata),
        Some(HttpBody::Binary(bytes)) => {
            copy_properties(&String::from_utf8_lossy(bytes), &mut metadata);
        }
        None => {}
    }
    let last = |(name, values): &(String, Vec<String>)| {
        (name.clone(), values.last().cloned().unwrap_or_default())
    };
    let query: Vec<_> = input.query.iter().map(last).collect();
    let is_key = |name: &str| name.eq_ignore_ascii_case(KEY_PARAMETER);
    let parameters = query.iter().filter(|(name, _)| !is_key(name));
    for (name, value) in parameters {
        set(&mut metadata, name.clone(), encoded_twice(value));
    }
    for (name, value) in &input.route_values {
        match value {
            Some(value) => set(&mut metadata, name.clone(), encoded_twice(value)),
            None => metadata.retain(|known, _| !known.eq_ignore_ascii_case(name)),
        }
    }
    for (name, value) in [("Query", texts(&query)), ("Headers", joined(&input.headers))] {
        if !metadata.keys().any(|known| known.eq_ignore_ascii_case(name)) {
            metadata.insert(name.to_owned(), value);
        }
    }
    set(&mut metadata, "sys".to_owned(), system.json());
    metadata
}

/// A parameter that the path leaves out is null.
fn route_values(values: &RouteValues) -> Json {
    let value = |value: &Option<String>| value.as_ref().map_or(Json::Null, Json::text);
    Json::Object(values.iter().map(|(name, it)| (name.clone(), value(it))).collect())
}

fn joined(lists: &[(String, Vec<String>)]) -> Json {
    Json::Object(
        lists.iter().map(|(name, values)| (name.clone(), Json::Text(values.join(",")))).collect(),
    )
}

fn texts(pairs: &[(String, String)]) -> Json {
    Json::Object(pairs.iter().map(|(name, value)| (name.clone(), Json::text(value))).collect())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use uuid::uuid;

    use super::*;
    use crate::{
        claims_identity::Identity,
        envelope::documented::documented,
        options::{HostKey, KeyLevel},
    };

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// The documented request.
    fn input() -> HttpInput<'static> {
        let headers = pairs(&[
            ("Accept", "*/*"),
            ("Host", "localhost:7071"),
            ("Content-Type", "application/json"),
            ("Content-Length", "13"),
        ]);
        let key = HostKey {
            name: String::new(),
            value: "k".to_owned(),
            level: KeyLevel::Function { function: "Orders".to_owned() },
        };
        HttpInput {
            binding: "req",
            url: "http://localhost:7071/api/orders/7?code=k&x=1&x=2".to_owned(),
            method: "POST".to_owned(),
            query: vec![
                ("code".to_owned(), vec!["k".to_owned()]),
                ("x".to_owned(), vec!["1".to_owned(), "2".to_owned()]),
            ],
            headers: headers.into_iter().map(|(name, value)| (name, vec![value])).collect(),
            route_values: vec![("id".to_owned(), Some("7".to_owned()))],
            identities: vec![Identity::of_key(&key).json()],
            body: Some(HttpBody::Text("{\"name\":\"n\"}\n".to_owned())),
        }
    }

    fn envelope(input: &HttpInput<'_>) -> String {
        let system = SystemData {
            function: "Orders".to_owned(),
            now: datetime!(2026-01-09 03:04:06.1234567 UTC),
            random_guid: uuid!("4f0e2b5d-53a2-44ea-8b4e-2f4f0a8a1c33"),
        };
        of_http(input, &system)
    }

    fn value(input: &HttpInput<'_>) -> serde_json::Value {
        serde_json::from_str(&envelope(input)).unwrap()
    }

    #[test]
    fn a_body_can_forge_metadata_except_the_values_of_the_url_and_sys() {
        let mut input = input();
        let forged = r#"{"X":"mine","sys":{"a":1},"query":"mine"}"#;
        input.body = Some(HttpBody::Text(forged.to_owned()));
        let metadata = value(&input)["Metadata"].clone();
        assert_eq!(metadata["X"], "\"2\"");
        assert_eq!(metadata["sys"]["MethodName"], "Orders");
        assert_eq!(metadata["query"], "\"mine\"");
        assert_eq!(metadata.get("Query"), None);
    }

    #[test]
    fn a_binary_body_is_base64_and_is_copied_into_the_metadata_as_well() {
        let mut input = input();
        input.body = Some(HttpBody::Binary(Bytes::from_static(b"{\"a\":1}")));
        let value = value(&input);
        assert_eq!(value["Data"]["req"]["Body"], "eyJhIjoxfQ==");
        assert_eq!(value["Metadata"]["a"], "\"1\"");
    }

    #[test]
    fn without_a_body_the_member_is_absent() {
        let mut input = input();
        input.body = None;
        assert_eq!(value(&input)["Data"]["req"].get("Body"), None);
    }

    #[test]
    fn a_parameter_that_the_path_leaves_out_is_null_and_takes_its_name_from_the_metadata() {
        let mut input = input();
        input.query.push(("ID".to_owned(), vec!["forged".to_owned()]));
        input.body = Some(HttpBody::Text(r#"{"Id":"forged"}"#.to_owned()));
        assert_eq!(value(&input)["Metadata"]["Id"], "\"7\"", "the route goes before both");
        input.route_values = vec![("id".to_owned(), None)];
        let value = value(&input);
        assert_eq!(value["Data"]["req"]["Params"], serde_json::json!({ "id": null }));
        for name in ["id", "Id", "ID"] {
            assert_eq!(value["Metadata"].get(name), None, "{name}");
        }
    }

    #[test]
    fn the_envelope_equals_the_documented_one() {
        assert_eq!(envelope(&input()), documented("http-invocation.json"));
    }
}
