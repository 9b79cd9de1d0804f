//! Numbers for the files that results are from.

use std::collections::HashMap;
use std::sync::Arc;

/// Numbers files from 1, in the order in which they occur.
#[derive(Debug, Default)]
pub(super) struct FileNumbers {
    numbers: HashMap<Arc<str>, i64>,
    /// The last one that was asked for: results of one file come together.
    last: Option<(Arc<str>, i64)>,
    new: Vec<(i64, Arc<str>)>,
}

impl FileNumbers {
    /// The number of a file.
    pub(super) fn number(&mut self, file: &Arc<str>) -> i64 {
        if let Some((last, number)) = &self.last
            && (Arc::ptr_eq(last, file) || last == file)
        {
            return *number;
        }
        let next = i64::try_from(self.numbers.len() + 1).unwrap_or(i64::MAX);
        let number = *self.numbers.entry(Arc::clone(file)).or_insert_with(|| {
            self.new.push((next, Arc::clone(file)));
            next
        });
        self.last = Some((Arc::clone(file), number));
        number
    }

    /// The files that were new since the last call.
    pub(super) fn take_new(&mut self) -> Vec<(i64, Arc<str>)> {
        std::mem::take(&mut self.new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_one_number_and_is_new_once() {
        let mut files = FileNumbers::default();
        let [one, two] = ["one.csv", "two.csv"].map(Arc::<str>::from);
        assert_eq!([&one, &two, &one].map(|file| files.number(file)), [1, 2, 1]);
        assert_eq!(files.take_new(), [(1, one.clone()), (2, two.clone())]);
        assert_eq!(
            [&two, &"one.csv".into()].map(|file| files.number(file)),
            [2, 1]
        );
        assert_eq!(files.take_new(), []);
    }
}
