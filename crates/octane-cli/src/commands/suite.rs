//! `octane suite`

use octane_client::{Client, Suites};
use octane_model::{ModuleId, TestSuite};
use serde_json::{Value, json};

use super::changes::{self, Change};
use super::entity::{Answer, Shown};
use super::list::Filter;
use super::lookup::Lookup;
use super::similar::{check_not_existing, check_not_similar};
use crate::args::SuiteCommand;
use crate::exit::Exit;
use crate::failure::Result;
use crate::names;
use crate::output::Output;

pub(super) async fn run(command: SuiteCommand, client: &Client, output: Output) -> Result<Exit> {
    let suites = client.suites();
    let lookup = Lookup::new(client, output);
    let answer = match command {
        SuiteCommand::Get { suite } => Answer::One(lookup.suite("ID|NAME", &suite).await?),
        SuiteCommand::List { module, since } => {
            let module = lookup.module_id("--module", module.as_deref()).await?;
            let filter = Filter::default()
                .matching(module.map(Suites::in_module))
                .since(since);
            return filter.show::<TestSuite>(client, output).await;
        }
        SuiteCommand::Create {
            name,
            module,
            similar,
            dry_run,
        } => {
            let name = names::required("NAME", &name)?;
            let module = lookup.module_id("--module", module.as_deref()).await?;
            if !similar.create_similar {
                let existing = suites.find(name, module).await?;
                check_not_existing(
                    existing.as_ref(),
                    "use it, or add `--create-similar` to create another one of that name",
                )?;
                check_not_similar::<TestSuite>(name, &suites.similar(name).await?)?;
            }
            if dry_run.dry_run {
                return would_create(name, module, output);
            }
            Answer::Created(suites.create(name, module).await?)
        }
        SuiteCommand::Ensure {
            name,
            module,
            similar,
            dry_run,
        } => {
            let name = names::required("NAME", &name)?;
            let module = lookup.module_id("--module", module.as_deref()).await?;
            if let Some(existing) = lookup.numbered_suite(name, module).await? {
                return changes::ensured(existing, dry_run.dry_run, output);
            }
            let is_missing = suites.find(name, module).await?.is_none();
            if is_missing && !similar.create_similar {
                check_not_similar::<TestSuite>(name, &suites.similar(name).await?)?;
            }
            match (dry_run.dry_run, is_missing) {
                (true, true) => return would_create(name, module, output),
                (true, false) => return changes::show(&[], output),
                (false, _) => Answer::Ensured(suites.ensure(name, module).await?),
            }
        }
    };
    answer.show(output)
}

fn would_create(name: &str, module: Option<ModuleId>, output: Output) -> Result<Exit> {
    let module = module.map(|module| module.to_string());
    changes::show(&[Change::create::<TestSuite>(name, module)], output)
}

impl Shown for TestSuite {
    const ONE: &'static str = "octane.suite/1";
    const MANY: (&'static str, &'static str) = ("octane.suites/1", "suites");
    const IS_CREATED: bool = true;
    const COLUMNS: &'static [&'static str] = &["MODULES"];

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn cells(&self) -> Vec<String> {
        vec![modules(self).join(",")]
    }

    fn details(&self) -> Value {
        json!({ "modules": modules(self) })
    }
}

fn modules(suite: &TestSuite) -> Vec<&str> {
    let areas = suite.product_areas.data.iter();
    areas.map(|area| area.id.as_str()).collect()
}
