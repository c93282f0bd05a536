//! Texts of others are text, in each place where the page shows them.

use browser::Tab;
use serde_json::{Value, json};

use super::{
    documents::{HOSTILE, contoso, long},
    looking::{go, look, text, texts},
};

/// A report in which each text that others choose is hostile: those of one row are the same.
fn hostile() -> (Value, Vec<String>) {
    let names: Vec<_> = HOSTILE.iter().map(|name| (*name).to_owned()).chain([long()]).collect();
    let each = |row: &dyn Fn(usize, &str) -> Value| -> Value {
        names.iter().enumerate().map(|(place, name)| row(place, name)).collect()
    };
    let mut document = contoso();
    document["tenantId"] = HOSTILE[0].into();
    document["brokerVersion"] = HOSTILE[1].into();
    document["policy"] = json!({ "file": HOSTILE[3], "sha256": HOSTILE[4] });
    document["notes"] = each(&|_, name| name.into());
    document["principals"] = each(&|_, name| {
        json!({ "id": format!("principal {name}"), "name": name, "kind": "managedIdentity", "resourceId": name,
            "subscription": name, "resourceGroup": name })
    });
    document["apis"] = each(&|_, name| {
        json!({ "id": format!("api {name}"), "appId": name, "name": name, "owner": "thisTenant",
            "roles": [{ "id": name, "value": name, "displayName": format!("also {name}") }] })
    });
    document["rules"] = each(&|_, name| {
        json!({ "name": name, "list": "allow", "owner": name, "description": name, "maxDuration": name,
            "approval": name, "requesters": [name], "principals": [name], "api": name, "roles": [name],
            "actions": [name], "assignments": 1 })
    });
    document["assignments"] = each(&|place, name| {
        json!({ "principal": place, "api": place, "role": 0, "created": "2026-01-01T00:00:00Z", "rules": [place],
            "requester": name, "reason": name, "requestId": name, "approvedBy": [name, name],
            "recordedRule": format!("old {name}"), "coverage": "rule", "privileged": name, "origin": "broker" })
    });
    document["missing"] =
        each(&|place, _| json!({ "principal": place, "api": place, "role": 0, "rule": place }));
    document["gone"] = each(
        &|_, name| json!({ "principalName": name, "principalId": name, "apiName": name, "role": name }),
    );
    (document, names)
}

/// Asserts that only elements of the page's own are there, that links stay in the page, and that no text ran.
fn assert_harmless(tab: &Tab<'_>, place: &str) {
    let foreign = "Array.from(document.querySelectorAll('img, svg, iframe, object, embed, base, form[action], \
                   [onerror], [onload], [onmouseover], [srcdoc], script:not(#report) ~ script'), (it) => it.outerHTML)";
    assert_eq!(tab.evaluate(foreign).unwrap(), json!([]), "{place}");
    let counts = "[document.scripts.length, document.querySelectorAll('style').length, typeof globalThis.hacked]";
    assert_eq!(tab.evaluate(counts).unwrap(), json!([2, 1, "undefined"]), "{place}");
    let outside = "Array.from(document.querySelectorAll('a'), (link) => link.getAttribute('href'))\
                   .filter((href) => !href.startsWith('#'))";
    assert_eq!(tab.evaluate(outside).unwrap(), json!([]), "{place}");
}

#[test]
fn hostile_texts_are_text_in_every_list() {
    let (document, names) = hostile();
    look(&document, "", |tab| {
        for (view, columns) in [
            ("overview", &[][..]),
            (
                "assignments",
                &["Principal", "API", "Role", "Privileged", "Requested by", "Allowed by"],
            ),
            ("principals", &["Principal", "Resource group", "Subscription"]),
            ("apis", &["API"]),
            ("rules", &["Rule", "Owner", "Allows"]),
            ("missing", &["Principal", "API", "Role", "Rule of the baseline"]),
            ("gone", &["Principal", "API", "Role"]),
        ] {
            go(tab, &format!("#/{view}"));
            assert_harmless(tab, view);
            for column in columns {
                let shown = texts(tab, &format!(".list [data-label='{column}'] bdi"));
                for name in &names {
                    assert!(
                        shown.contains(name),
                        "{name:?} is not in the column {column} of {view}"
                    );
                }
            }
        }
        go(tab, "#/notes");
        assert_harmless(tab, "notes");
        assert_eq!(texts(tab, ".notes li"), names);
    });
}

#[test]
fn hostile_texts_are_text_on_pages_of_their_own() {
    let (document, names) = hostile();
    look(&document, "", |tab| {
        for name in &names {
            for (view, kind) in [("principal", "principal"), ("api", "api")] {
                let open = format!(
                    "void (location.hash = addressOf({view:?}, {:?} + JSON.parse({:?})))",
                    format!("{kind} "),
                    json!(name).to_string()
                );
                tab.evaluate(&open).unwrap();
                let shown = "new Promise((done) => { const look = () => shownAddress === location.hash ? done() : \
                             requestAnimationFrame(look); look(); })";
                tab.evaluate(shown).unwrap();
                assert_eq!(&text(tab, "h1"), name);
                assert_harmless(tab, name);
                let texts = texts(tab, ".list bdi");
                assert!(
                    texts.iter().filter(|text| *text == name).count() >= 5,
                    "{name:?}: {texts:?}"
                );
            }
        }
    });
}

#[test]
fn a_search_for_a_hostile_text_finds_its_row() {
    let (document, names) = hostile();
    look(&document, "#/assignments", |tab| {
        for name in names.iter().filter(|name| !name.contains(['\u{0}', '\n', '\u{2028}'])) {
            let search = format!(
                "(() => {{ const search = document.querySelector('#search-input'); search.value = JSON.parse({:?}); \
                 search.dispatchEvent(new Event('input')); }})()",
                json!(name).to_string()
            );
            tab.evaluate(&search).unwrap();
            let found = texts(tab, ".list tbody th bdi");
            assert!(found.contains(name), "{name:?}: {found:?}");
        }
        assert_harmless(tab, "the search");
    });
}

#[test]
fn hidden_characters_show_their_code_and_reorder_nothing_beside_them() {
    let mut document = contoso();
    document["principals"][0]["name"] = "\u{202e}sredro-di\u{200b}".into();
    look(&document, "#/principals?search=sredro", |tab| {
        let codes = "Array.from(document.querySelectorAll('tbody .hidden-character'), \
                     (it) => getComputedStyle(it, '::before').content + getComputedStyle(it).unicodeBidi)";
        assert_eq!(tab.evaluate(codes).unwrap(), json!(["\"U+202E\"isolate", "\"U+200B\"isolate"]));
        let name = "getComputedStyle(document.querySelector('tbody bdi')).unicodeBidi";
        assert_eq!(tab.evaluate(name).unwrap(), "isolate");
        tab.click("tbody th a").unwrap();
        tab.evaluate("new Promise((done) => setTimeout(done))").unwrap();
        let title = tab.evaluate("document.title").unwrap();
        assert_eq!(title, "\u{fffd}sredro-di\u{fffd} – Access report");
    });
}

#[test]
fn a_principal_without_a_visible_name_is_named_by_its_id() {
    let mut document = contoso();
    let blank = ["", "   ", "\u{200b}\u{202e}", "\u{3164}", "\u{a0}"];
    document["principals"] = blank
        .iter()
        .enumerate()
        .map(|(place, name)| json!({ "id": format!("id-{place}"), "name": name, "kind": "other" }))
        .collect();
    look(&document, "#/principals", |tab| {
        assert_eq!(texts(tab, ".list tbody th a"), ["id-0", "id-1", "id-2", "id-3", "id-4"]);
    });
}

#[test]
fn names_that_begin_alike_are_whole_whatever_their_characters_are() {
    let mut document = contoso();
    let names: Vec<_> = ["\u{1f600}", "\u{1f601}", "\u{e9}", "e\u{301}", "x"]
        .map(|end| format!("\u{1f600}\u{1f600} services of the same team {end}"))
        .into();
    document["principals"] = names
        .iter()
        .enumerate()
        .map(|(place, name)| json!({ "id": format!("id-{place}"), "name": name, "kind": "other" }))
        .collect();
    look(&document, "#/principals", |tab| {
        let mut shown = texts(tab, ".list tbody th a");
        shown.sort_unstable();
        let mut expected = names.clone();
        expected.sort_unstable();
        assert_eq!(shown, expected);
    });
}
