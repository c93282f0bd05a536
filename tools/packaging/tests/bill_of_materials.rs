//! The bill of materials of a binary.

#![expect(clippy::unwrap_used, reason = "so tests fail")]

use packaging::bill_of_materials::{BillOfMaterials, Sources};
use serde_json::{Value, json};

const TREE: &str = "\
0|handler v0.1.0 (/home/user/handler)|MIT
1|serde v1.0.2|MIT/Apache-2.0
2|serde_core v1.0.2|MIT OR Apache-2.0
1|warp v0.4.3|MIT
2|serde v1.0.2|MIT/Apache-2.0 (*)
";

const LOCK: &str = r#"version = 4

[[package]]
name = "handler"
version = "0.1.0"

[[package]]
name = "serde"
version = "1.0.2"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "aaaa"
"#;

fn bill(tree: &str) -> anyhow::Result<Value> {
    let sources = Sources {
        tree,
        lock: LOCK,
        rustc: "rustc 1.95.0 (59807616e 2026-04-14)\n",
        binary_sha256: "bbbb",
    };
    Ok(serde_json::to_value(BillOfMaterials::of(sources)?).unwrap())
}

#[test]
fn the_binary_is_the_subject_with_its_digest_and_no_path_of_the_machine() {
    let bill = bill(TREE).unwrap();
    let subject = &bill["metadata"]["component"];
    assert_eq!(subject["name"], "handler");
    assert_eq!(subject["type"], "application");
    assert_eq!(subject["hashes"], json!([{"alg": "SHA-256", "content": "bbbb"}]));
    assert!(!bill.to_string().contains("/home/user"));
}

#[test]
fn each_crate_is_listed_once_with_licence_and_digest_and_so_is_the_standard_library() {
    let bill = bill(TREE).unwrap();
    let names: Vec<_> = bill["components"].as_array().unwrap().iter().map(|c| &c["name"]).collect();
    assert_eq!(names, ["serde", "serde_core", "warp", "rust-std"]);
    let serde = &bill["components"][0];
    assert_eq!(serde["purl"], "pkg:cargo/serde@1.0.2");
    assert_eq!(serde["licenses"], json!([{"expression": "MIT OR Apache-2.0"}]));
    assert_eq!(serde["hashes"], json!([{"alg": "SHA-256", "content": "aaaa"}]));
    assert_eq!(bill["components"][3]["version"], "1.95.0");
}

#[test]
fn it_lists_the_dependencies_of_each_crate() {
    let bill = bill(TREE).unwrap();
    let depends_on = |reference: &str| {
        let all = bill["dependencies"].as_array().unwrap();
        all.iter().find(|d| d["ref"] == reference).unwrap()["dependsOn"].clone()
    };
    let of_the_binary = json!(["pkg:cargo/serde@1.0.2", "pkg:cargo/warp@0.4.3", "rust-std@1.95.0"]);
    assert_eq!(depends_on("pkg:cargo/handler@0.1.0"), of_the_binary);
    assert_eq!(depends_on("pkg:cargo/warp@0.4.3"), json!(["pkg:cargo/serde@1.0.2"]));
    assert_eq!(depends_on("pkg:cargo/serde_core@1.0.2"), json!([]));
}

#[test]
fn a_tree_in_another_format_is_refused() {
    assert!(bill("").unwrap_err().to_string().contains("nothing"));
    let error = bill("0|handler v0.1.0|MIT\nhandler v0.1.0\n").unwrap_err().to_string();
    assert!(error.contains("\"handler v0.1.0\""), "{error}");
}
