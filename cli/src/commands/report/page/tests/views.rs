//! What each view of the page says.

use serde_json::{Value, json};

use super::{
    super::page,
    documents::{
        BILLING_IDENTITY, DELETED_ROLE, GRAPH, ORDERS_API, ORDERS_IDENTITY, contoso, empty, large,
    },
    looking::{WIDE, column, follow, go, look, look_at, status, text, texts},
};

/// The views of a report that has all of them.
pub(super) const VIEWS: [(&str, &str); 8] = [
    ("#/overview", "Overview"),
    ("#/assignments", "Assignments"),
    ("#/principals", "Principals"),
    ("#/apis", "APIs"),
    ("#/rules", "Rules"),
    ("#/missing", "Missing from the tenant"),
    ("#/gone", "Gone since the earlier report"),
    ("#/notes", "Notes"),
];

#[test]
fn each_view_has_a_heading_a_title_and_a_mark_in_the_navigation() {
    look(&contoso(), "", |tab| {
        for (place, (address, title)) in VIEWS.into_iter().enumerate() {
            let link = format!("#views li:nth-child({}) a", place + 1);
            assert_eq!(follow(tab, &link), address);
            assert_eq!(texts(tab, "h1"), [title]);
            let shown = tab.evaluate("document.title").unwrap();
            assert_eq!(shown, format!("{title} – Access report"));
            let current =
                tab.evaluate("document.querySelector('[aria-current=page]').hash").unwrap();
            assert_eq!(current, address);
            assert_eq!(tab.evaluate("document.activeElement.localName").unwrap(), "h1");
        }
    });
}

#[test]
fn each_count_of_the_overview_leads_to_the_rows_that_it_counts() {
    look(&contoso(), "", |tab| {
        let cards = texts(tab, ".card");
        assert_eq!(
            cards,
            [
                "5Principals",
                "2APIs",
                "6Assignments",
                "2Privileged assignments",
                "1End within 14 days",
                "1End has passed",
                "2Allowed by no rule",
                "1Missing: in the baseline, not in the tenant",
                "1Rules that are not used",
                "1New since the earlier report",
                "1Gone since the earlier report",
            ]
        );
        for (place, card) in cards.iter().enumerate() {
            go(tab, "#/overview");
            follow(tab, &format!(".cards li:nth-child({}) a", place + 1));
            assert!(status(tab).starts_with(&card[..1]), "{card}: {}", status(tab));
        }
    });
}

#[test]
fn the_overview_says_what_was_reported_and_what_is_unknown() {
    look(&contoso(), "", |tab| {
        let facts = texts(tab, ".facts div");
        assert_eq!(
            facts,
            [
                "Made at (UTC)2026-11-26 20:00".to_owned(),
                "Tenant66666666-6666-6666-6666-666666666666".to_owned(),
                "Compared with the report of (UTC)2026-10-26 20:00".to_owned(),
                "app-role0.1.0".to_owned(),
                format!("Policypolicy.jsonSHA-256 {}", "ab".repeat(32)),
            ]
        );
        assert!(text(tab, ".notice").starts_with("Not complete"), "{:?}", texts(tab, ".notice"));
        assert_eq!(
            texts(tab, ".notes li"),
            ["the holders of 1 API could not be read: Microsoft Graph answered 403"]
        );
        let owners = texts(tab, "table[aria-label='Owners of rules'] tbody tr");
        assert_eq!(owners, ["identity-team101", "team-orders212", "No owner101"]);
    });
}

#[test]
fn the_page_of_a_principal_says_since_when_until_when_who_asked_why_and_by_which_rule() {
    look(&contoso(), &format!("#/principal/{BILLING_IDENTITY}"), |tab| {
        assert_eq!(texts(tab, "h1"), ["id-billing"]);
        assert_eq!(text(tab, ".kind"), "Managed identity");
        assert!(texts(tab, ".facts div").contains(&"Resource grouprg-billing".to_owned()));
        assert_eq!(status(tab), "2 assignments");
        let rows = texts(tab, ".list tbody tr");
        let expected = [
            "Orders APIOrders.ReadNo2026-03-04 00:00\
             2026-11-25 00:00 End has passed\
             queue:team-billing\
             orders-readOwner: team-ordersRule in the record: orders-old",
            "Orders APIOrders.Write New\
             Privilegedthe policy names it\
             2026-11-20 00:002026-12-01 08:00 Ends soonTokens until 2026-12-02 08:00\
             http:77777777-7777-7777-7777-777777777777Reason: Incident 4711\
             Approved by http:88888888-8888-8888-8888-888888888888Request request-2\
             orders-write",
        ];
        assert_eq!(rows, expected);
        let related = |label: &str| texts(tab, &format!("table[aria-label='{label}'] tbody tr"));
        assert_eq!(related("Missing from the tenant"), ["Microsoft GraphUser.Read.Allusers"]);
        assert_eq!(
            related("Gone since the earlier report"),
            ["Orders APIOrders.Export2025-05-05 05:05"]
        );
    });
}

#[test]
fn the_page_of_an_api_says_who_holds_its_roles() {
    look(&contoso(), &format!("#/api/{ORDERS_API}"), |tab| {
        assert_eq!(texts(tab, "h1"), ["Orders API"]);
        assert_eq!(status(tab), "4 assignments");
        assert_eq!(
            column(tab, "Principal"),
            ["help agent", "id-billing", "id-billing", "id-orders"]
        );
        assert_eq!(
            column(tab, "Role"),
            [DELETED_ROLE, "Orders.Read", "Orders.Write", "Orders.Read"]
        );
        let held = texts(tab, "table[aria-label=Roles] tbody tr td:last-child");
        assert_eq!(held, ["2", "1", "1"]);
        assert!(
            texts(tab, "section p").contains(&"No principal holds the other 1 role.".to_owned())
        );
    });
}

#[test]
fn the_rules_show_owners_limits_and_use() {
    look(&contoso(), "#/rules", |tab| {
        assert_eq!(column(tab, "Rule"), ["orders-read", "orders-write", "users", "import"]);
        assert_eq!(
            column(tab, "Owner"),
            ["team-orders", "No owner", "identity-team", "team-orders"]
        );
        assert_eq!(column(tab, "Assigns"), ["On request", "On request", "Baseline", "On request"]);
        let limits = texts(tab, "[data-label=Limits]");
        assert_eq!(
            limits,
            [
                "None",
                "PrivilegedAssigns for at most P30DApproval: 1 of 2 approvers",
                "None",
                "ExpiredRule ends 2026-10-01 00:00"
            ]
        );
        assert_eq!(texts(tab, "td[data-label=Assignments]"), ["2", "1", "1", "Not used"]);
        follow(tab, "tbody tr:first-child td[data-label=Assignments] a");
        assert_eq!(column(tab, "Principal"), ["id-billing", "id-orders"]);
        assert_eq!(column(tab, "Allowed by"), ["orders-read", "orders-read"]);
    });
}

#[test]
fn missing_and_gone_assignments_name_principal_api_role_and_rule() {
    look(&contoso(), "#/missing", |tab| {
        assert_eq!(texts(tab, ".list tbody tr"), ["id-billingMicrosoft GraphUser.Read.Allusers"]);
        follow(tab, ".list tbody th a");
        assert_eq!(texts(tab, "h1"), ["id-billing"]);
        go(tab, "#/gone");
        let gone = format!("id-billing{BILLING_IDENTITY}Orders APIOrders.Export2025-05-05 05:05");
        assert_eq!(texts(tab, ".list tbody tr"), [gone]);
    });
}

#[test]
fn a_view_that_does_not_exist_is_named_as_that() {
    for (address, sentence) in [
        ("#/principal/nothing", "This report has no principal with the id nothing."),
        ("#/principal/%E0%A4%A", "This report has no principal with the id %E0%A4%A."),
        ("#/api/<b>", "This report has no API with the id %3Cb%3E."),
        ("#/constructor", "This report has no view with the id constructor."),
    ] {
        look(&contoso(), address, |tab| {
            let said = text(tab, "main p:last-child");
            assert!(said == sentence || said.replace("<b>", "%3Cb%3E") == sentence, "{said}");
        });
    }
}

#[test]
fn without_a_policy_and_an_earlier_report_nothing_is_said_about_them() {
    let mut document = contoso();
    for name in ["policy", "comparedWith"] {
        document.as_object_mut().unwrap().remove(name);
    }
    for list in ["rules", "missing", "gone"] {
        document[list] = json!([]);
    }
    for assignment in document["assignments"].as_array_mut().unwrap() {
        for name in ["coverage", "rules", "change"] {
            assignment.as_object_mut().unwrap().remove(name);
        }
    }
    look(&document, "", |tab| {
        let cards = texts(tab, ".card").concat();
        for word in ["rule", "Missing", "New", "Gone"] {
            assert!(!cards.contains(word), "{cards}");
        }
        assert!(text(tab, ".facts").contains("Not given: nothing is said about rules"));
        assert!(!texts(tab, "#views a").concat().contains("Rules"));
        go(tab, "#/assignments");
        assert!(column(tab, "Allowed by").iter().all(|cell| cell.starts_with("No policy given")));
    });
}

#[test]
fn a_role_of_the_broker_itself_is_no_finding_and_a_requester_is_stated_only_if_it_is_known() {
    let mut document = contoso();
    document["assignments"][2]["coverage"] = "broker".into();
    look(&document, "", |tab| {
        assert!(texts(tab, ".card").contains(&"1Allowed by no rule".to_owned()));
        go(tab, "#/assignments");
        let requesters = column(tab, "Requested by");
        assert_eq!(requesters[0], "Not known");
        assert!(requesters.contains(&"Without a request".to_owned()));
        assert!(requesters.iter().any(|it| it.starts_with("Not on record")), "{requesters:?}");
        go(tab, "#/assignments?coverage=broker");
        assert_eq!(column(tab, "Allowed by"), ["The broker's own role"]);
    });
}

#[test]
fn an_empty_report_shows_that_it_is_empty_in_every_view() {
    look(&empty(), "", |tab| {
        assert_eq!(texts(tab, ".card-number").concat(), "00000");
        assert_eq!(texts(tab, ".notice"), Vec::<String>::new());
        for (address, said) in [
            ("#/assignments", "0 assignments"),
            ("#/principals", "0 principals"),
            ("#/apis", "0 APIs"),
        ] {
            go(tab, address);
            assert_eq!(status(tab), said);
            assert_eq!(tab.evaluate("document.querySelector('table').hidden").unwrap(), true);
        }
    });
    // A document of another version may lack lists.
    look(&json!({ "generatedAt": "2026-11-26T20:00:00Z" }), "#/assignments", |tab| {
        assert_eq!(status(tab), "0 assignments");
    });
}

#[test]
fn a_damaged_report_says_that_it_cannot_be_shown() {
    let whole = page(&contoso());
    let cut = whole.replacen("\"format\":1", "\"format\":", 1);
    assert_ne!(cut, whole);
    look_at((&cut, ""), WIDE, |tab| {
        let said = "This report cannot be shown, because its data is damaged. Make it again with app-role report.";
        assert_eq!(text(tab, "main p"), said);
    });
}

#[test]
fn a_script_that_was_added_to_the_file_does_not_run() {
    let added =
        "<script>globalThis.hacked = 1</script><img src=x onerror='globalThis.hacked = 1'></main>";
    let changed = page(&contoso()).replacen("</main>", added, 1);
    look_at((&changed, ""), WIDE, |tab| {
        assert_eq!(tab.evaluate("typeof globalThis.hacked").unwrap(), "undefined");
        assert_eq!(texts(tab, "h1"), ["Overview"]);
        let violations = tab.faults().unwrap();
        assert!(
            violations.iter().any(|it| it.starts_with("script-src-elem inline")),
            "{violations:?}"
        );
    });
}

#[test]
fn a_report_of_50_000_assignments_can_be_searched() {
    look(&large(), "", |tab| {
        assert!(texts(tab, ".card").contains(&"50,000Assignments".to_owned()));
        go(tab, "#/assignments?search=id-service-9999&sort=-since");
        assert_eq!(status(tab), "5 of 50,000 assignments");
        let links = tab.evaluate("document.querySelectorAll('.list tbody tr').length").unwrap();
        assert_eq!(links, Value::from(5));
    });
}

#[test]
fn links_lead_between_principals_and_apis() {
    look(&contoso(), "#/assignments", |tab| {
        follow(tab, "td[data-label=API] a");
        assert_eq!(texts(tab, "h1"), ["Orders API"]);
        go(tab, &format!("#/principal/{ORDERS_IDENTITY}"));
        assert_eq!(column(tab, "API"), ["Microsoft Graph", "Orders API"]);
        let address = follow(tab, "[data-label=API] a");
        assert_eq!(address, format!("#/api/{GRAPH}"));
    });
}
