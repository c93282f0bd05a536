//! The query options of a list.

use super::{
    page::Page,
    shape::{Shape, Type},
};
use crate::{failure::Failure, graph_error as error, incoming_request::IncomingRequest};

/// The header that, with `$count=true`, makes a query advanced (Microsoft Learn, "Advanced query
/// capabilities on Microsoft Entra ID objects").
const CONSISTENCY_LEVEL: &str = "ConsistencyLevel";
const EVENTUAL: &str = "eventual";

/// The query options of a list whose filter is an `F`.
#[derive(Debug)]
pub(crate) struct ListQuery<F> {
    pub(crate) shape: Shape,
    pub(crate) filter: Option<F>,
    pub(crate) page: Page,
    /// Whether the request asks for an advanced query.
    pub(crate) is_advanced: bool,
}

impl<F> ListQuery<F> {
    /// Reads the options; `filter` parses the value of `$filter`.
    pub(crate) fn read(
        incoming: &IncomingRequest,
        of: &Type,
        filter: impl Fn(&str) -> Result<F, Failure>,
    ) -> Result<Self, Failure> {
        let mut counted = false;
        let (shape, page) = (Shape::default(), Page::default());
        let mut query = Self { shape, filter: None, page, is_advanced: false };
        for (option, value) in incoming.parameters() {
            match (option.as_str(), value.as_str()) {
                ("$filter", text) => query.filter = Some(filter(text)?),
                ("$count", "true") => counted = true,
                ("$count", "false") => counted = false,
                _ if query.shape.takes(&option, &value, of)? => {}
                _ if query.page.takes(&option, &value)? => {}
                _ => return Err(error::query_option_not_emulated(&option)),
            }
        }
        query.is_advanced = counted && is_eventual(incoming);
        if query.is_advanced && !query.shape.expanded().is_empty() {
            return Err(error::expanded_advanced_query());
        }
        Ok(query)
    }

    /// `@odata.count` of a list with this length, on the first page of an advanced query only (Microsoft
    /// Learn, "Use query parameters to customize responses").
    pub(crate) fn count(&self, length: usize) -> Option<usize> {
        (self.is_advanced && self.page.is_first()).then_some(length)
    }
}

fn is_eventual(incoming: &IncomingRequest) -> bool {
    let level = incoming.header(CONSISTENCY_LEVEL);
    level.is_some_and(|level| level.eq_ignore_ascii_case(EVENTUAL))
}
