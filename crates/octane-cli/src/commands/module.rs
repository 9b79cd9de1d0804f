//! `octane module`

use octane_client::{Client, Modules, Parent};
use octane_model::ApplicationModule;
use serde_json::{Value, json};

use super::changes::{self, Change};
use super::entity::{Answer, Shown, id_of};
use super::list::Filter;
use super::lookup::Lookup;
use super::similar::{check_not_existing, check_not_similar};
use crate::args::ModuleCommand;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::names;
use crate::output::Output;
use crate::suggest::quoted;

pub(super) async fn run(command: ModuleCommand, client: &Client, output: Output) -> Result<Exit> {
    let modules = client.modules();
    let lookup = Lookup::new(client, output);
    let answer = match command {
        ModuleCommand::Get { module } => Answer::One(lookup.module("ID|A/B/C", &module).await?),
        ModuleCommand::List { parent, since } => {
            let parent = lookup.module_id("--parent", parent.as_deref()).await?;
            let filter = Filter::default()
                .matching(parent.map(Modules::below))
                .since(since);
            return filter.show::<ApplicationModule>(client, output).await;
        }
        ModuleCommand::Create {
            name,
            parent,
            similar,
            dry_run,
        } => {
            let name = names::required("NAME", &name)?;
            if name.contains('/') {
                let message =
                    format!("`{name}` contains `/`, which separates the modules of a path");
                return Err(Failure::message(Exit::Configuration, message).hint(format!(
                    "to create the modules of the path, run `octane module ensure {}`",
                    quoted(name)
                )));
            }
            let parent = lookup.module_id("--parent", parent.as_deref()).await?;
            if !similar.create_similar {
                let parent = match parent {
                    Some(parent) => parent,
                    None => modules.root().await?.id,
                };
                let existing = modules.find(name, Parent::Id(parent)).await?;
                check_not_existing(
                    existing.as_ref(),
                    "use it, or add `--create-similar` to create another one of that name",
                )?;
                let similar = modules.similar_below(parent, name).await?;
                check_not_similar::<ApplicationModule>(name, &similar)?;
            }
            if dry_run.dry_run {
                let parent = match parent {
                    Some(parent) => modules.get(parent).await?,
                    None => modules.root().await?,
                };
                let change = Change::create::<ApplicationModule>(name, Some(parent.name));
                return changes::show(&[change], output);
            }
            Answer::Created(modules.create(name, parent).await?)
        }
        ModuleCommand::Ensure {
            path,
            similar,
            dry_run,
        } => {
            let path = names::required_path("A/B/C", &path)?;
            if let Some(existing) = lookup.numbered_module(path).await? {
                return changes::ensured(existing, dry_run.dry_run, output);
            }
            if !similar.create_similar {
                check_not_similar::<ApplicationModule>(path, &modules.similar(path).await?)?;
            }
            if dry_run.dry_run {
                let (module, missing) = modules.missing(path).await?;
                let parents = std::iter::once(&module.name).chain(&missing);
                let changes: Vec<Change> = missing
                    .iter()
                    .zip(parents)
                    .map(|(name, parent)| {
                        Change::create::<ApplicationModule>(name, Some(parent.clone()))
                    })
                    .collect();
                return changes::show(&changes, output);
            }
            Answer::Ensured(modules.ensure(path).await?)
        }
    };
    answer.show(output)
}

impl Shown for ApplicationModule {
    const ONE: &'static str = "octane.module/1";
    const MANY: (&'static str, &'static str) = ("octane.modules/1", "modules");
    const IS_CREATED: bool = true;
    const COLUMNS: &'static [&'static str] = &["PARENT"];

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn cells(&self) -> Vec<String> {
        vec![id_of(self.parent.as_ref()).unwrap_or_default().to_owned()]
    }

    fn details(&self) -> Value {
        json!({ "parent": id_of(self.parent.as_ref()) })
    }
}
