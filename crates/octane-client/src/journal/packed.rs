//! The rendered runs of a batch, compressed once: as they are stored, and as they are sent.
//!
//! The runs are planned before the rest of the payload is known, as the IDs of suite and module are part of what comes first. So
//! they are compressed on their own, to the end of a byte, and what comes before and after them is put around them in
//! blocks that are only stored. The whole is one member of a gzip file, and always the same bytes.

use crc32fast::Hasher;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// Results resemble each other so much that the fastest level is small enough.
const LEVEL: Compression = Compression::fast();

/// Signature, deflate, no flags, no time, fastest, unknown system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255];

/// The runs of one batch are not longer, and a compressed byte does not become more: a journal that comes from elsewhere may say anything.
const LENGTH_MAX: usize = 512 << 20;
const EXPANSION_MAX: usize = 1032;

/// How much room is made at a time for what is decompressed.
const ROOM: usize = 1 << 20;

/// The most that a stored block holds.
const BLOCK_MAX: usize = 0xffff;

/// Bytes that were compressed, as the middle of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Packed {
    pub(super) deflated: Vec<u8>,
    pub(super) crc: u32,
    /// How many bytes they were.
    pub(super) length: usize,
}

/// Something that is not compressed, or not as it should be.
#[derive(Debug, thiserror::Error)]
#[error("compressed results cannot be read")]
pub(super) struct Unreadable;

impl Packed {
    pub(super) fn new(plain: &[u8]) -> Self {
        let mut deflated = Vec::with_capacity(plain.len() / 8 + 64);
        let mut compress = Compress::new(LEVEL, false);
        loop {
            let rest = &plain[usize::try_from(compress.total_in()).unwrap_or(plain.len())..];
            // With room to spare a flush is complete, and there is always room to spare.
            deflated.reserve(rest.len() / 8 + 64);
            let status = compress.compress_vec(rest, &mut deflated, FlushCompress::Sync);
            let is_over = compress.total_in() == plain.len() as u64;
            if is_over && deflated.len() < deflated.capacity() || status.is_err() {
                break;
            }
        }
        Self {
            deflated,
            crc: crc32fast::hash(plain),
            length: plain.len(),
        }
    }

    /// The bytes themselves.
    pub(super) fn plain(&self) -> Result<Vec<u8>, Unreadable> {
        let expanded_max = self.deflated.len().saturating_mul(EXPANSION_MAX);
        if self.length > expanded_max.min(LENGTH_MAX) {
            return Err(Unreadable);
        }
        let mut plain = Vec::new();
        let mut decompress = Decompress::new(false);
        loop {
            let read = usize::try_from(decompress.total_in()).unwrap_or(usize::MAX);
            let rest = self.deflated.get(read..).unwrap_or_default();
            if plain.len() >= self.length {
                break;
            }
            // Never more than it should be, and never much more than it is.
            let written = plain.len();
            plain.reserve_exact(ROOM.max(written).min(self.length - written));
            let status = decompress.decompress_vec(rest, &mut plain, FlushDecompress::Sync);
            let is_stuck =
                usize::try_from(decompress.total_in()).ok() == Some(read) && plain.len() == written;
            if !matches!(status, Ok(Status::Ok | Status::BufError)) || is_stuck {
                break;
            }
        }
        if plain.len() == self.length && crc32fast::hash(&plain) == self.crc {
            Ok(plain)
        } else {
            Err(Unreadable)
        }
    }

    /// A gzip file of `before`, these bytes and `after`.
    pub(super) fn gzip(&self, before: &[u8], after: &[u8]) -> Vec<u8> {
        let mut crc = Hasher::new();
        crc.update(before);
        crc.combine(&Hasher::new_with_initial_len(self.crc, self.length as u64));
        crc.update(after);
        let length = before.len() + self.length + after.len();
        let mut gzip = Vec::with_capacity(self.deflated.len() + before.len() + after.len() + 64);
        gzip.extend_from_slice(&HEADER);
        store(&mut gzip, before, false);
        gzip.extend_from_slice(&self.deflated);
        store(&mut gzip, after, true);
        gzip.extend_from_slice(&crc.finalize().to_le_bytes());
        // The length modulo 2^32.
        gzip.extend_from_slice(&(length as u64).to_le_bytes()[..4]);
        gzip
    }
}

/// Adds bytes as they are; `is_last` ends the stream.
fn store(stream: &mut Vec<u8>, mut bytes: &[u8], is_last: bool) {
    loop {
        let (block, rest) = bytes.split_at(bytes.len().min(BLOCK_MAX));
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        stream.push(u8::from(is_last && rest.is_empty()));
        stream.extend_from_slice(&length.to_le_bytes());
        stream.extend_from_slice(&(!length).to_le_bytes());
        stream.extend_from_slice(block);
        bytes = rest;
        if bytes.is_empty() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::bufread::GzDecoder;
    use proptest::prelude::*;

    use super::*;

    /// What is in a gzip file, if it is one and nothing follows it.
    fn unpacked(gzip: &[u8]) -> Vec<u8> {
        let mut decoder = GzDecoder::new(gzip);
        let mut plain = Vec::new();
        decoder.read_to_end(&mut plain).unwrap();
        assert_eq!(decoder.into_inner().len(), 0);
        plain
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_packed_comes_out_again_alone_and_between_other_bytes(
            run in "[a-z<>\"= ü]{0,200}",
            times in 0..3000_usize,
            noise in prop::collection::vec(any::<u8>(), 0..5000),
            before in prop::sample::select(vec![0, 1, 800, 0xffff, 0x10000, 200_000]),
            after in prop::sample::select(vec![0, 1, 70_000]),
        ) {
            let plain = [run.repeat(times).into_bytes(), noise].concat();
            let packed = Packed::new(&plain);
            prop_assert_eq!(packed.plain().unwrap(), &*plain);
            let (before, after) = (vec![b'<'; before], vec![b'>'; after]);
            let gzip = packed.gzip(&before, &after);
            prop_assert_eq!(unpacked(&gzip), [before, plain, after].concat());
        }
    }

    #[test]
    fn the_same_bytes_are_packed_in_the_same_way_on_every_machine() {
        let plain: String = (0..20_000_u32)
            .map(|number| format!("<run n=\"{}\"/>", number * number))
            .collect();
        let gzip = Packed::new(plain.as_bytes()).gzip(b"<runs>", b"</runs>");
        assert_eq!(
            (gzip.len(), crc32fast::hash(&gzip)),
            (131_456, 4_091_408_608)
        );
    }

    #[test]
    fn what_is_damaged_is_not_read() {
        let packed = Packed::new("<run/>".repeat(1000).as_bytes());
        for at in 0..packed.deflated.len() {
            let mut damaged = packed.clone();
            damaged.deflated[at] ^= 0x10;
            if let Ok(plain) = damaged.plain() {
                assert_eq!(plain, packed.plain().unwrap(), "{at}");
            }
        }
        let mut short = packed.clone();
        short.deflated.truncate(5);
        assert!(short.plain().is_err());
        let mut long = packed;
        long.length += 1;
        assert!(long.plain().is_err());
    }

    #[test]
    fn a_length_that_cannot_be_true_takes_no_memory() {
        for length in [LENGTH_MAX + 1, 1 << 40, usize::MAX] {
            let mut packed = Packed::new(&vec![0; 1 << 20]);
            packed.length = length;
            assert!(packed.plain().is_err(), "{length}");
        }
        // What compresses best of all is read.
        let zeros = vec![0; 8 << 20];
        assert_eq!(Packed::new(&zeros).plain().unwrap(), zeros);
    }
}
