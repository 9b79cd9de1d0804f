//! What is read after the newest page of a suite run.

/// How many runs are read, and written to the journal, at a time.
pub(super) const PAGE: u16 = 1000;

/// What is read after the newest page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Nothing,
    Rest,
    Missing,
}

/// Decides what is read after the newest page, of `page` runs, if it takes `lookups` requests to ask for what has not been found in it
/// by name; see the table of the [module](super).
pub(super) fn next(page: usize, lookups: usize, total: Option<u64>) -> Next {
    // A server may return shorter pages than requested, so the length of a page does not say that it is the last one.
    let is_rest_cheap = match total {
        Some(total) => total.div_ceil(u64::from(PAGE)) <= lookups as u64 + 1,
        None => page < usize::from(PAGE),
    };
    if lookups == 0 || total.is_some_and(|total| total <= page as u64) {
        Next::Nothing
    } else if is_rest_cheap {
        Next::Rest
    } else {
        Next::Missing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_after_the_newest_page_is_what_costs_less() {
        for (page, lookups, total, expected) in [
            (999, 50, Some(999), Next::Nothing),
            (0, 50, Some(0), Next::Nothing),
            (1000, 0, Some(100_000), Next::Nothing),
            // Pages that the server has made shorter.
            (200, 9, Some(900), Next::Rest),
            (200, 1, Some(900), Next::Rest),
            (200, 1, None, Next::Rest),
            (200, 0, None, Next::Nothing),
            (1000, 10, Some(4000), Next::Rest),
            (1000, 10, Some(11_000), Next::Rest),
            (1000, 10, Some(11_001), Next::Missing),
            (1000, 1, Some(2001), Next::Missing),
            (1000, 10, None, Next::Missing),
        ] {
            let decided = next(page, lookups, total);
            assert_eq!(decided, expected, "{page} {lookups} {total:?}");
        }
    }
}
