//! The databases: a primary, and a standby without which no commit counts.

use std::collections::BTreeMap;
use std::path::PathBuf;

use octane_test_support::postgres::Postgres;

use super::plan::Failure;

const DATABASE: &str = "relay";

/// A primary and its standby.
pub(super) struct Databases {
    primary: Postgres,
    standby: Postgres,
    is_promoted: bool,
}

impl Databases {
    /// Starts both; nothing if PostgreSQL is not installed.
    pub(super) fn start() -> Option<Self> {
        let primary = Postgres::start()?;
        primary.database(DATABASE);
        let standby = primary.standby();
        Some(Self {
            primary,
            standby,
            is_promoted: false,
        })
    }

    pub(super) fn sockets(&self) -> (PathBuf, PathBuf) {
        (self.primary.socket(), self.standby.socket())
    }

    /// The URL of the primary, without a link, for the time before anything happens.
    pub(super) fn url(&self) -> String {
        let socket = self.primary.socket();
        let folder = socket.parent().map(|folder| folder.display().to_string());
        let folder = folder.unwrap_or_default().replace('/', "%2F");
        format!("postgres:///{DATABASE}?user=postgres&host={folder}")
    }

    /// Kills the primary, and makes a primary of the standby.
    pub(super) fn fail_over(&mut self) {
        self.primary.kill();
        self.standby.promote();
        self.is_promoted = true;
    }

    fn query(&self, statement: &str) -> String {
        let server = if self.is_promoted {
            &self.standby
        } else {
            &self.primary
        };
        server.query(DATABASE, statement)
    }

    /// How many uploads are in which state.
    pub(super) fn states(&self) -> Result<BTreeMap<String, usize>, Failure> {
        let rows = self.query("SELECT state, COUNT(*) FROM relay_uploads GROUP BY state");
        rows.lines()
            .map(|row| {
                let (state, count) = row.split_once('|').ok_or("a row has two columns")?;
                Ok((state.to_owned(), count.parse()?))
            })
            .collect()
    }

    /// The lanes that a relay has, with the numbers of their leases.
    pub(super) fn lanes_of(&self, holder: &str) -> BTreeMap<String, String> {
        let statement = format!("SELECT id, fence FROM relay_lanes WHERE holder = '{holder}'");
        let rows = self.query(&statement);
        let pairs = rows.lines().filter_map(|row| row.split_once('|'));
        pairs
            .map(|(id, fence)| (id.to_owned(), fence.to_owned()))
            .collect()
    }

    /// How many of these leases have come to their end: another one has followed, or there is nothing left to do.
    pub(super) fn followed(&self, leases: &BTreeMap<String, String>) -> usize {
        let is_followed = |(id, fence): &(&String, &String)| {
            let statement = format!(
                "SELECT fence > {fence} OR NOT EXISTS (
                    SELECT 1 FROM relay_uploads WHERE lane = {id} AND state IN ('stored', 'delivering', 'waiting')
                ) FROM relay_lanes WHERE id = {id}"
            );
            self.query(&statement) == "t"
        };
        leases.iter().filter(is_followed).count()
    }

    /// Why uploads are not delivered.
    pub(super) fn reasons(&self) -> String {
        self.query(
            "SELECT id, state, attempts, reason FROM relay_uploads WHERE state <> 'delivered' ORDER BY sequence LIMIT 10",
        )
    }
}
