//! `octane story`: backlog items, and what results say of them.

mod coverage;
mod verdict;

use octane_client::{Client, ClientError, LinkField, LinkLevel, Runs};
use octane_model::plural::thousands;
use octane_model::{
    AutomatedRun, Entity, EntityId, Query, Resource, Select, SuiteRunId, WorkItem, WorkItemId,
};
use octane_rest::Entities;
use serde::Deserialize;
use serde_json::{Value, json};

use super::entity::{Shown, id_of};
use super::list::Filter;
use super::lookup::Lookup;
use crate::args::{StoryCommand, Verdict};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::{Output, Text, verdict_word};
pub(super) use coverage::coverage_of;
use verdict::{name_of, state_of};

pub(super) async fn run(command: StoryCommand, client: &Client, output: Output) -> Result<Exit> {
    match command {
        StoryCommand::Get {
            story,
            suite_run,
            suite,
        } => {
            let lookup = Lookup::new(client, output);
            let suite_run = match &suite_run {
                Some(suite_run) => {
                    let found = lookup.suite_run("--suite-run", suite_run, suite.as_deref());
                    Some(found.await?.id)
                }
                None => None,
            };
            let field = jira_field(client).await?;
            let id = id_of_story(&story, client).await?;
            let story = read(id, field.as_deref(), client).await?;
            let runs = LinkedRuns::of(id, suite_run, client).await?;
            show(&story, runs, suite_run, output)
        }
        StoryCommand::List {
            types,
            status,
            with_key,
            since,
        } => {
            let field = jira_field(client).await?;
            if with_key && field.is_none() {
                // It says why.
                client.jira().field().await?;
            }
            let phase = |phase: &String| {
                let named = Query::field("phase").refers_to(Query::field("name").is(phase));
                named | Query::field("phase").refers_to_id(EntityId::from(phase.as_str()))
            };
            let key = field.as_ref().filter(|_| with_key);
            let filter = Filter::default()
                .matching(Query::field("subtype").is_in(&types))
                .matching(status.iter().map(phase).reduce(|one, other| one | other))
                .matching(key.map(|field| !Query::field(field).is_null()))
                .since(since);
            let select = selected(field.as_deref());
            let items = client.endpoint().collection(WorkItem::COLLECTION);
            let shown = |entity| Story::new(entity, field.as_deref());
            filter.show_as(items, select, shown, output).await
        }
        // It needs no server, and is started elsewhere.
        StoryCommand::Coverage { .. } => Ok(Exit::Internal),
    }
}

/// A backlog item and its Jira key.
#[derive(Debug, Deserialize)]
struct Story {
    #[serde(flatten)]
    item: WorkItem,
    /// In a field whose name differs between workspaces.
    #[serde(skip)]
    jira_key: Option<String>,
}

impl Story {
    fn new(entity: Entity, field: Option<&str>) -> Option<Self> {
        let key = field.and_then(|field| entity.text(field)).map(str::trim);
        let jira_key = key.filter(|key| !key.is_empty()).map(str::to_owned);
        let item = entity.into_typed().ok()?;
        Some(Self { item, jira_key })
    }

    /// The name of the phase, or its ID where the server does not name it.
    fn phase(&self) -> Option<&str> {
        let phase = self.item.phase.as_ref();
        let name = phase.and_then(|phase| phase.name.as_deref());
        name.or(id_of(phase))
    }
}

impl Resource for Story {
    const TYPE: &'static str = WorkItem::TYPE;
    const COLLECTION: &'static str = WorkItem::COLLECTION;

    fn select() -> Select {
        WorkItem::select()
    }
}

impl Shown for Story {
    const ONE: &'static str = "octane.story/1";
    const MANY: (&'static str, &'static str) = ("octane.stories/1", "stories");
    const COLUMNS: &'static [&'static str] = &["TYPE", "JIRA KEY", "PHASE"];

    fn noun() -> String {
        "story".to_owned()
    }

    fn entity_type(&self) -> &str {
        &self.item.subtype
    }

    fn id(&self) -> String {
        self.item.id.to_string()
    }

    fn name(&self) -> &str {
        &self.item.name
    }

    fn cells(&self) -> Vec<String> {
        vec![
            self.item.subtype.clone(),
            self.jira_key.clone().unwrap_or_default(),
            self.phase().unwrap_or_default().to_owned(),
        ]
    }

    fn details(&self) -> Value {
        json!({ "jira_key": self.jira_key, "phase": self.phase() })
    }
}

fn selected(field: Option<&str>) -> Select {
    let select = WorkItem::select();
    match field {
        Some(field) => select.with(field),
        None => select,
    }
}

/// The field with Jira keys; `None` if the workspace has none, or several that may be it.
async fn jira_field(client: &Client) -> Result<Option<String>> {
    match client.jira().field().await {
        Ok(field) => Ok(Some(field)),
        Err(ClientError::NoJiraField | ClientError::AmbiguousJiraField(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The story with an ID or a Jira key.
async fn id_of_story(text: &str, client: &Client) -> Result<WorkItemId> {
    let text = text.trim();
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    let keys = client.jira().resolve([text]).await?;
    if let Some(item) = keys.found.get(text) {
        return Ok(item.id);
    }
    let several = keys.ambiguous.get(text).and_then(|items| items.first());
    let hint = several.map_or_else(
        || "`octane story list` lists all stories".to_owned(),
        |first| format!("use an ID, for example `octane story get {}`", first.id),
    );
    let problem = keys.problems().into_iter().next();
    let message = problem.map_or_else(
        || format!("`{text}` is neither an ID nor a Jira key"),
        |problem| problem.message,
    );
    Err(Failure::message(Exit::Refused, message).hint(hint))
}

async fn read(id: WorkItemId, field: Option<&str>, client: &Client) -> Result<Story> {
    let items = client.endpoint().collection(WorkItem::COLLECTION);
    let found = items.select(selected(field)).get(id).await;
    let story = match found {
        Ok(entity) => Story::new(entity, field),
        Err(error) if error.is_not_found() && !error.is_retryable() => None,
        Err(error) => return Err(error.into()),
    };
    story.ok_or_else(|| {
        let kind = "backlog item";
        let error = ClientError::UnknownId {
            kind,
            id: id.into(),
        };
        Failure::new(Exit::Refused, error).hint("`octane story list` lists all stories")
    })
}

/// The runs that are linked to a story, or whose tests are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct LinkedRuns {
    level: LinkLevel,
    total: u64,
    passed: u64,
    failed: u64,
}

impl LinkedRuns {
    /// Of a story, in a suite run or in all; `None` if neither runs nor tests can be linked, or the server does not count.
    async fn of(
        story: WorkItemId,
        suite_run: Option<SuiteRunId>,
        client: &Client,
    ) -> Result<Option<Self>> {
        let links = client.links();
        let tests = match links.field().await {
            Ok(field) => field,
            Err(ClientError::NoLinkField(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let runs = client.endpoint().collection(AutomatedRun::COLLECTION);
        let Some(mut all) = Self::counted(&tests, runs, story, suite_run).await? else {
            return Ok(None);
        };
        let of_features = async {
            let field = links.feature_field().await?;
            let (features, _) = client.runs().features();
            Self::counted(&field, features, story, suite_run).await
        };
        match of_features.await {
            Ok(features) => {
                if let Some(more) = features {
                    all.total += more.total;
                    all.passed += more.passed;
                    all.failed += more.failed;
                }
            }
            // A server without features has no runs of them.
            Err(ClientError::NoLinkField(_)) => {}
            Err(ClientError::Rest(error)) if error.is_not_found() && !error.is_retryable() => {}
            Err(error) => return Err(error.into()),
        }
        Ok(Some(all))
    }

    async fn counted(
        field: &LinkField,
        runs: Entities<Entity>,
        story: WorkItemId,
        suite_run: Option<SuiteRunId>,
    ) -> std::result::Result<Option<Self>, ClientError> {
        let linked = Query::field(&field.name).refers_to_id(story);
        let linked = match field.level {
            LinkLevel::Runs => linked,
            LinkLevel::Tests => Query::field("test").refers_to(linked),
        };
        let in_suite_run = suite_run.map(Runs::in_suite_run);
        let all = in_suite_run.into_iter().fold(linked, |all, one| all & one);
        let of_status = |status: &str| {
            let status = EntityId::from(format!("list_node.run_native_status.{status}"));
            let query = all.clone() & Query::field("native_status").refers_to_id(status);
            runs.list().matching(query).count()
        };
        let Some(total) = runs.list().matching(all.clone()).count().await? else {
            return Ok(None);
        };
        let (mut passed, mut failed) = (Some(0), Some(0));
        if total > 0 {
            passed = of_status("passed").await?;
            failed = of_status("failed").await?;
        }
        let counted = passed.zip(failed).map(|(passed, failed)| Self {
            level: field.level,
            total,
            passed,
            failed,
        });
        Ok(counted)
    }

    /// What the runs of one suite run say of the story. The first row that applies decides.
    ///
    /// | runs | verdict |
    /// | --- | --- |
    /// | one failed | failed |
    /// | none passed | not run |
    /// | others than passed | partly run |
    /// | all passed | passed |
    fn verdict(&self) -> Verdict {
        match self {
            Self { failed: 1.., .. } => Verdict::Failed,
            Self { passed: 0, .. } => Verdict::NotRun,
            _ if self.passed < self.total => Verdict::PartlyRun,
            _ => Verdict::Passed,
        }
    }
}

fn show(
    story: &Story,
    runs: Option<LinkedRuns>,
    suite_run: Option<SuiteRunId>,
    output: Output,
) -> Result<Exit> {
    let verdict = runs.filter(|_| suite_run.is_some());
    let verdict = verdict.map(|runs| runs.verdict());
    let json = json!({
        "schema": Story::ONE,
        "type": story.entity_type(),
        "id": story.id(),
        "name": story.name(),
        "jira_key": story.jira_key,
        "phase": story.phase(),
        "suite_run": suite_run.map(|id| id.to_string()),
        "verdict": verdict.map(name_of),
        "runs": runs.map(|runs| json!({
            "level": runs.level,
            "total": runs.total,
            "passed": runs.passed,
            "failed": runs.failed,
        })),
    });
    let human = || {
        let mut text = Text::line(format!(
            "Story     {} ({} {})",
            story.name(),
            story.item.subtype,
            story.id()
        ));
        if let Some(key) = &story.jira_key {
            text.push(&format!("Jira key  {key}"));
        }
        if let Some(phase) = story.phase() {
            text.push(&format!("Phase     {phase}"));
        }
        match runs {
            None => text.push("Runs      not known: neither runs nor tests can be linked here"),
            Some(LinkedRuns {
                level,
                total,
                passed,
                failed,
            }) => {
                let what = match level {
                    LinkLevel::Runs => "linked",
                    LinkLevel::Tests => "of linked tests",
                };
                let number = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
                text.push(&format!(
                    "Runs      {} {what}: {} passed, {} failed, {} others",
                    thousands(number(total)),
                    thousands(number(passed)),
                    thousands(number(failed)),
                    thousands(number(total.saturating_sub(passed + failed)))
                ));
            }
        }
        if let Some(verdict) = verdict {
            text.push(&format!("Verdict   {}", verdict_word(state_of(verdict))));
        }
        text
    };
    output.answer(human, &json)?;
    Ok(Exit::Success)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_of_the_table_of_verdicts_holds() {
        for (total, passed, failed, verdict) in [
            (3, 2, 1, Verdict::Failed),
            (0, 0, 0, Verdict::NotRun),
            (2, 0, 0, Verdict::NotRun),
            (2, 1, 0, Verdict::PartlyRun),
            (2, 2, 0, Verdict::Passed),
        ] {
            let runs = LinkedRuns {
                level: LinkLevel::Runs,
                total,
                passed,
                failed,
            };
            assert_eq!(runs.verdict(), verdict, "{runs:?}");
        }
    }
}
