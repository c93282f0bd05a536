//! Search, filters, order and pages of a list, and the address that keeps them.

use super::{
    documents::{DELETED_ROLE, ORDERS_IDENTITY, contoso, of_size},
    looking::{address, column, go, look, status, text, texts, wait_for},
};

#[test]
fn a_search_finds_rows_by_each_of_their_texts() {
    look(&contoso(), "#/assignments", |tab| {
        for (search, found) in [
            ("id-orders", 2),
            ("ID-Orders", 2),
            (ORDERS_IDENTITY, 2),
            ("rg-billing", 2),
            ("microsoft graph", 2),
            ("00000003-0000-0000-c000-000000000000", 2),
            ("user.read.all", 1),
            (DELETED_ROLE, 1),
            ("queue:team-billing", 1),
            ("incident 4711", 1),
            ("request-1", 1),
            ("88888888", 1),
            ("orders-old", 1),
            ("identity-team", 1),
            ("can change the directory", 1),
            ("id-billing write", 1),
            ("write id-billing", 1),
            ("id-orders write", 0),
            ("no such text", 0),
        ] {
            go(tab, &format!("#/assignments?search={}", search.replace(' ', "+")));
            let expected = format!("{found} of 6 assignments");
            assert_eq!(status(tab), expected, "{search}");
        }
    });
}

#[test]
fn each_filter_shows_the_rows_that_it_names() {
    look(&contoso(), "#/assignments", |tab| {
        for (filter, value, principals) in [
            ("kind", "application", &["reporting"][..]),
            ("kind", "agent", &["help agent"]),
            ("privileged", "yes", &["id-billing", "reporting"]),
            ("privileged", "no", &["help agent", "id-billing", "id-orders", "id-orders"]),
            ("ending", "soon", &["id-billing"]),
            ("ending", "past", &["id-billing"]),
            ("ending", "with", &["id-billing", "id-billing"]),
            ("ending", "none", &["help agent", "id-orders", "id-orders", "reporting"]),
            ("coverage", "none", &["help agent", "reporting"]),
            ("coverage", "baseline", &["id-orders"]),
            ("coverage", "rule", &["id-billing", "id-billing", "id-orders"]),
            ("owner", "=team-orders", &["id-billing", "id-orders"]),
            ("owner", "none", &["help agent", "id-billing", "reporting"]),
            ("rule", "baseline:users", &["id-orders"]),
            ("origin", "other", &["reporting"]),
            ("origin", "unknown", &["help agent"]),
            ("change", "new", &["id-billing"]),
            ("api", super::documents::GRAPH, &["id-orders", "reporting"]),
        ] {
            go(tab, "#/assignments");
            tab.choose(&format!("#{filter}-input"), value).unwrap();
            assert_eq!(column(tab, "Principal"), principals, "{filter} {value}");
            let expected = format!("{} of 6 assignments", principals.len());
            assert_eq!(status(tab), expected);
        }
    });
}

#[test]
fn filters_and_search_work_together_and_are_cleared_together() {
    look(&contoso(), "#/assignments?privileged=yes&sort=-principal", |tab| {
        tab.write("#search-input", "orders").unwrap();
        assert_eq!(column(tab, "Principal"), ["id-billing"]);
        assert_eq!(address(tab), "#/assignments?privileged=yes&sort=-principal&search=orders");
        tab.evaluate("document.querySelector('.quiet').click()").unwrap();
        assert_eq!(status(tab), "6 assignments");
        assert_eq!(address(tab), "#/assignments?sort=-principal");
        assert_eq!(tab.evaluate("document.querySelector('#search-input').value").unwrap(), "");
    });
}

#[test]
fn each_column_sorts_upwards_and_downwards_and_rows_without_a_value_come_last() {
    let (help, billing, orders, reporting) = ("help agent", "id-billing", "id-orders", "reporting");
    let cases = [
        (
            "principal",
            [help, billing, billing, orders, orders, reporting],
            [reporting, orders, orders, billing, billing, help],
        ),
        (
            "api",
            [orders, reporting, help, billing, billing, orders],
            [help, billing, billing, orders, orders, reporting],
        ),
        (
            "since",
            [reporting, orders, orders, billing, billing, help],
            [billing, billing, orders, orders, reporting, help],
        ),
        (
            "until",
            [billing, billing, help, orders, orders, reporting],
            [billing, billing, help, orders, orders, reporting],
        ),
        (
            "requester",
            [billing, billing, orders, help, orders, reporting],
            [orders, billing, billing, help, orders, reporting],
        ),
        (
            "rule",
            [billing, orders, billing, orders, help, reporting],
            [orders, billing, billing, orders, help, reporting],
        ),
        (
            "kind",
            [help, reporting, billing, billing, orders, orders],
            [billing, billing, orders, orders, reporting, help],
        ),
        (
            "change",
            [billing, help, billing, orders, orders, reporting],
            [billing, help, billing, orders, orders, reporting],
        ),
    ];
    look(&contoso(), "#/assignments", |tab| {
        for (key, upwards, downwards) in cases {
            for (sort, expected) in [(key.to_owned(), upwards), (format!("-{key}"), downwards)] {
                go(tab, "#/assignments");
                tab.choose("#sort-input", &sort).unwrap();
                assert_eq!(column(tab, "Principal"), expected, "{sort}");
            }
        }
    });
}

#[test]
fn the_head_of_a_column_sorts_says_so_and_works_with_the_keyboard() {
    look(&contoso(), "#/assignments", |tab| {
        let sorted = "Array.from(document.querySelectorAll('[aria-sort]'), (head) => \
                      `${head.querySelector('button').textContent} ${head.getAttribute('aria-sort')}`).join()";
        let button = "thead th:nth-child(5) button";
        tab.click(button).unwrap();
        assert_eq!(tab.evaluate(sorted).unwrap(), "Since ascending");
        assert_eq!(column(tab, "Principal")[0], "reporting");
        // The button keeps the focus.
        tab.press("Enter").unwrap();
        assert_eq!(tab.evaluate(sorted).unwrap(), "Since descending");
        assert_eq!(column(tab, "Principal")[0], "id-billing");
        tab.press("Space").unwrap();
        assert_eq!(tab.evaluate(sorted).unwrap(), "");
        assert_eq!(address(tab), "#/assignments");
    });
}

#[test]
fn names_with_numbers_are_in_the_order_of_the_numbers() {
    look(&of_size(12, 12), "#/principals", |tab| {
        let expected: Vec<_> = (0..12).map(|number| format!("id-service-{number}")).collect();
        assert_eq!(column(tab, "Principal"), expected);
    });
}

#[test]
fn the_back_button_leads_through_views_and_filters_and_not_through_letters() {
    look(&contoso(), "#/overview", |tab| {
        go(tab, "#/assignments");
        tab.choose("#privileged-input", "yes").unwrap();
        tab.write("#search-input", "billing").unwrap();
        let searched = "#/assignments?privileged=yes&search=billing";
        assert_eq!(address(tab), searched);
        go(tab, "#/rules");
        for (before, said) in [
            (searched, "1 of 6 assignments"),
            ("#/assignments?privileged=yes", "2 of 6 assignments"),
            ("#/assignments", "6 assignments"),
        ] {
            tab.back().unwrap();
            wait_for(tab, before);
            assert_eq!(status(tab), said);
        }
        tab.back().unwrap();
        wait_for(tab, "#/overview");
        assert_eq!(texts(tab, "h1"), ["Overview"]);
    });
}

#[test]
fn an_address_shows_the_same_rows_when_it_is_opened_again() {
    let linked = "#/assignments?ending=with&sort=-until&search=billing";
    look(&contoso(), linked, |tab| {
        assert_eq!(column(tab, "Role"), ["Orders.Write", "Orders.Read"]);
        let shown =
            |name: &str| tab.evaluate(&format!("document.querySelector('#{name}-input').value"));
        assert_eq!(shown("ending").unwrap(), "with");
        assert_eq!(shown("sort").unwrap(), "-until");
        assert_eq!(shown("search").unwrap(), "billing");
    });
}

#[test]
fn parameters_that_mean_nothing_are_ignored() {
    for address in [
        "#/assignments?sort=nothing&page=-7&privileged=perhaps",
        "#/assignments?page=1e9",
        "#/assignments?__proto__=x&constructor=y&sort=__proto__",
        "#/assignments?page=NaN&api=%3Cscript%3E",
        "#assignments",
    ] {
        look(&contoso(), address, |tab| assert_eq!(status(tab), "6 assignments", "{address}"));
    }
}

#[test]
fn long_lists_have_pages() {
    look(&of_size(120, 120), "#/principals", |tab| {
        let place = || text(tab, ".pager .page-number");
        let first = || column(tab, "Principal")[0].clone();
        assert_eq!((place(), first()), ("Page 1 of 3".to_owned(), "id-service-0".to_owned()));
        tab.click(".pager button:nth-of-type(3)").unwrap();
        assert_eq!((place(), first()), ("Page 2 of 3".to_owned(), "id-service-50".to_owned()));
        let row = "document.querySelector('.list tbody tr').getAttribute('aria-rowindex')";
        assert_eq!(tab.evaluate(row).unwrap(), "52");
        assert_eq!(address(tab), "#/principals?page=2");
        tab.click(".pager button:nth-of-type(4)").unwrap();
        assert_eq!(column(tab, "Principal").len(), 20);
        // A new search begins at the first page.
        tab.write("#search-input", "id-service-1").unwrap();
        assert_eq!(place(), "Page 1 of 1");
        assert_eq!(status(tab), "31 of 120 principals");
        go(tab, "#/principals?page=3");
        tab.click(".list > .pager:last-child button:nth-of-type(2)").unwrap();
        assert_eq!(place(), "Page 2 of 3");
        assert_eq!(tab.evaluate("document.activeElement.localName").unwrap(), "table");
    });
}

#[test]
fn the_other_lists_are_searched_filtered_and_sorted_in_the_same_way() {
    look(&contoso(), "", |tab| {
        for (address, said) in [
            ("#/principals?search=rg-orders", "1 of 5 principals"),
            ("#/principals?holds=none", "1 of 5 principals"),
            ("#/principals?holds=privileged", "2 of 5 principals"),
            ("#/principals?holds=uncovered&sort=-uncovered", "2 of 5 principals"),
            ("#/apis?search=graph", "1 of 2 APIs"),
            ("#/apis?owner=microsoft", "1 of 2 APIs"),
            ("#/rules?search=orders+read", "1 of 4 rules"),
            ("#/rules?use=unused", "1 of 4 rules"),
            ("#/rules?owner=none", "1 of 4 rules"),
            ("#/rules?list=baseline", "1 of 4 rules"),
            ("#/missing?search=billing", "1 missing assignment"),
            ("#/missing?search=orders", "0 of 1 missing assignment"),
            ("#/gone?search=export", "1 assignment that is gone"),
        ] {
            go(tab, address);
            assert_eq!(status(tab), said, "{address}");
        }
        go(tab, "#/principals?sort=-assignments");
        assert_eq!(
            column(tab, "Principal"),
            ["id-billing", "id-orders", "help agent", "reporting", "help blueprint"]
        );
    });
}
