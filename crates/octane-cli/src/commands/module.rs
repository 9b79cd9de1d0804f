//! `octane module`

use octane_client::{Client, Parent};
use octane_model::ApplicationModule;
use serde_json::{Value, json};

use super::named;
use crate::args::ModuleCommand;
use crate::exit::Exit;
use crate::failure::Outcome;
use crate::output::{Output, table};

pub(super) async fn run(command: ModuleCommand, client: &Client, output: Output) -> Outcome<Exit> {
    match command {
        ModuleCommand::Get { module } => {
            let module = named::module(client, &module).await?;
            output.answer(|| rows(std::slice::from_ref(&module)), &value(&module))?;
        }
        ModuleCommand::List { parent } => {
            let parent = named::module_id(client, parent.as_deref()).await?;
            let modules = client
                .modules()
                .list(parent.map_or(Parent::Any, Parent::Id))
                .await?;
            let values: Vec<Value> = modules.iter().map(value).collect();
            output.answer(|| rows(&modules), &values)?;
        }
        ModuleCommand::Create { name, parent } => {
            let parent = named::module_id(client, parent.as_deref()).await?;
            let module = client.modules().create(&name, parent).await?;
            output.answer(|| rows(std::slice::from_ref(&module)), &value(&module))?;
        }
        ModuleCommand::Ensure { path } => {
            let ensured = client.modules().ensure(&path).await?;
            for module in &ensured.created {
                output.say(&format!(
                    "created application module {} ({})",
                    module.name, module.id
                ));
            }
            let mut json = value(&ensured.entity);
            json["created"] = ensured.created.iter().map(value).collect();
            output.answer(|| rows(std::slice::from_ref(&ensured.entity)), &json)?;
        }
    }
    Ok(Exit::Success)
}

fn value(module: &ApplicationModule) -> Value {
    json!({
        "type": "application_module",
        "id": module.id,
        "name": module.name,
        "parent": module.parent.as_ref().map(|parent| parent.id.as_str()),
    })
}

fn rows(modules: &[ApplicationModule]) -> String {
    let rows = modules.iter().map(|module| {
        let parent = module
            .parent
            .as_ref()
            .map(|parent| parent.id.to_string())
            .unwrap_or_default();
        [module.id.to_string(), parent, module.name.clone()]
    });
    table(&["ID", "PARENT", "NAME"], rows)
}
