//! The page fits windows and paper, is readable in light and dark, and can be used without a mouse and without
//! eyes.

use browser::Window;
use serde_json::json;

use super::{
    documents::{BILLING_IDENTITY, ORDERS_API, contoso, long, of_size},
    looking::{MIDDLE, NARROW, WIDE, go, look, look_through, text, texts},
    views::VIEWS,
};

/// All views, and one page of each kind.
fn addresses() -> Vec<String> {
    let views = VIEWS.iter().map(|(address, _)| (*address).to_owned());
    views
        .chain([
            format!("#/principal/{BILLING_IDENTITY}"),
            format!("#/api/{ORDERS_API}"),
            "#/nothing".to_owned(),
        ])
        .collect()
}

#[test]
fn axe_core_finds_nothing_serious_in_any_view_in_light_and_dark() {
    for window in [WIDE, Window { dark: true, ..WIDE }, NARROW, Window { dark: true, ..NARROW }] {
        look_through(window, &contoso(), "", |tab| {
            for address in addresses() {
                go(tab, &address);
                tab.evaluate(
                    "document.querySelectorAll('details').forEach((it) => { it.open = true; })",
                )
                .unwrap();
                assert_eq!(tab.audit().unwrap(), Vec::<String>::new(), "{address} {window:?}");
            }
        });
    }
}

#[test]
fn no_view_is_wider_than_its_window() {
    let mut document = contoso();
    document["principals"][1]["name"] = long().into();
    document["apis"][0]["name"] = "x".repeat(256).into();
    document["assignments"][3]["reason"] = "y".repeat(500).into();
    document["rules"][0]["owner"] = "z".repeat(256).into();
    look_through(NARROW, &document, "", |tab| {
        for window in [NARROW, MIDDLE, WIDE, Window { width: 1040, ..WIDE }] {
            tab.resize(window).unwrap();
            for address in addresses() {
                go(tab, &address);
                let width = tab.evaluate("document.documentElement.scrollWidth").unwrap();
                assert_eq!(width, window.width, "{address}");
                // A cell must not reach into the next one either.
                let too_wide = "Array.from(document.querySelectorAll('td, th, dd, li, .mark'))\
                                .filter((it) => it.scrollWidth > it.clientWidth + 1 && it.clientWidth > 0)\
                                .map((it) => it.textContent.slice(0, 80))";
                assert_eq!(tab.evaluate(too_wide).unwrap(), json!([]), "{address} {window:?}");
            }
        }
    });
}

#[test]
fn colors_follow_what_the_person_prefers() {
    look(&contoso(), "", |tab| {
        let background =
            || tab.evaluate("getComputedStyle(document.body).backgroundColor").unwrap();
        let light = background();
        tab.resize(Window { dark: true, ..WIDE }).unwrap();
        assert_eq!(light, "rgb(255, 255, 255)");
        assert_eq!(background(), "rgb(20, 23, 28)");
    });
}

#[test]
fn on_a_narrow_screen_a_row_is_a_card_and_the_filters_are_folded() {
    look_through(NARROW, &contoso(), "#/assignments", |tab| {
        let display = |selector: &str| {
            tab.evaluate(&format!("getComputedStyle(document.querySelector({selector:?})).display"))
                .unwrap()
        };
        assert_eq!(display("tbody tr"), "block");
        assert_eq!(display("thead"), "none");
        let label = tab
            .evaluate("getComputedStyle(document.querySelector('td'), '::before').content")
            .unwrap();
        assert_eq!(label, "\"API\"");
        let open = || tab.evaluate("document.querySelector('details').open").unwrap();
        assert_eq!(open(), false);
        // A screen reader still meets a table.
        let roles = "['table', 'tbody', 'tbody tr', 'tbody th', 'tbody td']\
                     .map((it) => document.querySelector(it).getAttribute('role')).join()";
        assert_eq!(tab.evaluate(roles).unwrap(), "table,rowgroup,row,rowheader,cell");
        tab.resize(WIDE).unwrap();
        assert_eq!(display("tbody tr"), "table-row");
        tab.evaluate(
            "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))",
        )
        .unwrap();
        assert_eq!(open(), true);
    });
}

#[test]
fn the_keyboard_reaches_everything_in_order_and_the_focus_is_visible() {
    look(&contoso(), "#/assignments", |tab| {
        tab.press("Tab").unwrap();
        assert_eq!(text(tab, ":focus"), "Skip to the content");
        let visible = "(() => { const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement); \
                       return `${outlineStyle} ${outlineWidth}`; })()";
        assert_eq!(tab.evaluate(visible).unwrap(), "solid 3px");
        tab.press("Enter").unwrap();
        assert_eq!(tab.evaluate("document.activeElement.id").unwrap(), "content");
        assert_eq!(tab.evaluate("location.hash").unwrap(), "#/assignments");
        let mut reached = Vec::new();
        for _ in 0..24 {
            tab.press("Tab").unwrap();
            assert_eq!(tab.evaluate(visible).unwrap(), "solid 3px", "{reached:?}");
            let name = "document.activeElement.labels?.[0]?.textContent ?? document.activeElement.textContent";
            reached.push(tab.evaluate(name).unwrap().as_str().unwrap().to_owned());
        }
        let expected = [
            "the notes say",
            "Search",
            "API",
            "Kind",
            "Privileged",
            "End",
            "Coverage",
            "Owner of the rule",
            "Rule",
            "Origin",
            "Change",
            "Sort by",
            "Download CSV",
            "Download JSON",
            "Print",
            "Principal",
            "API",
            "Role",
            "Privileged",
            "Since",
            "Until",
            "Requested by",
            "Allowed by",
            "help agent",
        ];
        assert_eq!(reached, expected);
    });
}

#[test]
fn every_mark_says_in_words_what_its_color_says() {
    look(&contoso(), "#/assignments", |tab| {
        let mut marks = texts(tab, ".mark");
        marks.sort_unstable();
        marks.dedup();
        assert_eq!(marks, ["End has passed", "Ends soon", "New", "No rule", "Privileged"]);
    });
}

#[test]
fn printing_shows_all_rows_of_the_filter_and_no_controls() {
    look(&of_size(120, 120), "#/assignments?search=id-service-1&owner=%3Dteam-orders", |tab| {
        let printed = "globalThis.rows = []; for (const event of ['beforeprint', 'afterprint']) \
                       addEventListener(event, () => rows.push(document.querySelectorAll('.list tbody tr').length));";
        tab.evaluate(&format!("void (() => {{ {printed} }})()")).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("print.pdf");
        tab.print(&file).unwrap();
        assert!(std::fs::read(&file).unwrap().starts_with(b"%PDF"));
        let shown = texts(tab, ".list tbody tr").len();
        let rows = tab.evaluate("rows").unwrap();
        assert_eq!(text(tab, "[role=status]"), "15 of 120 assignments");
        assert_eq!(rows, json!([15, shown]));
        assert_eq!(
            text(tab, ".selection"),
            "Search: id-service-1 · Owner of the rule: team-orders"
        );
    });
    look(&of_size(120, 120), "#/assignments", |tab| {
        tab.evaluate("dispatchEvent(new Event('beforeprint'))").unwrap();
        assert_eq!(texts(tab, ".list tbody tr").len(), 120);
        tab.evaluate("dispatchEvent(new Event('afterprint'))").unwrap();
        assert_eq!(texts(tab, ".list tbody tr").len(), 50);
    });
}
