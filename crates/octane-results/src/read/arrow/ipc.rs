//! Arrow's own file formats.

use std::fs::File;
use std::io::{self, BufReader, Read};

use arrow_array::RecordBatch;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, SchemaRef};

/// What a stream ends with: the mark of a message, and a length of 0.
const END: [u8; 8] = [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0];

/// The batches of a stream, which has to end as streams do: one that was cut off between two messages looks whole otherwise.
pub(super) struct Stream<R: Read> {
    reader: StreamReader<LastBytes<R>>,
    has_ended: bool,
}

impl<R: Read> Stream<R> {
    pub(super) fn new(input: R) -> Result<Self, ArrowError> {
        let last = [0; END.len()];
        let reader = StreamReader::try_new(LastBytes { input, last }, None)?;
        Ok(Self {
            reader,
            has_ended: false,
        })
    }

    pub(super) fn schema(&self) -> SchemaRef {
        self.reader.schema()
    }

    /// Fails unless the stream was complete, and nothing follows.
    fn check_end(&mut self) -> Result<(), ArrowError> {
        let input = self.reader.get_mut();
        let reason = if input.last != END {
            "unexpected end of the stream; the file is truncated"
        } else if input.read(&mut [0])? > 0 {
            "something follows after the end of the stream"
        } else {
            return Ok(());
        };
        Err(ArrowError::IpcError(reason.to_owned()))
    }
}

impl<R: Read> Iterator for Stream<R> {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_ended {
            return None;
        }
        let next = self.reader.next();
        if next.is_none() {
            self.has_ended = true;
            return self.check_end().err().map(Err);
        }
        next
    }
}

/// Remembers the last bytes that were read.
struct LastBytes<R> {
    input: R,
    last: [u8; END.len()],
}

impl<R: Read> Read for LastBytes<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(into)?;
        let new = &into[read.saturating_sub(END.len())..read];
        self.last.rotate_left(new.len());
        let kept = self.last.len() - new.len();
        self.last[kept..].copy_from_slice(new);
        Ok(read)
    }
}

/// The schema of a file.
pub(super) fn schema(file: &File) -> Result<SchemaRef, ArrowError> {
    Ok(FileReader::try_new_buffered(file, None)?.schema())
}

/// The batches of a file with some of its columns.
pub(super) fn batches(
    file: File,
    columns: &[usize],
) -> Result<FileReader<BufReader<File>>, ArrowError> {
    FileReader::try_new_buffered(file, Some(columns.to_vec()))
}
