//! Which entities of a table a query reads.

/// Most entities that one page may ask for ("Query timeout and pagination").
const MOST_OF_PAGE: usize = 1000;

/// Which entities of a table to read, and how many.
#[derive(Debug, Clone, Copy, Default)]
pub struct Selection<'a> {
    /// The condition ("Querying tables and entities"). If it is empty, all entities match.
    /// [`literal`](super::literal) makes values for it.
    pub filter: &'a str,
    /// The columns to read, separated by commas. If it is empty, all are read.
    pub columns: &'a str,
    /// After this many entities, no more are read.
    pub most: Option<usize>,
}

impl<'a> Selection<'a> {
    /// The parameters of each page's request.
    pub(super) fn parameters(&self) -> Vec<(&'static str, &'a str)> {
        let all = [("$filter", self.filter), ("$select", self.columns)];
        all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    /// How many entities to ask the next page for, if this many may still be read. `None` if there is no
    /// limit.
    pub(super) fn page_size(&self, left: usize) -> Option<String> {
        self.most.map(|_| left.min(MOST_OF_PAGE).to_string())
    }
}
