//! Memory for what is rendered, which goes back and forth between threads.

use std::sync::{Mutex, PoisonError};

/// A buffer that had to be larger is not kept.
const KEPT_BYTES: usize = 1024 * 1024;

/// Buffers that are used again: new ones would cost a page fault for each page, each time.
#[derive(Debug, Default)]
pub(crate) struct Buffers(Mutex<Vec<Vec<u8>>>);

impl Buffers {
    /// An empty buffer.
    pub(crate) fn take(&self) -> Vec<u8> {
        let mut unused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        unused.pop().unwrap_or_default()
    }

    /// Gives back a buffer whose content is no longer needed.
    pub(crate) fn give(&self, mut buffer: Vec<u8>) {
        if buffer.capacity() <= KEPT_BYTES {
            buffer.clear();
            let mut unused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            unused.push(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_used_again_unless_it_is_very_large() {
        let buffers = Buffers::default();
        assert_eq!(buffers.take().capacity(), 0);
        buffers.give(vec![1; KEPT_BYTES]);
        buffers.give(vec![1; KEPT_BYTES + 1]);
        let buffer = buffers.take();
        assert_eq!((buffer.len(), buffer.capacity()), (0, KEPT_BYTES));
        assert_eq!(buffers.take().capacity(), 0);
    }
}
