//! Reads ahead in large pieces.

use std::io::{self, ErrorKind, Read};

/// Reads until `bytes` has `wanted` of them; `false` if there are fewer. What was read before an error is kept.
///
/// Unlike [`Read::read_to_end`], it asks for all of them at once, so that a file needs few calls.
pub(crate) fn fill(input: &mut impl Read, bytes: &mut Vec<u8>, wanted: usize) -> io::Result<bool> {
    let mut filled = bytes.len();
    bytes.resize(wanted.max(filled), 0);
    let mut ended = Ok(true);
    while filled < bytes.len() {
        match input.read(&mut bytes[filled..]) {
            Ok(0) => ended = Ok(false),
            Ok(read) => {
                filled += read;
                continue;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => ended = Err(error),
        }
        break;
    }
    bytes.truncate(filled);
    ended
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three bytes at a time, then an error.
    struct Failing(usize);

    impl Read for Failing {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.0 += 1;
            match self.0 {
                1 => Err(ErrorKind::Interrupted.into()),
                2 | 3 => {
                    into[..3].copy_from_slice(b"abc");
                    Ok(3)
                }
                _ => Err(io::Error::other("gone")),
            }
        }
    }

    #[test]
    fn as_much_is_read_as_is_wanted_and_there_is() {
        let mut bytes = b"x".to_vec();
        let mut input = &b"abcdef"[..];
        assert!(fill(&mut input, &mut bytes, 4).unwrap());
        assert_eq!(bytes, b"xabc");
        assert!(fill(&mut input, &mut bytes, 2).unwrap());
        assert!(!fill(&mut input, &mut bytes, 9).unwrap());
        assert_eq!(bytes, b"xabcdef");

        let mut bytes = Vec::new();
        assert!(fill(&mut Failing(0), &mut bytes, 9).is_err());
        assert_eq!(bytes, b"abcabc");
    }
}
