//! Documents of reports, as the command writes them: what is unknown or empty is absent.

use serde_json::{Value, json};

pub(super) const ORDERS_IDENTITY: &str = "11111111-1111-1111-1111-000000000001";
pub(super) const BILLING_IDENTITY: &str = "11111111-1111-1111-1111-000000000002";
pub(super) const ORDERS_API: &str = "22222222-2222-2222-2222-000000000001";
pub(super) const GRAPH: &str = "22222222-2222-2222-2222-000000000002";
pub(super) const DELETED_ROLE: &str = "33333333-3333-3333-3333-000000000003";

const SUBSCRIPTION: &str = "44444444-4444-4444-4444-444444444444";

/// Texts that a directory, a policy or a request could have and that other programs take for code, for
/// markup, for a formula, for the end of a text, or for nothing.
pub(super) const HOSTILE: [&str; 36] = [
    "<script>globalThis.hacked = 1</script>",
    "</script><script>globalThis.hacked = 1</script>",
    "</SCRIPT ><script>globalThis.hacked = 1</script>",
    "<img src=x onerror=\"globalThis.hacked = 1\">",
    "<svg/onload=globalThis.hacked=1>",
    "\"><iframe srcdoc='<script>parent.hacked = 1</script>'>",
    "' onmouseover='globalThis.hacked = 1",
    "<!--<script>",
    "]]><!CDATA[",
    "&lt;b&gt;&amp;&#x3c;",
    "javascript:globalThis.hacked=1",
    "data:text/html,<script>alert(1)</script>",
    "{{constructor.constructor('globalThis.hacked=1')()}}",
    "${globalThis.hacked = 1}",
    "{{script}}",
    "`;globalThis.hacked=1;//",
    "line\u{2028}separator\u{2029}s",
    "line\nbreak\r\nand\ttab",
    "null\u{0}byte",
    "\u{202e}txt.exe",
    "\u{2066}isolate\u{2069} \u{200f}marks",
    "zero\u{200b}width\u{feff}",
    "\u{1b}[31mescape",
    "=HYPERLINK(\"https://contoso.com\",\"open\")",
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1+1)",
    "  =1+1",
    "\u{ff1d}1+1",
    "a\"b,c;d",
    "null",
    "undefined",
    "__proto__",
    "constructor",
    "../../#/overview?search=x&sort=-y",
    "<style>body { display: none }</style><base href=https://contoso.com/>",
];

/// A text of the longest kind that a caller can store anywhere.
pub(super) fn long() -> String {
    "long ".repeat(50) + &"x".repeat(1750)
}

fn principal(id: &str, name: &str, kind: &str) -> Value {
    json!({ "id": id, "name": name, "kind": kind })
}

fn identity(id: &str, name: &str, group: &str) -> Value {
    let provider = "Microsoft.ManagedIdentity/userAssignedIdentities";
    json!({
        "id": id,
        "name": name,
        "kind": "managedIdentity",
        "resourceId": format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/{provider}/{name}"),
        "subscription": SUBSCRIPTION,
        "resourceGroup": group,
    })
}

fn apis() -> Value {
    json!([
        {
            "id": ORDERS_API, "appId": "22222222-2222-2222-2222-00000000000a", "name": "Orders API",
            "owner": "thisTenant",
            "roles": [
                { "id": "33333333-3333-3333-3333-000000000001", "value": "Orders.Read" },
                { "id": "33333333-3333-3333-3333-000000000002", "value": "Orders.Write" },
                { "id": DELETED_ROLE },
                { "id": "33333333-3333-3333-3333-000000000004", "value": "Orders.Export" },
            ],
        },
        {
            "id": GRAPH, "appId": "00000003-0000-0000-c000-000000000000", "name": "Microsoft Graph",
            "owner": "microsoft",
            "roles": [
                { "id": "33333333-3333-3333-3333-000000000005", "value": "User.Read.All" },
                { "id": "33333333-3333-3333-3333-000000000006", "value": "Directory.ReadWrite.All" },
            ],
        },
    ])
}

fn rules() -> Value {
    json!([
        {
            "name": "orders-read", "list": "allow", "owner": "team-orders",
            "description": "The order services read orders", "requesters": ["queue:team-orders"],
            "principals": ["/subscriptions/*/resourceGroups/rg-orders"], "api": "api://orders",
            "roles": ["Orders.Read"], "actions": ["assign", "revoke"], "assignments": 2,
        },
        {
            "name": "orders-write", "list": "allow", "maxDuration": "P30D", "approval": "1 of 2 approvers",
            "privileged": true, "requesters": ["queue:team-orders"], "principals": ["*"],
            "api": "api://orders", "roles": ["Orders.Write"], "assignments": 1,
        },
        {
            "name": "users", "list": "baseline", "owner": "identity-team",
            "principals": ["/subscriptions/*"], "api": "microsoftGraph", "roles": ["User.Read.All"],
            "assignments": 1,
        },
        {
            "name": "import", "list": "allow", "owner": "team-orders", "expires": "2026-10-01T00:00:00Z",
            "requesters": ["http:*"], "principals": ["*"], "api": "api://orders",
            "roles": ["Orders.Export"], "assignments": 0,
        },
    ])
}

fn assignments() -> Value {
    json!([
        {
            "principal": 0, "api": 0, "role": 0, "created": "2026-01-02T03:04:05Z",
            "requester": "queue:team-orders", "reason": "The service reads orders", "requestId": "request-1",
            "recordedRule": "orders-read", "rules": [0], "coverage": "rule", "origin": "broker",
        },
        {
            "principal": 0, "api": 1, "role": 0, "created": "2025-06-01T00:00:00Z", "rules": [2],
            "coverage": "baseline", "origin": "broker",
        },
        {
            "principal": 2, "api": 1, "role": 1, "created": "2024-02-03T00:00:00Z", "coverage": "none",
            "privileged": "can change the directory", "origin": "other",
        },
        {
            "principal": 1, "api": 0, "role": 1, "created": "2026-11-20T00:00:00Z",
            "endDateTime": "2026-12-01T08:00:00Z", "tokensUntil": "2026-12-02T08:00:00Z",
            "requester": "http:77777777-7777-7777-7777-777777777777", "reason": "Incident 4711",
            "requestId": "request-2", "recordedRule": "orders-write", "rules": [1],
            "approvedBy": ["http:88888888-8888-8888-8888-888888888888"], "coverage": "rule",
            "privileged": "the policy names it", "origin": "broker", "change": "new",
        },
        { "principal": 3, "api": 0, "role": 2, "coverage": "none", "origin": "unknown" },
        {
            "principal": 1, "api": 0, "role": 0, "created": "2026-03-04T00:00:00Z",
            "endDateTime": "2026-11-25T00:00:00Z", "requester": "queue:team-billing",
            "recordedRule": "orders-old", "rules": [0], "coverage": "rule", "origin": "broker",
        },
    ])
}

/// A small tenant, in which everything occurs that a report can say.
pub(super) fn contoso() -> Value {
    json!({
        "$schema": "urn:app-role-broker:schema:report",
        "format": 1,
        "generatedAt": "2026-11-26T20:00:00Z",
        "tenantId": "66666666-6666-6666-6666-666666666666",
        "brokerVersion": "0.1.0",
        "complete": false,
        "policy": { "sha256": "ab".repeat(32), "file": "policy.json" },
        "comparedWith": { "generatedAt": "2026-10-26T20:00:00Z" },
        "principals": [
            identity(ORDERS_IDENTITY, "id-orders", "rg-orders"),
            identity(BILLING_IDENTITY, "id-billing", "rg-billing"),
            principal("11111111-1111-1111-1111-000000000003", "reporting", "application"),
            principal("11111111-1111-1111-1111-000000000004", "help agent", "agent"),
            principal("11111111-1111-1111-1111-000000000005", "help blueprint", "agentBlueprint"),
        ],
        "apis": apis(),
        "rules": rules(),
        "assignments": assignments(),
        "missing": [{ "principal": 1, "api": 1, "role": 0, "rule": 2 }],
        "gone": [{
            "principalName": "id-billing", "principalId": BILLING_IDENTITY, "apiName": "Orders API",
            "role": "Orders.Export", "created": "2025-05-05T05:05:05Z",
        }],
        "notes": ["the holders of 1 API could not be read: Microsoft Graph answered 403"],
    })
}

/// The report of a tenant in which no principal holds a role, made without a policy.
pub(super) fn empty() -> Value {
    json!({
        "format": 1, "generatedAt": "2026-11-26T20:00:00Z", "brokerVersion": "0.1.0", "complete": true,
        "principals": [], "apis": [], "rules": [], "assignments": [], "missing": [], "gone": [], "notes": [],
    })
}

/// A tenant with this many identities that hold one role each.
pub(super) fn of_size(identities: usize, assignments: usize) -> Value {
    let id = |number: usize| format!("11111111-1111-1111-1111-{number:012}");
    let mut document = contoso();
    document["principals"] = (0..identities)
        .map(|number| {
            identity(&id(number), &format!("id-service-{number}"), &format!("rg-{}", number % 100))
        })
        .collect();
    document["assignments"] = (0..assignments)
        .map(|number| {
            json!({
                "principal": number % identities, "api": number / identities % 2, "role": number % 2,
                "created": format!("2026-{:02}-{:02}T{:02}:{:02}:00Z", 1 + number % 11, 1 + number / 11 % 28, number / 300 % 24, number % 60),
                "rules": [number % 4], "coverage": "rule", "origin": "broker",
                "requester": format!("queue:team-{}", number % 40), "reason": format!("Reason {number}"),
                "requestId": format!("request-{number}"), "recordedRule": "orders-read",
            })
        })
        .collect();
    document["missing"] = json!([]);
    document
}

/// The largest tenant that the page must show well.
pub(super) fn large() -> Value {
    of_size(10_000, 50_000)
}
