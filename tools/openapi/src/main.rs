//! `cargo run -p openapi`: writes the OpenAPI documents again.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use openapi::document::{Version, document};

fn main() -> Result<()> {
    // The folder of this crate is two below that of the workspace.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for version in Version::ALL {
        let path = root.join(version.file());
        fs::write(&path, document(version, &root)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
