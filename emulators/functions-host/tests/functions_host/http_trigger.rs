//! Routes and keys of HTTP functions, and the request that a function receives.

use functions_host_emulator::{KeyLevel, Outcome};
use reqwest::{Method, header::TRANSFER_ENCODING};
use serde_json::{Value, json};

use crate::app::{App, Running, answer, request, response};

async fn status(host: &Running, method: Method, path: &str) -> u16 {
    answer(host.request(method, path)).await.0
}

#[tokio::test]
async fn an_unknown_path_is_not_found_whatever_the_method() {
    let mut post_only = request("anonymous", "jobs/all");
    post_only["methods"] = json!(["post"]);
    let app = App::new().await.with_bindings("Succeed", &json!([post_only, response()]));
    let app = app.with_http_function("Reply", "anonymous", "off");
    let host = app.with("AzureWebJobs.Reply.Disabled", Some("true")).run().await;
    for (method, path) in [
        (Method::GET, "api/jobs/all"),
        (Method::POST, "jobs/all"),
        (Method::POST, "api/jobs"),
        (Method::POST, "api/jobs/all/8"),
        (Method::POST, "api/Succeed"),
        (Method::POST, "api/off"),
        (Method::GET, "admin/functions/Succeed"),
        (Method::GET, ""),
    ] {
        assert_eq!(status(&host, method.clone(), path).await, 404, "{method} {path}");
    }
    assert!(host.invocations().is_empty());
    assert_eq!(status(&host, Method::POST, "api/JOBS/All/").await, 200);
}

#[tokio::test]
async fn routes_that_begin_alike_lead_to_their_own_functions() {
    let app = App::new().await.with_http_function("Succeed", "anonymous", "jobs");
    let app = app.with_http_function("Reply", "anonymous", "job-logs/{name?}");
    let app = app.with_http_function("Fail", "anonymous", "jobs/{id}");
    let host = app.with_http_function("PlainText", "anonymous", "jobs/all").run().await;
    for path in ["api/jobs/7/8", "api/job-logs/7/8", "api/jobs//7", "api/job", "api/jobs%2F7"] {
        assert_eq!(status(&host, Method::GET, path).await, 404, "{path}");
    }
    assert!(host.invocations().is_empty());
    for (path, function) in [
        ("api/jobs", "Succeed"),
        ("api/jobs/", "Succeed"),
        ("api/jobs/ALL", "PlainText"),
        ("api/jobs/seven", "Fail"),
        ("api/jobs/job-logs", "Fail"),
        ("api/job-logs", "Reply"),
        ("api/job-logs/jobs", "Reply"),
    ] {
        status(&host, Method::GET, path).await;
        assert_eq!(host.invocations().last().unwrap().function, function, "{path}");
    }
}

#[tokio::test]
async fn the_function_receives_the_parameter_of_its_route_decoded_once_or_null() {
    let host =
        App::new().await.with_http_function("Succeed", "anonymous", "jobs/{id?}").run().await;
    let paths = [
        "api/jobs",
        "api/jobs?id=forged",
        "api/jobs/Seven?id=forged",
        "api/JOBS/a%20b%C3%A9/",
        "api/jobs/a+b%2Fc%252F",
        "api/jobs/%22%7d%0a%ff",
    ];
    for path in paths {
        assert_eq!(status(&host, Method::GET, path).await, 200, "{path}");
    }
    let calls = host.received().await;
    let told = calls.iter().map(|call| call["Data"]["req"]["Params"].clone());
    let expected =
        [None, None, Some("Seven"), Some("a b\u{e9}"), Some("a+b%2Fc%2F"), Some("\"}\n%ff")];
    assert_eq!(told.collect::<Vec<_>>(), expected.map(|id| json!({ "id": id })));
    let metadata = calls.iter().map(|call| call["Metadata"].get("id"));
    let expected = expected.map(|id| id.map(|id| json!(json!(id).to_string())));
    assert_eq!(metadata.collect::<Vec<_>>(), expected.each_ref().map(Option::as_ref));
}

#[tokio::test]
async fn a_caller_without_the_right_key_does_not_reach_the_function() {
    let of = |function: &str| KeyLevel::Function { function: function.to_owned() };
    let app = App::new().await.with_http_function("Succeed", "function", "guarded");
    let app =
        app.with_key("default", "own", of("Succeed")).with_key("default", "other", of("Fail"));
    let app = app.with_key("default", "all", KeyLevel::HostFunction);
    let host = app.with_key("master", "top", KeyLevel::Master).run().await;
    for path in [
        "api/guarded",
        "api/guarded?code=",
        "api/guarded?code=OWN",
        "api/guarded?code=other",
        "api/guarded?code=other&code=own",
    ] {
        assert_eq!(
            answer(host.request(Method::GET, path)).await,
            (401, String::new(), String::new())
        );
    }
    let wrong_header =
        host.request(Method::GET, "api/guarded?code=own").header("x-functions-key", "no");
    assert_eq!(answer(wrong_header).await.0, 401);
    assert!(host.invocations().is_empty());
    for path in ["api/guarded?code=own", "api/guarded?CODE=all", "api/guarded?code=top"] {
        assert_eq!(status(&host, Method::GET, path).await, 200, "{path}");
    }
    let master = host.request(Method::GET, "api/guarded?code=no").header("X-Functions-Key", "top");
    assert_eq!(answer(master).await.0, 200);
    assert_eq!(host.invocations().len(), 4);
}

#[tokio::test]
async fn the_function_receives_the_request_as_the_host_sees_it() {
    let app = App::new().await.with_http_function("Reply", "function", "orders");
    let host = app.with_key("default", "k y", KeyLevel::HostFunction).run().await;
    let body = r#"{"name":"n"}"#;
    let path = "api/orders?code=k+y&x=1&X=2&flag";
    let request = host.request(Method::PUT, path).header("X-Two", "a").header("X-Two", "b");
    answer(request.body(body)).await;
    let call = host.received().await.remove(0);
    let (told, metadata) = (&call["Data"]["req"], &call["Metadata"]);
    assert_eq!(told["Url"], format!("{}{path}", host.http_url()));
    assert_eq!(told["Method"], "PUT");
    assert_eq!(told["Query"], json!({ "code": "k y", "x": "1,2", "flag": "" }));
    assert_eq!(told["Params"], json!({}));
    assert_eq!(told["Body"], body);
    assert_eq!(told["Headers"]["X-Two"], json!(["a", "b"]));
    assert_eq!(told["Headers"]["Content-Length"], json!([body.len().to_string()]));
    let claims = told["Identities"][0]["Claims"].as_array().unwrap();
    let claims: Vec<_> = claims.iter().map(|claim| claim["Value"].as_str().unwrap()).collect();
    assert_eq!(claims, ["Function", "true", "default"]);
    assert_eq!(metadata["name"], "\"n\"");
    assert_eq!(metadata["x"], "\"2\"");
    assert_eq!(metadata.get("code"), None);
    assert_eq!(metadata["Headers"]["X-Two"], "a,b");
    assert_eq!(metadata["sys"]["MethodName"], "Reply");
}

#[tokio::test]
async fn a_body_that_is_sent_in_chunks_is_lost() {
    let host = App::new().await.with_http_function("Succeed", "anonymous", "lost").run().await;
    let request = host.request(Method::POST, "api/lost").header(TRANSFER_ENCODING, "chunked");
    assert_eq!(answer(request.body(r#"{"a":1}"#)).await.0, 200);
    let call = host.received().await.remove(0);
    assert_eq!(call["Data"]["req"].get("Body"), None);
    assert_eq!(call["Metadata"].get("a"), None);
}

#[tokio::test]
async fn a_binary_body_is_base64() {
    let host = App::new().await.with_http_function("Succeed", "anonymous", "bytes").run().await;
    let request = host.request(Method::POST, "api/bytes");
    answer(request.header("Content-Type", "application/octet-stream").body(vec![0xff, 0])).await;
    let call = host.received().await.remove(0);
    assert_eq!(call["Data"]["req"]["Body"], "/wA=");
}

#[tokio::test]
async fn a_caller_without_key_and_principal_has_an_empty_identity() {
    let host = App::new().await.with_http_function("Succeed", "anonymous", "open").run().await;
    status(&host, Method::GET, "api/open?code=nonsense").await;
    let call = host.received().await.remove(0);
    let identities = &call["Data"]["req"]["Identities"];
    assert_eq!(identities[0]["AuthenticationType"], Value::Null);
    assert_eq!(identities[0]["IsAuthenticated"], false);
    assert_eq!((identities.as_array().unwrap().len(), &identities[0]["Claims"]), (1, &json!([])));
}

#[tokio::test]
async fn an_invocation_continues_if_its_caller_disconnects() {
    let host = App::new().await.with_http_function("Slow", "anonymous", "slow").run().await;
    let impatient = tokio::spawn(host.request(Method::GET, "api/slow").send());
    host.events("received").await;
    impatient.abort();
    assert_eq!(host.finished(1).await[0].outcome, Outcome::Succeeded);
}

#[tokio::test]
async fn stopping_the_host_answers_waiting_callers() {
    let host = App::new().await.with_http_function("Hold", "anonymous", "hold").run().await;
    let request = host.request(Method::GET, "api/hold");
    let waiting = tokio::spawn(answer(request));
    host.events("holding").await;
    host.stop().await;
    let status = waiting.await.unwrap().0;
    assert!(matches!(status, 500 | 503), "{status}");
}
