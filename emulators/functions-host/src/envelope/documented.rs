//! The payload files to which the handler's tests refer as well.

/// Reads a payload file.
pub(crate) fn documented(file: &str) -> String {
    const FOLDER: &str = "../../tests/data/functions-host";
    let path = format!("{}/{FOLDER}/{file}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}
