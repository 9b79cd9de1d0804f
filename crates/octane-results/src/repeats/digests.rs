//! Digests of any number of results, in memory that hardly grows with it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// How many are kept as they are, before they are put into buckets.
const RECENT_MAX: usize = 16 * 1024;
/// A digest belongs to the bucket of its first byte.
const BUCKETS: usize = 256;
/// How many a bucket keeps, before they go to the file.
const BLOCK: usize = 512;
const BLOCK_BYTES: usize = BLOCK * size_of::<u64>();

/// Digests, in which those that occur several times are found at the end. Few are kept in memory; many are put into buckets, of which
/// one at a time is looked at, and most of these are in a temporary file. Without one, they stay in memory.
#[derive(Debug, Default)]
pub(super) struct Digests {
    recent: Vec<u64>,
    buckets: Vec<Bucket>,
    overflow: Overflow,
    /// Why some of those that were appended are missing.
    lost: Option<io::Error>,
}

#[derive(Debug, Default)]
struct Bucket {
    digests: Vec<u64>,
    /// The blocks in the file with the others.
    blocks: Vec<u32>,
}

impl Digests {
    pub(super) fn push(&mut self, digest: u64) {
        self.recent.push(digest);
        if self.recent.len() >= RECENT_MAX {
            self.put_into_buckets();
        }
    }

    pub(super) fn append(&mut self, mut later: Self) {
        for number in 0..later.buckets.len() {
            match later.bucket(number) {
                Ok(digests) => digests.into_iter().for_each(|digest| self.push(digest)),
                Err(error) => self.lost = Some(error),
            }
        }
        self.recent.append(&mut later.recent);
        self.lost = self.lost.take().or(later.lost);
        if self.recent.len() >= RECENT_MAX {
            self.put_into_buckets();
        }
    }

    /// Those that occur more than once, in order. Fails if the file cannot be read.
    pub(super) fn repeated(mut self) -> io::Result<Vec<u64>> {
        if let Some(error) = self.lost {
            return Err(error);
        }
        let mut repeated = Vec::new();
        if self.buckets.is_empty() {
            add_repeated(&mut self.recent, &mut repeated);
            return Ok(repeated);
        }
        self.put_into_buckets();
        for number in 0..self.buckets.len() {
            add_repeated(&mut self.bucket(number)?, &mut repeated);
        }
        Ok(repeated)
    }

    fn put_into_buckets(&mut self) {
        self.buckets.resize_with(BUCKETS, Bucket::default);
        for digest in self.recent.drain(..) {
            let bucket = &mut self.buckets[usize::from(digest.to_be_bytes()[0])];
            bucket.digests.push(digest);
            if let Some(block) = bucket.digests.first_chunk()
                && let Some(number) = self.overflow.write(block)
            {
                bucket.blocks.push(number);
                bucket.digests.clear();
            }
        }
    }

    /// Takes all digests of a bucket.
    fn bucket(&mut self, number: usize) -> io::Result<Vec<u64>> {
        let Bucket {
            mut digests,
            blocks,
        } = std::mem::take(&mut self.buckets[number]);
        for block in blocks {
            self.overflow.read(block, &mut digests)?;
        }
        Ok(digests)
    }
}

/// Adds those of `digests` that occur more than once.
fn add_repeated(digests: &mut [u64], repeated: &mut Vec<u64>) {
    digests.sort_unstable();
    let groups = digests.chunk_by(|one, other| one == other);
    repeated.extend(groups.filter(|group| group.len() > 1).map(|group| group[0]));
}

/// Blocks of digests in a temporary file, which nothing remains of.
#[derive(Debug, Default)]
struct Overflow {
    file: Option<File>,
    /// How many blocks it has.
    blocks: u32,
    /// Whether no more can be written.
    has_failed: bool,
}

impl Overflow {
    /// Writes a block, and returns its number; `None` if that is not possible.
    fn write(&mut self, digests: &[u64; BLOCK]) -> Option<u32> {
        if self.has_failed {
            return None;
        }
        let mut bytes = [0; BLOCK_BYTES];
        for (bytes, digest) in bytes.as_chunks_mut().0.iter_mut().zip(digests) {
            *bytes = digest.to_le_bytes();
        }
        let number = self.blocks;
        match self.append(&bytes) {
            Ok(()) => Some(number),
            Err(_) => {
                self.has_failed = true;
                None
            }
        }
    }

    fn append(&mut self, block: &[u8; BLOCK_BYTES]) -> io::Result<()> {
        let blocks = self.blocks.checked_add(1);
        let blocks = blocks.ok_or(io::ErrorKind::FileTooLarge)?;
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        file.write_all(block)?;
        self.blocks = blocks;
        Ok(())
    }

    /// Adds the digests of a block.
    fn read(&mut self, block: u32, digests: &mut Vec<u64>) -> io::Result<()> {
        let file = self.file.as_mut().ok_or(io::ErrorKind::NotFound)?;
        file.seek(SeekFrom::Start(u64::from(block) * BLOCK_BYTES as u64))?;
        let mut bytes = [0; BLOCK_BYTES];
        file.read_exact(&mut bytes)?;
        digests.extend(
            bytes
                .as_chunks()
                .0
                .iter()
                .map(|bytes| u64::from_le_bytes(*bytes)),
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// So many different ones.
    fn different(count: u64) -> impl Iterator<Item = u64> {
        // Multiplication by an odd number is a permutation.
        (0..count).map(|number| number.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    fn digests(all: impl IntoIterator<Item = u64>) -> Digests {
        let mut digests = Digests::default();
        all.into_iter().for_each(|digest| digests.push(digest));
        digests
    }

    #[test]
    fn those_that_occur_again_are_found_among_few_and_many() {
        for (count, are_in_file) in [(0, false), (3, false), (20_000, false), (300_000, true)] {
            let again: BTreeSet<u64> = different(count).step_by(7).collect();
            let digests = digests(different(count).chain(again.clone()).chain(again.clone()));
            assert_eq!(digests.overflow.blocks > 0, are_in_file, "{count}");
            let repeated = digests.repeated().unwrap();
            assert_eq!(repeated, again.into_iter().collect::<Vec<_>>(), "{count}");
        }
    }

    #[test]
    fn little_of_many_is_in_memory() {
        let digests = digests(different(1_000_000));
        let in_memory: usize = digests
            .buckets
            .iter()
            .map(|bucket| bucket.digests.len())
            .sum();
        assert!(in_memory + digests.recent.len() < 200_000);
    }

    #[test]
    fn without_a_file_all_of_them_stay_in_memory() {
        let mut many = Digests::default();
        many.overflow.has_failed = true;
        different(300_000).for_each(|digest| many.push(digest));
        many.push(0);
        assert!(many.overflow.file.is_none());
        assert_eq!(many.repeated().unwrap(), [0]);
    }

    #[test]
    fn those_that_are_appended_count_however_many_there_are() {
        let last = different(300_000).last().unwrap();
        for counts in [[2, 300_000], [300_000, 2], [300_000, 300_000], [2, 2]] {
            let [mut one, later] = counts.map(|count| digests(different(count)));
            one.push(last);
            one.append(later);
            let mut expected: Vec<u64> = different(*counts.iter().min().unwrap()).collect();
            if counts[0] != counts[1] && !expected.contains(&last) {
                expected.push(last);
            }
            expected.sort_unstable();
            assert_eq!(one.repeated().unwrap(), expected, "{counts:?}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_is_an_error() {
        let mut lost = digests(different(300_000));
        lost.overflow.file = None;
        let mut whole = Digests::default();
        whole.append(lost);
        assert!(whole.repeated().is_err());
    }
}
