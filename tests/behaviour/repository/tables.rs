//! The tables that the handler writes, and those that the templates create.

use std::{collections::BTreeSet, path::Path};

use crate::repository::{bicep::Template, source_files::rust_files};

/// The names of tables that the handler's source has: each is a whole text.
fn tables_of_the_handler() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in rust_files() {
        let source = std::fs::read_to_string(file).unwrap();
        let texts = source.split("_TABLE: &str = \"").skip(1);
        names.extend(texts.map(|rest| rest.split('"').next().unwrap().to_owned()));
    }
    names
}

#[test]
fn the_template_creates_the_tables_that_the_handler_writes_and_no_others() {
    let storage = Template::read(Path::new("infra/modules/broker-storage.bicep"));
    let tables = storage.source.split("/tableServices/tables@").skip(1);
    let names = tables.map(|resource| resource.split("name: '").nth(1).unwrap());
    let names: BTreeSet<_> =
        names.map(|rest| rest.split('\'').next().unwrap().to_owned()).collect();
    assert_eq!(names, tables_of_the_handler());
    assert!(
        storage.source.contains("0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"),
        "Table Data Contributor"
    );
}
