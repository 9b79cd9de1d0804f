//! Reads ahead in large pieces.

use std::io::{self, ErrorKind, Read};
use std::ops::Deref;

/// What was read of an input, and not used yet.
///
/// It is in memory that has been written to before, as far as possible, because to fill new memory with zeros takes time.
#[derive(Debug, Default)]
pub(crate) struct Ahead {
    memory: Vec<u8>,
    /// How much of the memory is what was read.
    length: usize,
}

impl Ahead {
    /// Reads until there are `wanted` bytes; `false` if there are fewer. What was read before an error is kept.
    ///
    /// Unlike [`Read::read_to_end`], it asks for all of them at once, so that a file needs few calls.
    pub(crate) fn fill(&mut self, input: &mut impl Read, wanted: usize) -> io::Result<bool> {
        if self.memory.len() < wanted {
            self.memory.resize(wanted, 0);
        }
        while self.length < wanted {
            match input.read(&mut self.memory[self.length..wanted]) {
                Ok(0) => return Ok(false),
                Ok(read) => self.length += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Cuts off what is before `end`. The rest moves to `unused` memory.
    pub(crate) fn cut(&mut self, end: usize, mut unused: Vec<u8>) -> Vec<u8> {
        let rest = &self[end..];
        if unused.len() < rest.len() {
            unused.resize(rest.len(), 0);
        }
        unused[..rest.len()].copy_from_slice(rest);
        self.length = rest.len();
        let mut bytes = std::mem::replace(&mut self.memory, unused);
        bytes.truncate(end);
        bytes
    }
}

impl Deref for Ahead {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.memory[..self.length]
    }
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
        let mut ahead = Ahead::default();
        let mut input = &b"xabcdef"[..];
        assert!(ahead.fill(&mut input, 4).unwrap());
        assert_eq!(*ahead, *b"xabc");
        assert!(ahead.fill(&mut input, 2).unwrap());
        assert!(!ahead.fill(&mut input, 9).unwrap());
        assert_eq!(*ahead, *b"xabcdef");

        let mut ahead = Ahead::default();
        assert!(ahead.fill(&mut Failing(0), 9).is_err());
        assert_eq!(*ahead, *b"abcabc");
    }

    #[test]
    fn what_is_cut_off_is_not_in_the_rest() {
        let mut ahead = Ahead::default();
        let mut input = &b"abcdefgh"[..];
        assert!(ahead.fill(&mut input, 5).unwrap());
        assert_eq!(ahead.cut(2, b"unused".to_vec()), *b"ab");
        assert_eq!(*ahead, *b"cde");
        assert!(ahead.fill(&mut input, 4).unwrap());
        assert_eq!(ahead.cut(1, Vec::new()), *b"c");
        assert_eq!(*ahead, *b"def");
        assert_eq!(ahead.cut(3, Vec::new()), *b"def");
        assert_eq!(ahead.cut(0, Vec::new()), *b"");
        assert!(!ahead.fill(&mut input, 3).unwrap());
        assert_eq!(*ahead, *b"gh");
    }
}
