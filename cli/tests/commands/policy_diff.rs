//! `policy diff`: the effect of a change of the policy.

use app_roles::text::is_printable;
use serde_json::{Value, json};
use tenant_emulator::{
    Fault, Route,
    contoso::{ORDERS_API, ORDERS_IDENTITY, REPORTS_IDENTITY},
};

use crate::world::{Ended, POLICY, World, end, with_baseline};

/// A name that would be markup, a mention, a link or a second line, if it were not text.
const HOSTILE_NAMES: [&str; 8] = [
    "a|b|c",
    "`code` ``more``",
    "```",
    "<img src=x onerror=alert(1)>",
    "@contoso/owners please approve",
    "[free](https://example.com) #1 &amp; **bold**",
    "- [x] reviewed",
    "# heading \\` \\",
];

/// [`POLICY`] with other fields in its rule.
fn changed(more: &Value) -> String {
    let mut policy: Value = serde_json::from_str(POLICY).unwrap();
    policy["allow"][0].as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    policy.to_string()
}

/// Compares [`POLICY`] with another policy.
async fn diff(new: &str, more: &[&str]) -> Ended {
    let world = World::new().await;
    world.write("new.json", new);
    without_sign_in(&world, &[&["policy", "diff", "policy.json", "new.json"], more].concat()).await
}

async fn without_sign_in(world: &World, arguments: &[&str]) -> Ended {
    let mut command = world.command(arguments);
    command.env_remove("IDENTITY_ENDPOINT").env_remove("GRAPH_ENDPOINT");
    end(command, "").await
}

#[tokio::test]
async fn files_that_cannot_be_compared_are_refused_with_the_faults_of_both() {
    let world = World::new().await;
    world.write("one.json", r#"{ "version": 2, "allow": [] }"#);
    world.write("other.json", r#"{ "version": 1, "allow": [ { "name": "a" } ] }"#);
    let ended = without_sign_in(&world, &["policy", "diff", "one.json", "other.json"]).await;
    ended.assert_failed(1, &["one.json", "supports only version 1", "other.json", "requesters"]);
    for (arguments, code, text) in [
        (&["policy.json", "missing.json"][..], 1, "missing.json cannot be read"),
        (&["missing.json", "policy.json"], 1, "missing.json cannot be read"),
        (&["-", "-"], 2, "only one of OLD and NEW can be standard input"),
        (&["-"], 1, "standard input is empty"),
        (&["policy.json", "policy.json", "--markdown", "--output", "json"], 2, "--markdown"),
        (&[], 2, "<OLD>"),
    ] {
        let ended = world.run(&[&["policy", "diff"], arguments].concat()).await;
        ended.assert_failed(code, &[text]);
        assert_eq!(ended.stdout, "", "{ended:?}");
    }
}

#[tokio::test]
async fn what_is_new_what_is_gone_and_what_has_other_terms_is_said_in_words() {
    let place = "/subscriptions/c0a70500-0000-4000-8000-000000000002";
    for (more, texts) in [
        (
            json!({ "roles": ["Orders.Read", "Orders.Write", "Orders.Admin"] }),
            &[
                "Newly allowed",
                "+ queue:app-role-requests may now assign Orders.Admin of \
                 c0a70500-0000-4000-8000-0000000000b1 for the managed identities in /subscriptions/",
                "(rule \"orders workloads\").",
                "1 newly allowed, 0 no longer allowed, 0 on other terms, 0 in what is protected",
            ][..],
        ),
        (
            json!({ "principals": [place] }),
            &["Before, only Orders.Read for the managed identities in /subscriptions/"],
        ),
        (
            json!({ "roles": ["Orders.Write"] }),
            &["No longer allowed", "may no longer assign Orders.Read"],
        ),
        (
            json!({ "maxDuration": "PT8H", "approval": { "by": ["http:c0a70500-0000-4000-8000-0000000000e1"] } }),
            &[
                "Allowed on other terms",
                "it needs approval now and it may last for a shorter time",
                "Before: without approval, without a limit of time.",
                "Now: once http:c0a70500-0000-4000-8000-0000000000e1 has approved it within P1D, for PT8H at most.",
            ],
        ),
        (
            json!({ "api": "graph", "roles": ["User.Read.All"], "privileged": true }),
            &["may now assign the privileged role User.Read.All of graph for"],
        ),
    ] {
        diff(&changed(&more), &[]).await.assert_said(6, texts);
    }
    let with_more = with_baseline(&["Orders.Read"], &json!({ "protected": [ORDERS_IDENTITY] }));
    diff(&with_more, &[]).await.assert_said(
        6,
        &[
            "Newly in the baseline",
            "+ Orders.Read of c0a70500-0000-4000-8000-0000000000b1 is now assigned to the managed identities \
             in /subscriptions/",
            "+ No rule can touch the principal or API c0a70500-0000-4000-8000-0000000000c0 any more.",
            "Remarks",
            "Principals whose appId is unknown are protected now",
        ],
    );
}

#[tokio::test]
async fn policies_that_allow_the_same_have_no_difference() {
    let renamed = changed(&json!({ "name": "renamed", "owner": "team-orders@contoso.com" }));
    let ended = diff(&renamed.replace("Orders.", "orders."), &[]).await;
    ended.assert_done(&[
        "The rule \"orders workloads\" is called \"renamed\" now. Earlier records keep the old name.",
        "no difference: both policies allow the same",
    ]);
    assert_eq!(diff(&renamed, &["--output", "json"]).await.json()["differs"], false);
}

#[tokio::test]
async fn a_role_of_microsoft_graph_by_value_and_by_id_is_one_role() {
    let by = |role: &str| changed(&json!({ "api": "graph", "roles": [role], "privileged": true }));
    let world = World::new().await;
    world.write("value.json", &by("User.Read.All"));
    world.write("id.json", &by("df021288-bdef-4463-88db-98f22de89214"));
    let ended = without_sign_in(&world, &["policy", "diff", "value.json", "id.json"]).await;
    ended.assert_done(&["no difference"]);
}

#[tokio::test]
async fn standard_input_and_the_file_of_the_option_are_compared() {
    let world = World::new().await;
    world.write("policy.json", &changed(&json!({ "roles": ["Orders.Read"] })));
    let ended = world.run_with(&["policy", "diff", "-"], POLICY).await;
    ended.assert_said(6, &["may no longer assign Orders.Write"]);
    let ended = world.run_with(&["policy", "diff", "policy.json", "-"], POLICY).await;
    ended.assert_said(6, &["may now assign Orders.Write"]);
}

#[tokio::test]
async fn the_document_has_everything_that_the_sentences_say() {
    let new =
        changed(&json!({ "roles": ["Orders.Read", "Orders.Admin"], "expires": "2099-12-31" }));
    let ended = diff(&new, &["--output", "json"]).await;
    assert_eq!(ended.code, 6, "{ended:?}");
    let document = ended.json();
    assert_eq!(document["old"]["file"], "policy.json");
    assert_eq!(document["new"]["sha256"].as_str().unwrap().len(), 64);
    let changes: Vec<_> = document["onRequest"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["change"].as_str().unwrap(), one["roles"][0].as_str().unwrap()))
        .collect();
    let expected =
        [("allowed", "Orders.Admin"), ("otherTerms", "Orders.Read"), ("withdrawn", "Orders.Write")];
    assert_eq!(changes, expected);
    let allowed = &document["onRequest"][0];
    assert_eq!(allowed["requesters"], json!(["queue:app-role-requests"]));
    assert_eq!(
        (&allowed["actions"], &allowed["rule"]),
        (&json!(["assign"]), &json!("orders workloads"))
    );
    assert_eq!(allowed["now"][0]["lastDay"], "2099-12-31");
    assert_eq!(document.get("tenant"), None);
}

#[tokio::test]
async fn hostile_names_are_text_in_markdown() {
    for name in HOSTILE_NAMES {
        let role = name.replace([' ', '*'], "");
        let new = changed(&json!({ "name": name, "roles": [role], "owner": name }));
        let ended = diff(&new, &["--markdown"]).await;
        assert_eq!(ended.code, 6, "{ended:?}");
        let outside = without_code(&ended.stdout);
        for part in ["|", "`", "<", "@", "[", "#1", "heading", "example.com"] {
            assert!(!outside.contains(part), "{part:?} of {name:?} is markup: {}", ended.stdout);
        }
        let lines = ended.stdout.lines().filter(|line| !line.is_empty());
        for line in lines {
            let begins = ["### What this change", "**", "- ", "1 newly", "2 newly"];
            assert!(begins.iter().any(|begin| line.starts_with(begin)), "{line:?} of {name:?}");
        }
    }
}

#[tokio::test]
async fn no_format_prints_a_control_character_of_a_policy() {
    let hostile = "Orders\u{1b}[2J\u{202e}\u{9b}.Read";
    for format in [&[][..], &["--markdown"], &["--output", "json"]] {
        let new = changed(&json!({ "name": hostile, "roles": ["Orders.Write"] }));
        let ended = diff(&new, format).await;
        assert_eq!(ended.code, 1, "{ended:?}");
        assert!(ended.stderr.contains("allow[0].name"), "{ended:?}");
        let is_shown = |character| character == '\n' || is_printable(character);
        assert!((ended.stdout + &ended.stderr).chars().all(is_shown));
    }
}

/// The text without its code spans ("GitHub Flavored Markdown Spec", 6.3): one begins with a run of
/// backticks and ends with the next run of the same length.
fn without_code(text: &str) -> String {
    let mut outside = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('`') {
        outside.push_str(&rest[..at]);
        let run = rest[at..].bytes().take_while(|byte| *byte == b'`').count();
        let (fence, inner) = rest[at..].split_at(run);
        let mut end = None;
        let mut from = 0;
        while let Some(found) = inner[from..].find('`') {
            let start = from + found;
            let length = inner[start..].bytes().take_while(|byte| *byte == b'`').count();
            from = start + length;
            if length == run {
                end = Some(from);
                break;
            }
        }
        match end {
            Some(end) => rest = &inner[end..],
            None => {
                outside.push_str(fence);
                rest = inner;
            }
        }
    }
    outside + rest
}

#[tokio::test]
async fn markdown_says_what_the_sentences_say() {
    let new = changed(&json!({ "roles": ["Orders.Read", "Orders.Write", "Orders.Admin"] }));
    diff(&new, &["--markdown"]).await.assert_said(
        6,
        &[
            "### What this change of the policy does\n\n**Newly allowed**\n\n- ➕ `queue:app-role-requests` \
             may now assign `Orders.Admin` of `c0a70500-0000-4000-8000-0000000000b1` for the managed \
             identities in `/subscriptions/",
            "(rule `orders workloads`).\n\n1 newly allowed",
            "SHA-256 of the file: `",
        ],
    );
    diff(POLICY, &["--markdown"])
        .await
        .assert_done(&["\n\nNo difference: both policies allow the same."]);
}

#[tokio::test]
async fn the_assignments_in_the_tenant_that_a_change_touches_are_listed() {
    let world = World::new().await;
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Write").unwrap();
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Admin").unwrap();
    world.tenant.grant(REPORTS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    let mut new: Value =
        serde_json::from_str(&with_baseline(&["Orders.Read"], &json!({}))).unwrap();
    // The API by another name is the same API, because the tenant says so.
    new["allow"][0]["api"] = json!("api://orders");
    new["allow"][0]["roles"] = json!(["Orders.Read", "Orders.Admin"]);
    world.write("new.json", &new.to_string());
    let arguments = ["policy", "diff", "policy.json", "new.json", "--online", "--output", "json"];
    let ended = world.run(&arguments).await;
    assert_eq!(ended.code, 6, "{ended:?}");
    let document = ended.json();
    let held = |list: &str| -> Vec<(String, String)> {
        let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
        let list = document["tenant"][list].as_array().unwrap().iter();
        list.map(|one| (text(one, "principal"), text(one, "role"))).collect()
    };
    let of_orders = |role: &str| vec![("id-orders".to_owned(), role.to_owned())];
    assert_eq!(held("uncovered"), of_orders("Orders.Write"), "{document}");
    assert_eq!(held("covered"), of_orders("Orders.Admin"), "{document}");
    assert_eq!(held("toAssign"), of_orders("Orders.Read"), "{document}");
    assert_eq!(document["tenant"]["unread"], json!([]));
    let changes = document["onRequest"].as_array().unwrap();
    assert_eq!(changes.len(), 2, "one new role and one that is gone: {document}");
    world.run(&arguments[..5]).await.assert_said(
        6,
        &[
            "Held, and covered by no rule any more: it stays until it is revoked or ends",
            "- id-orders (c0a70500-0000-4000-8000-0000000000c0): Orders.Write of Orders API",
            "Held, and covered by a rule now",
            "Not held, and assigned by the baseline",
            "1 assignment covered by no rule any more, 1 assignment covered now, 1 role that the baseline",
        ],
    );
    assert!(world.is_untouched());
}

#[tokio::test]
async fn a_tenant_that_cannot_be_read_is_a_failure() {
    let world = World::new().await;
    let outage = Fault::error(503, "ServiceUnavailable", "The service is unavailable.");
    world.tenant.answer_every(Route::ListServicePrincipals, outage);
    let mut command = world.command(&["policy", "diff", "policy.json", "policy.json", "--online"]);
    command.env("PACE_FACTOR", "0.01");
    end(command, "").await.assert_failed(1, &["error: Microsoft Graph"]);
}

#[tokio::test]
async fn a_requester_whose_requests_can_never_be_approved_is_named() {
    let lia = "http:c0a70500-0000-4000-8000-0000000000e1";
    let new = changed(&json!({ "requesters": ["queue:team", lia], "approval": { "by": [lia] } }));
    let never = format!("What is requested by {lia} is denied, because it can never be approved");
    diff(&new, &[]).await.assert_said(6, &[&never]);
    let other = "http:c0a70500-0000-4000-8000-0000000000e2";
    let new = changed(&json!({ "requesters": [lia], "approval": { "by": [lia, other] } }));
    let ended = diff(&new, &[]).await;
    assert!(!ended.stdout.contains("never be approved"), "{ended:?}");
}
