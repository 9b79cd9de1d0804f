//! Lists without repetitions.

use std::collections::HashSet;
use std::hash::Hash;

/// How many items are compared with each other before a table of them pays.
const FEW: usize = 16;

/// Removes what is in `list` for a second time. The time does not grow faster than the list.
pub(crate) fn remove_repeated<T: Eq + Hash>(list: &mut Vec<T>) {
    let is_new: Vec<bool> = if list.len() <= FEW {
        (0..list.len())
            .map(|at| !list[..at].contains(&list[at]))
            .collect()
    } else {
        let mut seen = HashSet::with_capacity(list.len());
        list.iter().map(|item| seen.insert(item)).collect()
    };
    if is_new.contains(&false) {
        let mut is_new = is_new.into_iter();
        list.retain(|_| is_new.next().unwrap_or(true));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equal_items_stays_in_short_and_long_lists() {
        for count in [3, FEW, FEW + 1, 1000] {
            let mut list: Vec<usize> = (0..count).chain([0, count, 1, count]).collect();
            remove_repeated(&mut list);
            assert_eq!(list, (0..=count).collect::<Vec<_>>());
        }
        let mut none: Vec<&str> = Vec::new();
        remove_repeated(&mut none);
        assert!(none.is_empty());
    }
}
