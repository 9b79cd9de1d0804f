//! Columns of Arrow, from whatever exports a stream of them (`__arrow_c_stream__`).

use arrow_array::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
use arrow_array::{RecordBatch, RecordBatchReader};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use serde_json::Value;

use crate::error::Failure;

/// The columns of a frame that are needed; its batches share memory with what has exported them.
#[pyclass(frozen, module = "octane_client._core")]
pub(crate) struct Frame {
    /// The names of all columns that there were.
    pub(crate) header: Vec<String>,
    /// The columns of the batches, as indexes in the header.
    pub(crate) columns: Vec<usize>,
    pub(crate) batches: Vec<RecordBatch>,
    pub(crate) rows: usize,
}

#[pymethods]
impl Frame {
    /// Reads a stream, and keeps the columns that `used(header)` returns the indexes of.
    #[staticmethod]
    fn read(exporter: &Bound<'_, PyAny>, used: &Bound<'_, PyAny>) -> PyResult<Self> {
        let reader = stream(exporter)?;
        let header: Vec<String> = (reader.schema().fields().iter())
            .map(|field| field.name().clone())
            .collect();
        let columns: Vec<usize> = used.call1((header.clone(),))?.extract()?;
        let batches = batches(exporter.py(), reader, Some(&columns))?;
        Ok(Self::of(header, columns, batches))
    }

    /// Reads a stream whose columns are these of `header`.
    #[staticmethod]
    fn read_as(
        exporter: &Bound<'_, PyAny>,
        columns: Vec<usize>,
        header: Vec<String>,
    ) -> PyResult<Self> {
        let reader = stream(exporter)?;
        let found = reader.schema().fields().len();
        if found != columns.len() {
            let wanted = columns.len();
            let reason = format!("it has {found} columns, and {wanted} were selected");
            return Err(failed(exporter.py(), &reason));
        }
        let batches = batches(exporter.py(), reader, None)?;
        Ok(Self::of(header, columns, batches))
    }

    #[getter]
    fn header(&self) -> Vec<String> {
        self.header.clone()
    }

    #[getter]
    fn rows(&self) -> usize {
        self.rows
    }
}

impl Frame {
    fn of(header: Vec<String>, columns: Vec<usize>, batches: Vec<RecordBatch>) -> Self {
        Self {
            rows: batches.iter().map(RecordBatch::num_rows).sum(),
            header,
            columns,
            batches,
        }
    }
}

/// All batches of a stream, with some of its columns.
fn batches(
    py: Python<'_>,
    mut reader: RecordBatchStreamReader,
    columns: Option<&[usize]>,
) -> PyResult<Vec<RecordBatch>> {
    let mut batches = Vec::new();
    loop {
        // A stream may call Python code.
        let reader = &mut reader;
        let Some(batch) = py.detach(move || reader.next()) else {
            return Ok(batches);
        };
        let batch = batch.and_then(|batch| match columns {
            Some(columns) => batch.project(columns),
            None => Ok(batch),
        });
        let batch = batch.map_err(|error| failed(py, &error.to_string()))?;
        check_texts(&batch).map_err(|failure| failure.into_exception(py))?;
        batches.push(batch);
        py.check_signals()?;
    }
}

/// Fails if texts are not UTF-8, which those who export them need not check.
fn check_texts(batch: &RecordBatch) -> Result<(), Failure> {
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        if column.to_data().validate_full().is_err() {
            let name = field.name();
            let message =
                format!("column `{name}` has values that cannot be used: its texts are not UTF-8");
            return Err(Failure::new("SchemaError", message)
                .with("rows", Vec::<Value>::new())
                .hint("say in which encoding the file is when you read it, or convert the column to texts first"));
        }
    }
    Ok(())
}

fn failed(py: Python<'_>, reason: &str) -> PyErr {
    Failure::new("InputError", format!("the frame cannot be read: {reason}")).into_exception(py)
}

/// The stream that an object exports.
fn stream(exporter: &Bound<'_, PyAny>) -> PyResult<RecordBatchStreamReader> {
    let py = exporter.py();
    let capsule = exporter.call_method0("__arrow_c_stream__")?;
    let capsule = capsule.cast::<PyCapsule>().map_err(PyErr::from)?;
    let stream = capsule.pointer_checked(Some(c"arrow_array_stream"))?;
    let stream = stream.cast::<FFI_ArrowArrayStream>();
    #[expect(
        unsafe_code,
        reason = "by its name, the capsule holds a stream by the Arrow C stream interface; `from_raw` moves it out"
    )]
    let reader = unsafe { RecordBatchStreamReader::from_raw(stream.as_ptr()) };
    reader.map_err(|error| failed(py, &error.to_string()))
}
