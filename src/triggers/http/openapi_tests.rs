//! `docs/openapi.json` and `docs/http-api.md` say what the code does.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde_json::Value;

use super::{
    problem::{ProblemDetails, ProblemType},
    verdict::{CREATED, OK},
};
use app_roles::schema::{assert_committed, written_schema};
use function_folders::function_json::FunctionFolders;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// What the host answers by itself if the handler fails.
const HOST_FAILURE: u16 = 500;

fn text(file: &str) -> String {
    std::fs::read_to_string(Path::new(ROOT).join(file)).unwrap()
}

fn json(file: &str) -> Value {
    serde_json::from_str(&text(file)).unwrap()
}

/// The operations of this function's path, by method.
fn operations() -> BTreeMap<String, Value> {
    let document = json("docs/openapi.json");
    let operations = document["paths"]["/app-role-assignments"].as_object().unwrap().clone();
    operations.into_iter().collect()
}

/// Every route of the app with a method that it takes, and whether a key opens it.
fn routes() -> BTreeSet<(String, String, bool)> {
    let folders = FunctionFolders::read(Path::new(ROOT), &|_| None).unwrap().functions;
    let files = folders.iter().map(|folder| json(&format!("{}/function.json", folder.name)));
    let triggers = files.map(|file| file["bindings"][0].clone());
    let http = triggers.filter(|trigger| trigger["type"] == "httpTrigger");
    http.flat_map(|trigger| {
        let (path, keyed) =
            (format!("/{}", text_of(&trigger["route"])), trigger["authLevel"] != "anonymous");
        let methods = trigger["methods"].as_array().unwrap().clone();
        methods.into_iter().map(move |method| (path.clone(), text_of(&method), keyed))
    })
    .collect()
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The problem types that a documented answer may have.
fn types_of(answer: &Value) -> BTreeSet<String> {
    let problem = &answer["content"]["application/problem+json"]["schema"]["allOf"][1];
    let types = problem["properties"]["type"]["enum"].as_array().into_iter().flatten();
    types.map(|one| one.as_str().unwrap().to_owned()).collect()
}

/// What a method can be answered, by status: the types of problems, none for a success.
fn answered(method: &str) -> BTreeMap<u16, BTreeSet<String>> {
    let mut answers = BTreeMap::from([(OK, BTreeSet::new()), (HOST_FAILURE, BTreeSet::new())]);
    if method == "post" {
        answers.insert(CREATED, BTreeSet::new());
    }
    let only_of_posts =
        [ProblemType::Expired, ProblemType::LengthRequired, ProblemType::UnsupportedMediaType];
    // Of neither method.
    let kinds = ProblemType::ALL.into_iter().filter(|kind| *kind != ProblemType::MethodNotAllowed);
    for kind in kinds.filter(|kind| method == "post" || !only_of_posts.contains(kind)) {
        answers.entry(kind.status()).or_default().insert(kind.uri());
    }
    answers
}

#[test]
fn the_schema_of_problems_is_what_the_type_says() {
    assert_committed("problem", &written_schema::<ProblemDetails<'_>>());
}

#[test]
fn the_documented_routes_are_those_of_the_functions() {
    let document = json("docs/openapi.json");
    let mut documented = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            // What an operation does not say, the document says for all: a key is asked for.
            let keyed = operation.get("security").is_none();
            documented.insert((path.clone(), method.clone(), keyed));
        }
    }
    assert_eq!(documented, routes());
    // host.json sets no routePrefix, so it is the default.
    assert!(json("host.json").pointer("/extensions/http/routePrefix").is_none());
    assert_eq!(document["servers"][0]["url"], "/api");
}

#[test]
fn the_documented_answers_are_those_that_the_code_can_give() {
    for (method, operation) in operations() {
        let responses = operation["responses"].as_object().unwrap();
        let documented: BTreeMap<u16, BTreeSet<String>> = responses
            .iter()
            .map(|(status, answer)| (status.parse().unwrap(), types_of(answer)))
            .collect();
        assert_eq!(documented, answered(&method), "{method}");
    }
}

#[test]
fn the_documented_media_types_are_those_of_the_code() {
    for (method, operation) in operations() {
        for (status, answer) in operation["responses"].as_object().unwrap() {
            let types: Vec<_> = answer["content"].as_object().into_iter().flatten().collect();
            let types: Vec<_> = types.iter().map(|(name, _)| name.as_str()).collect();
            let expected: &[&str] = match status.as_str() {
                "500" => &[],
                "200" | "201" => &["application/json"],
                _ => &["application/problem+json"],
            };
            assert_eq!(types, expected, "{method} {status}");
        }
    }
}

#[test]
fn every_schema_that_is_referred_to_exists_and_parameters_are_texts() {
    let document = text("docs/openapi.json");
    let references = document.split("\"../").skip(1).map(|rest| rest.split('"').next().unwrap());
    let mut files = BTreeSet::new();
    for reference in references {
        let (file, pointer) = reference.split_once('#').unwrap_or((reference, ""));
        let schema = json(file);
        assert!(schema["$schema"].is_string(), "{file}");
        let part = schema.pointer(pointer).unwrap_or_else(|| panic!("{reference}"));
        assert!(pointer.is_empty() || part["type"] == "string", "{reference}");
        files.insert(file.to_owned());
    }
    assert_eq!(files.len(), 5, "{files:?}");
}

#[test]
fn every_type_of_problem_is_explained() {
    let page = text("docs/http-api.md");
    for kind in ProblemType::ALL {
        let row = format!("| `{}` | {} |", kind.uri(), kind.status());
        assert!(page.contains(&row), "docs/http-api.md has no row that begins {row}");
    }
}
