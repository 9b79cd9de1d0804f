//! What an engine has to provide: transactions in which statements are executed.

use octane_client::UploadId;

use super::interface::StoreError;
use crate::time::Time;

/// A transaction of an engine. Dropped without a commit it has no effect.
pub(super) trait Transaction: Send {
    /// The time by the clock of the store.
    fn now(&mut self) -> impl Future<Output = Result<Time, StoreError>> + Send;

    /// Executes a statement, and returns how many rows it has changed.
    fn execute(
        &mut self,
        sql: &'static str,
        values: Vec<Cell>,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// All rows of a query.
    fn rows(
        &mut self,
        sql: &'static str,
        values: Vec<Cell>,
    ) -> impl Future<Output = Result<Vec<Row>, StoreError>> + Send;

    /// The first row of a query.
    fn row(
        &mut self,
        sql: &'static str,
        values: Vec<Cell>,
    ) -> impl Future<Output = Result<Option<Row>, StoreError>> + Send {
        async move { Ok(self.rows(sql, values).await?.into_iter().next()) }
    }

    /// The first row of a query, and the time after it was found and locked.
    fn row_and_now(
        &mut self,
        sql: &'static str,
        values: Vec<Cell>,
    ) -> impl Future<Output = Result<(Option<Row>, Time), StoreError>> + Send {
        async move { Ok((self.row(sql, values).await?, self.now().await?)) }
    }
}

/// A value of a statement or of a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Null,
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// A row; its cells are taken in their order.
#[derive(Debug)]
pub(super) struct Row(std::vec::IntoIter<Cell>);

impl Row {
    pub(super) fn new(cells: Vec<Cell>) -> Self {
        Self(cells.into_iter())
    }

    /// The next cell.
    pub(super) fn next<T: FromCell>(&mut self) -> Result<T, StoreError> {
        let cell = self.0.next();
        let cell = cell.ok_or_else(|| StoreError::Corrupted("a row is too short".to_owned()))?;
        T::from_cell(cell)
    }
}

/// What a cell can be read as.
pub(super) trait FromCell: Sized {
    fn from_cell(cell: Cell) -> Result<Self, StoreError>;
}

fn unexpected(cell: &Cell) -> StoreError {
    let what = match cell {
        Cell::Null => "nothing".to_owned(),
        Cell::Number(number) => format!("the number {number}"),
        Cell::Text(text) => format!("the text `{text}`"),
        Cell::Bytes(bytes) => format!("{} bytes", bytes.len()),
    };
    StoreError::Corrupted(what)
}

impl FromCell for i64 {
    fn from_cell(cell: Cell) -> Result<Self, StoreError> {
        match cell {
            Cell::Number(number) => Ok(number),
            other => Err(unexpected(&other)),
        }
    }
}

impl FromCell for u64 {
    fn from_cell(cell: Cell) -> Result<Self, StoreError> {
        let number = i64::from_cell(cell)?;
        Self::try_from(number).map_err(|_| unexpected(&Cell::Number(number)))
    }
}

impl FromCell for u32 {
    fn from_cell(cell: Cell) -> Result<Self, StoreError> {
        let number = i64::from_cell(cell)?;
        Self::try_from(number).map_err(|_| unexpected(&Cell::Number(number)))
    }
}

impl FromCell for bool {
    fn from_cell(cell: Cell) -> Result<Self, StoreError> {
        Ok(i64::from_cell(cell)? != 0)
    }
}

impl FromCell for Time {
    fn from_cell(cell: Cell) -> Result<Self, StoreError> {
        i64::from_cell(cell).map(Self::from_micros)
    }
}

impl FromCell for String {
    fn from_cell(cell: Cell) -> Result<Self, StoreError> {
        match cell {
            Cell::Text(text) => Ok(text),
            other => Err(unexpected(&other)),
        }
    }
}

impl FromCell for Vec<u8> {
    fn from_cell(cell: Cell) -> Result<Self, StoreError> {
        match cell {
            Cell::Bytes(bytes) => Ok(bytes),
            other => Err(unexpected(&other)),
        }
    }
}

impl FromCell for UploadId {
    fn from_cell(cell: Cell) -> Result<Self, StoreError> {
        let text = String::from_cell(cell)?;
        text.parse().map_err(|_| unexpected(&Cell::Text(text)))
    }
}

impl<T: FromCell> FromCell for Option<T> {
    fn from_cell(cell: Cell) -> Result<Self, StoreError> {
        match cell {
            Cell::Null => Ok(None),
            cell => T::from_cell(cell).map(Some),
        }
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<u32> for Cell {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<bool> for Cell {
    fn from(flag: bool) -> Self {
        Self::Number(flag.into())
    }
}

impl From<Time> for Cell {
    fn from(time: Time) -> Self {
        Self::Number(time.micros())
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        // PostgreSQL stores no zero in a text, and none has a meaning here.
        Self::Text(text.replace('\0', ""))
    }
}

impl From<Vec<u8>> for Cell {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<&UploadId> for Cell {
    fn from(id: &UploadId) -> Self {
        id.as_str().into()
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
