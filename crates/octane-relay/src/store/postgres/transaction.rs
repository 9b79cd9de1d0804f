//! Statements in PostgreSQL.
//!
//! Each wait for the database costs more than most statements, so what does not depend on an answer is sent with what is before it:
//! the beginning of a transaction with its first statement, and the question for the time with the statement after which it is asked.
//! The server does one after the other.

use deadpool_postgres::Object;
use futures_util::future::try_join;
use tokio_postgres::Error;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::store::interface::StoreError;
use crate::store::transaction::{Cell, Row, Transaction};
use crate::time::Time;

const CLOCK: &str = "SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT";

/// The locks of the statements are made for this isolation.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

/// Statements on a connection. Dropped before its end, an open transaction stays open, so the connection must be closed.
pub(super) struct PostgresTransaction<'c> {
    connection: &'c Object,
    state: State,
}

/// What statements have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// All have an effect, or none.
    Together,
    /// They only read, and need not see the same state.
    Apart,
}

/// How far a transaction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Each statement is a transaction of its own.
    None,
    /// It begins with the next statement.
    Awaited,
    /// It has begun.
    Open,
}

impl<'c> PostgresTransaction<'c> {
    pub(super) fn new(connection: &'c Object, scope: Scope) -> Self {
        let state = match scope {
            Scope::Together => State::Awaited,
            Scope::Apart => State::None,
        };
        Self { connection, state }
    }

    pub(super) async fn commit(self) -> Result<(), Error> {
        self.end("COMMIT").await
    }

    pub(super) async fn roll_back(self) -> Result<(), Error> {
        self.end("ROLLBACK").await
    }

    async fn end(self, statement: &str) -> Result<(), Error> {
        match self.state {
            State::Open => self.connection.batch_execute(statement).await,
            State::None | State::Awaited => Ok(()),
        }
    }

    /// Does the work of a statement, in the transaction.
    async fn run<T>(&mut self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        if self.state != State::Awaited {
            return work.await;
        }
        self.state = State::Open;
        // The first is sent first.
        let begun = self.connection.batch_execute(BEGIN);
        let ((), done) = try_join(begun, work).await?;
        Ok(done)
    }
}

impl Transaction for PostgresTransaction<'_> {
    async fn now(&mut self) -> Result<Time, StoreError> {
        let connection = self.connection;
        let statement = connection.prepare_cached(CLOCK).await?;
        let row = self.run(connection.query_one(&statement, &[])).await?;
        time(&row)
    }

    async fn execute(&mut self, sql: &'static str, values: Vec<Cell>) -> Result<u64, StoreError> {
        let connection = self.connection;
        let statement = connection.prepare_cached(&dialect(sql)).await?;
        let values = parameters(&values);
        Ok(self.run(connection.execute(&statement, &values)).await?)
    }

    async fn rows(&mut self, sql: &'static str, values: Vec<Cell>) -> Result<Vec<Row>, StoreError> {
        let connection = self.connection;
        let statement = connection.prepare_cached(&dialect(sql)).await?;
        let values = parameters(&values);
        let rows = self.run(connection.query(&statement, &values)).await?;
        rows.iter().map(row).collect()
    }

    async fn row_and_now(
        &mut self,
        sql: &'static str,
        values: Vec<Cell>,
    ) -> Result<(Option<Row>, Time), StoreError> {
        let connection = self.connection;
        let statement = connection.prepare_cached(&dialect(sql)).await?;
        let clock = connection.prepare_cached(CLOCK).await?;
        let values = parameters(&values);
        let both = try_join(
            connection.query(&statement, &values),
            connection.query_one(&clock, &[]),
        );
        let (rows, now) = self.run(both).await?;
        Ok((rows.first().map(row).transpose()?, time(&now)?))
    }
}

/// A statement as PostgreSQL understands it; see [`sql`](crate::store::sql).
fn dialect(sql: &str) -> String {
    let (open, close) = ("/*+", "*/");
    sql.replace('?', "$").replace(open, "").replace(close, "")
}

fn time(row: &tokio_postgres::Row) -> Result<Time, StoreError> {
    Ok(Time::from_micros(row.try_get(0)?))
}

fn parameters(values: &[Cell]) -> Vec<&(dyn ToSql + Sync)> {
    values
        .iter()
        .map(|value| value as &(dyn ToSql + Sync))
        .collect()
}

fn row(row: &tokio_postgres::Row) -> Result<Row, StoreError> {
    let cells = row.columns().iter().enumerate().map(|(index, column)| {
        let cell = match *column.type_() {
            Type::INT8 => row.try_get::<_, Option<i64>>(index)?.into(),
            Type::INT4 => row.try_get::<_, Option<i32>>(index)?.map(i64::from).into(),
            Type::TEXT => row.try_get::<_, Option<&str>>(index)?.into(),
            Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(index)?.into(),
            ref other => {
                return Err(StoreError::Corrupted(format!("a column of type {other}")));
            }
        };
        Ok(cell)
    });
    cells
        .collect::<Result<Vec<Cell>, StoreError>>()
        .map(Row::new)
}

impl ToSql for Cell {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Number(number) if *ty == Type::INT4 => {
                i32::try_from(*number)?.to_sql_checked(ty, out)
            }
            Self::Number(number) => number.to_sql_checked(ty, out),
            Self::Text(text) => text.to_sql_checked(ty, out),
            Self::Bytes(bytes) => bytes.to_sql_checked(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        // Each value is checked by itself.
        true
    }

    to_sql_checked!();
}
