//! Journals as stores have them: compressed with gzip, which makes a fifth of them.
//!
//! Those that are not compressed are read as well.

use std::borrow::Cow;
use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;

/// With what gzip begins, and no journal.
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Compresses a journal. The same journal always becomes the same bytes.
pub(crate) fn pack(journal: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(journal)?;
    encoder.finish()
}

/// The journal that a store has.
pub(crate) fn unpack(stored: &[u8]) -> io::Result<Cow<'_, [u8]>> {
    if !stored.starts_with(&MAGIC) {
        return Ok(Cow::Borrowed(stored));
    }
    let mut journal = Vec::new();
    GzDecoder::new(stored).read_to_end(&mut journal)?;
    Ok(Cow::Owned(journal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_is_the_same_after_it_was_stored_compressed_or_not() {
        let journal = [b"octane-upload/1 ", &*vec![0; 10_000]].concat();
        let packed = pack(&journal).unwrap();
        assert!(packed.len() < journal.len() / 5);
        assert_eq!(packed, pack(&journal).unwrap());
        assert_eq!(*unpack(&packed).unwrap(), *journal);
        assert_eq!(*unpack(&journal).unwrap(), *journal);
        assert_eq!(*unpack(&[]).unwrap(), *b"");
    }

    #[test]
    fn a_journal_that_is_cut_off_is_an_error() {
        let packed = pack(b"octane-upload/1 u-01jd8x2m5k3q7r").unwrap();
        assert!(unpack(&packed[..packed.len() - 1]).is_err());
    }
}
