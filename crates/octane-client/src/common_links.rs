//! What the links of several shards have in common: Jira keys that are resolved once for all of them, and runs that count once
//! however many of them have results of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::OnceCell;

use crate::client::Client;
use crate::error::ClientError;
use crate::jira::Resolution;
use crate::journal::{Journal, JournalError, LinkTotals, LinkedHolder, LinkedHolders};

/// What the links of several shards have in common.
#[derive(Debug)]
pub(crate) struct CommonLinks {
    /// The Jira keys of all results, wherever these are.
    keys: BTreeSet<String>,
    resolution: OnceCell<Resolution>,
    holders: Arc<LinkedHolders>,
}

impl CommonLinks {
    /// Of these journals; `None` if there are none.
    pub(crate) async fn of(journals: &[&Journal]) -> Result<Option<Arc<Self>>, JournalError> {
        let Some(first) = journals.first() else {
            return Ok(None);
        };
        let mut keys = BTreeSet::new();
        for journal in journals {
            keys.extend(journal.run(Journal::all_jira_keys).await?);
        }
        let holders = first.run(LinkedHolders::new).await?;
        Ok(Some(Arc::new(Self {
            keys,
            resolution: OnceCell::new(),
            holders: Arc::new(holders),
        })))
    }

    /// The backlog items of some of the keys. The first to ask looks up all.
    pub(crate) async fn resolve(
        &self,
        client: &Client,
        keys: &[String],
    ) -> Result<Resolution, ClientError> {
        let all = async || client.jira().resolve(&self.keys).await;
        let all = self.resolution.get_or_try_init(all).await?;
        Ok(all.of_keys(keys))
    }

    /// Notes what a journal has linked.
    pub(crate) async fn add(
        &self,
        journal: &Journal,
        collection: &'static str,
        linked: Vec<LinkedHolder>,
    ) -> Result<(), JournalError> {
        let holders = Arc::clone(&self.holders);
        journal
            .run(move |journal| holders.add(journal, collection, &linked))
            .await
    }

    /// What all journals have linked.
    pub(crate) async fn totals(&self, journal: &Journal) -> Result<LinkTotals, JournalError> {
        let holders = Arc::clone(&self.holders);
        journal.run(move |journal| holders.totals(journal)).await
    }
}
