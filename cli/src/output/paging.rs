//! Pages of long lists.

use clap::Args;

use crate::{failure::Failure, numbers};

/// The default page size on a terminal. A pipe gets all rows by default.
const TERMINAL_PAGE_SIZE: usize = 50;

/// The options that select a page of a list.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct Paging {
    /// Page to show
    #[arg(long, value_name = "N", value_parser = numbers::positive)]
    page: Option<u32>,
    /// Rows per page; default: 50 on a terminal, otherwise all
    #[arg(long, value_name = "ROWS", value_parser = numbers::positive)]
    page_size: Option<u32>,
}

/// A page of a list.
#[derive(Debug)]
pub(super) struct Page<'a, T> {
    pub(super) items: &'a [T],
    /// The position of the page, if there are others.
    pub(super) remark: Option<String>,
}

impl Paging {
    /// Selects the page of a list.
    pub(super) fn of<T>(self, all: &[T], on_terminal: bool) -> Result<Page<'_, T>, Failure> {
        let asked = self.page_size.and_then(|size| usize::try_from(size).ok());
        let by_default = (on_terminal || self.page.is_some()).then_some(TERMINAL_PAGE_SIZE);
        let Some(size) = asked.or(by_default) else {
            return Ok(Page { items: all, remark: None });
        };
        let pages = all.len().div_ceil(size).max(1);
        let page = self.page.and_then(|page| usize::try_from(page).ok()).unwrap_or(1);
        let first = (page - 1).saturating_mul(size);
        let last = first.saturating_add(size).min(all.len());
        let Some(items) = all.get(first..last).filter(|_| page <= pages) else {
            return Err(Failure::usage(format!("page {page} does not exist"))
                .hint(format!("the list has {} rows, {pages} pages of {size}", all.len())));
        };
        let more =
            if page < pages { format!("; next: --page {}", page + 1) } else { String::new() };
        let remark = format!("page {page} of {pages}, {} rows in total{more}", all.len());
        Ok(Page { items, remark: (pages > 1).then_some(remark) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(page: Option<u32>, page_size: Option<u32>, on_terminal: bool) -> Option<(usize, bool)> {
        let all = [0; 120];
        let page = Paging { page, page_size }.of(&all, on_terminal).ok()?;
        Some((page.items.len(), page.remark.is_some()))
    }

    #[test]
    fn a_page_that_does_not_exist_is_an_error() {
        assert_eq!(page(Some(4), None, true), None);
        assert_eq!(page(Some(2), Some(120), false), None);
        assert!(Paging { page: Some(1), page_size: None }.of::<u8>(&[], true).is_ok());
    }

    #[test]
    fn only_a_terminal_gets_pages_by_default() {
        assert_eq!(page(None, None, false), Some((120, false)));
        assert_eq!(page(None, None, true), Some((50, true)));
        assert_eq!(page(Some(3), None, false), Some((20, true)));
        assert_eq!(page(None, Some(200), true), Some((120, false)));
    }
}
