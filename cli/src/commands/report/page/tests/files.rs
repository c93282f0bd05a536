//! The files that the page offers have what is shown.

use app_roles::text::{is_printable, printable};
use serde_json::{Value, json};

use super::{
    documents::{HOSTILE, ORDERS_IDENTITY, contoso, large},
    looking::look,
};

const CSV: &str = ".tools button:nth-child(1)";
const JSON: &str = ".tools button:nth-child(2)";

/// Reads a CSV file in which each field is quoted.
fn fields(csv: &str) -> Vec<Vec<String>> {
    let mut rest = csv.strip_prefix('\u{feff}').unwrap();
    let mut rows = Vec::new();
    let mut row = Vec::new();
    while let Some(field) = rest.strip_prefix('"') {
        // The field ends at the first quote that is not doubled.
        let quotes = |place: usize| field[place..].chars().take_while(|it| *it == '"').count();
        let mut end = field.find('"').unwrap();
        while quotes(end) % 2 == 0 {
            end += quotes(end);
            end += field[end..].find('"').unwrap();
        }
        end += quotes(end) - 1;
        row.push(field[..end].replace("\"\"", "\""));
        rest = &field[end + 1..];
        if let Some(next) = rest.strip_prefix("\r\n") {
            rows.push(std::mem::take(&mut row));
            rest = next;
        } else {
            rest = rest.strip_prefix(',').unwrap();
        }
    }
    assert_eq!((rest, row.len()), ("", 0));
    rows
}

#[test]
fn the_csv_file_has_the_rows_that_are_shown_in_their_order() {
    look(&contoso(), "#/assignments?search=orders-read&sort=-since", |tab| {
        tab.click(CSV).unwrap();
        let file = tab.download().unwrap();
        assert_eq!(file.name, "assignments.csv");
        let rows = fields(&file.text);
        assert_eq!(
            rows[0].join(","),
            "Principal,Principal id,Kind,Resource id,API,API id,Role,Role id,Privileged,Since,Until,Tokens until,\
             Requested by,Reason,Request,Approved by,Rule in the record,Allowed by,Coverage,Owner,Origin,Change"
        );
        let names: Vec<_> = rows.iter().skip(1).map(|row| row[0].as_str()).collect();
        assert_eq!(names, ["id-billing", "id-orders"]);
        let by_name = |row: usize, name: &str| {
            rows[row][rows[0].iter().position(|field| field == name).unwrap()].clone()
        };
        assert_eq!(by_name(2, "Principal id"), ORDERS_IDENTITY);
        assert_eq!(by_name(2, "Since"), "2026-01-02T03:04:05Z");
        assert_eq!(by_name(2, "Reason"), "The service reads orders");
        assert_eq!(by_name(2, "Owner"), "team-orders");
        assert_eq!(by_name(1, "Until"), "2026-11-25T00:00:00Z");
        assert_eq!(by_name(1, "Rule in the record"), "orders-old");
    });
}

#[test]
fn the_json_file_has_the_rows_that_are_shown_and_says_what_selected_them() {
    look(&contoso(), "#/assignments?change=new", |tab| {
        tab.click(JSON).unwrap();
        let file = tab.download().unwrap();
        assert_eq!(file.name, "assignments.json");
        let read: Value = serde_json::from_str(&file.text).unwrap();
        assert_eq!(read["generatedAt"], "2026-11-26T20:00:00Z");
        assert_eq!(read["shown"], json!({ "change": "new" }));
        let [only] = read["assignments"].as_array().unwrap().as_slice() else { panic!("{read}") };
        assert_eq!(only["principal"]["name"], "id-billing");
        assert_eq!(only["api"]["name"], "Orders API");
        assert_eq!(only["role"]["value"], "Orders.Write");
        assert_eq!(only["endDateTime"], "2026-12-01T08:00:00Z");
        assert_eq!(only["rules"], json!(["orders-write"]));
        assert_eq!(only["approvedBy"], json!(["http:88888888-8888-8888-8888-888888888888"]));
    });
}

#[test]
fn every_list_offers_files_and_the_page_of_a_principal_offers_its_own_rows() {
    let principal = format!("#/principal/{ORDERS_IDENTITY}");
    for (address, name, rows) in [
        ("#/principals", "principals", 5),
        ("#/apis", "apis", 2),
        ("#/rules", "rules", 4),
        ("#/missing", "missing", 1),
        ("#/gone", "gone", 1),
        (&principal, &format!("assignments-{ORDERS_IDENTITY}"), 2),
    ] {
        look(&contoso(), address, |tab| {
            tab.click(CSV).unwrap();
            let file = tab.download().unwrap();
            assert_eq!(file.name, format!("{name}.csv"));
            assert_eq!(fields(&file.text).len(), rows + 1, "{}", file.text);
            tab.click(JSON).unwrap();
            let file = tab.download().unwrap();
            let read: Value = serde_json::from_str(&file.text).unwrap();
            let list = read.as_object().unwrap().values().filter_map(Value::as_array).next();
            assert_eq!(list.unwrap().len(), rows, "{}", file.text);
        });
    }
}

#[test]
fn a_file_has_all_rows_and_not_only_those_of_one_page() {
    look(&large(), "#/assignments", |tab| {
        tab.click(CSV).unwrap();
        assert_eq!(fields(&tab.download().unwrap().text).len(), 50_001);
    });
}

#[test]
fn no_cell_is_a_formula_and_no_file_has_a_character_that_a_terminal_obeys() {
    let mut document = contoso();
    document["rules"] = HOSTILE
        .iter()
        .map(|text| json!({ "name": text, "list": "allow", "owner": text, "assignments": 0 }))
        .collect();
    look(&document, "#/rules", |tab| {
        tab.click(CSV).unwrap();
        let file = tab.download().unwrap();
        let expected = HOSTILE.map(|text| {
            let starts_formula = text.trim_start().starts_with(['=', '+', '-', '@', '\u{ff1d}']);
            let text = printable(text);
            if starts_formula { format!("'{text}") } else { text.into_owned() }
        });
        let rows = fields(&file.text);
        for (row, text) in rows.iter().skip(1).zip(&expected) {
            assert_eq!((&row[0], &row[2]), (text, text));
        }
        assert_eq!(rows.len(), HOSTILE.len() + 1);
        tab.click(JSON).unwrap();
        let file = tab.download().unwrap();
        assert!(file.text.chars().all(|it| it == '\n' || is_printable(it)), "{}", file.text);
        let read: Value = serde_json::from_str(&file.text).unwrap();
        let names = read["rules"].as_array().unwrap().iter().map(|rule| rule["name"].as_str());
        assert_eq!(names.map(Option::unwrap).collect::<Vec<_>>(), HOSTILE);
    });
}
