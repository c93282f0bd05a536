//! Where the parts of a policy file begin, for messages about them.

use wire_formats::json::located::{self, Located, Location};

/// Where the parts of a policy file begin.
#[derive(Debug)]
pub struct Outline {
    root: Option<Located>,
}

impl Outline {
    /// The outline of a file, also of one that is refused.
    #[must_use]
    pub fn of(file: &[u8]) -> Self {
        Self { root: located::read(file).root }
    }

    /// Where the part with this path begins, for instance `allow[2].roles[0]`. For a part that the file
    /// does not state, where the part around it begins.
    #[must_use]
    pub fn location(&self, path: &str) -> Location {
        let Some(root) = &self.root else { return Location::START };
        let mut path = path;
        loop {
            match (root.part(path), path.rfind(['.', '['])) {
                (Some(part), _) => return part.location,
                (None, Some(end)) => path = path.get(..end).unwrap_or_default(),
                (None, None) => return root.location,
            }
        }
    }
}
