//! `docs/openapi.json` and `docs/http-api.md` say what the code does.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde_json::Value;

use super::{
    problem::{ProblemDetails, ProblemType},
    verdict::{ACCEPTED, CREATED, OK},
};
use app_roles::schema::{assert_committed, written_schema};
use function_folders::{AppSettings, function_json::FunctionFolders};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// What the host answers by itself if the handler fails.
const HOST_FAILURE: u16 = 500;

fn text(file: &str) -> String {
    std::fs::read_to_string(Path::new(ROOT).join(file)).unwrap()
}

fn json(file: &str) -> Value {
    serde_json::from_str(&text(file)).unwrap()
}

/// The path of requests.
const ASSIGNMENTS: &str = "/app-role-assignments";

/// The path of one approval.
const APPROVAL: &str = "/app-role-approvals/{id}";

/// The paths of this module's functions.
const PATHS: [&str; 3] = [ASSIGNMENTS, "/app-role-approvals", APPROVAL];

/// The operations of these functions: path, method, and what is documented.
fn operations() -> Vec<(&'static str, String, Value)> {
    let document = json("docs/openapi.json");
    let of_path = |path: &'static str| {
        let operations = document["paths"][path].as_object().unwrap().clone();
        operations.into_iter().map(move |(method, operation)| (path, method, operation))
    };
    PATHS.into_iter().flat_map(of_path).collect()
}

/// Every route of the app with a method that it takes, and whether a key opens it.
fn routes() -> BTreeSet<(String, String, bool)> {
    let folders =
        FunctionFolders::read(Path::new(ROOT), &AppSettings::default()).unwrap().functions;
    let files = folders.iter().map(|folder| json(&format!("{}/function.json", folder.name)));
    let triggers = files.map(|file| file["bindings"][0].clone());
    let http = triggers.filter(|trigger| trigger["type"] == "httpTrigger");
    http.flat_map(|trigger| {
        let keyed = trigger["authLevel"] != "anonymous";
        let methods: Vec<_> = trigger["methods"].as_array().unwrap().iter().map(text_of).collect();
        paths_of(&text_of(&trigger["route"]), methods)
            .into_iter()
            .map(move |(path, method)| (path, method, keyed))
    })
    .collect()
}

/// The paths of a route, each with a method. Without the optional parameter, a path only takes GET.
fn paths_of(route: &str, methods: Vec<String>) -> Vec<(String, String)> {
    let Some((list, parameter)) = route.split_once("/{") else {
        return methods.into_iter().map(|method| (format!("/{route}"), method)).collect();
    };
    let one = format!("/{list}/{{{}}}", parameter.trim_end_matches("?}"));
    let of_one = methods.into_iter().map(|method| (one.clone(), method));
    of_one.chain([(format!("/{list}"), "get".to_owned())]).collect()
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The problem types that a documented answer may have.
fn types_of(answer: &Value) -> BTreeSet<String> {
    let types = answer["x-problem-types"].as_array().into_iter().flatten();
    types.map(|one| one.as_str().unwrap().to_owned()).collect()
}

/// The documented answers to a call: for each status, the types of its problems. A success has none.
fn answered(path: &str, method: &str) -> BTreeMap<u16, BTreeSet<String>> {
    let mut answers = BTreeMap::from([(OK, BTreeSet::new()), (HOST_FAILURE, BTreeSet::new())]);
    if path == ASSIGNMENTS {
        answers.insert(ACCEPTED, BTreeSet::new());
        if method == "post" {
            answers.insert(CREATED, BTreeSet::new());
        }
    }
    for kind in ProblemType::ALL.into_iter().filter(|kind| is_possible(*kind, path, method)) {
        answers.entry(kind.status()).or_default().insert(kind.uri());
    }
    answers
}

/// Whether the code can answer a call with this problem. Every kind is here, so that the compiler asks about
/// a new one.
fn is_possible(kind: ProblemType, path: &str, method: &str) -> bool {
    let (is_post, is_request) = (method == "post", path == ASSIGNMENTS);
    match kind {
        ProblemType::Invalid
        | ProblemType::Unauthenticated
        | ProblemType::TooLarge
        | ProblemType::Unavailable
        | ProblemType::RecordUnavailable => true,
        ProblemType::Paused => is_request || is_post,
        ProblemType::LengthRequired | ProblemType::UnsupportedMediaType => is_post,
        ProblemType::Denied | ProblemType::Ambiguous | ProblemType::GraphRefused => is_request,
        ProblemType::Expired | ProblemType::RateLimited => is_request && is_post,
        ProblemType::NotFound => is_request || path == APPROVAL,
        ProblemType::NotAnApprover | ProblemType::ApprovalChanged | ProblemType::AlreadyDecided => {
            path == APPROVAL && is_post
        }
        // Only methods that are not documented get it.
        ProblemType::MethodNotAllowed => false,
    }
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
            // An operation without `security` inherits the document's, which asks for a key.
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
    for (path, method, operation) in operations() {
        let responses = operation["responses"].as_object().unwrap();
        let documented: BTreeMap<u16, BTreeSet<String>> = responses
            .iter()
            .map(|(status, answer)| (status.parse().unwrap(), types_of(answer)))
            .collect();
        assert_eq!(documented, answered(path, &method), "{method} {path}");
    }
}

#[test]
fn the_documented_media_types_are_those_of_the_code() {
    for (path, method, operation) in operations() {
        for (status, answer) in operation["responses"].as_object().unwrap() {
            let types: Vec<_> = answer["content"].as_object().into_iter().flatten().collect();
            let types: Vec<_> = types.iter().map(|(name, _)| name.as_str()).collect();
            let expected: &[&str] = match status.as_str() {
                "500" => &[],
                "200" | "201" | "202" => &["application/json"],
                _ => &["application/problem+json"],
            };
            assert_eq!(types, expected, "{method} {path} {status}");
        }
    }
}

#[test]
fn every_type_of_problem_is_explained() {
    let page = text("docs/http-api.md");
    for kind in ProblemType::ALL {
        let row = format!("| `{}` | {} |", kind.uri(), kind.status());
        assert!(page.contains(&row), "docs/http-api.md has no row that begins {row}");
    }
}
