//! `octane ci env`

use serde_json::{Value, json};

use crate::ci::{CiRun, SYSTEMS, detect, facts};
use crate::env;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::{Output, Text, table};

/// Prints what the variables say of the CI run.
pub(super) fn env(output: Output) -> Result<Exit> {
    let run = detect(env::text);
    output.answer(|| text(run.as_ref()), &document(run.as_ref()))?;
    Ok(Exit::Success)
}

/// What was found, as a document; null where nothing was.
fn document(run: Option<&CiRun>) -> Value {
    let system = run.map(|run| {
        json!({
            "key": run.system.id, "name": run.system.name, "documentation": run.system.documentation,
        })
    });
    let mut document = json!({ "schema": "octane.ci_env/1", "system": system, "unset": {} });
    for fact in facts(run) {
        document[fact.key] = json!(fact.found);
        let unset = fact.unset(env::text);
        if !unset.is_empty() {
            document["unset"][fact.key] = json!(unset);
        }
    }
    document
}

fn text(run: Option<&CiRun>) -> Text {
    let Some(CiRun { system, .. }) = run else {
        let names: Vec<&str> = SYSTEMS.iter().map(|system| system.name).collect();
        return Text::lines([
            "no CI run found".to_owned(),
            format!("known systems: {}", names.join("; ")),
        ]);
    };
    let rows = facts(run).map(|fact| {
        let (value, variables) = match (fact.found, fact.unset(env::text)) {
            (Some(found), _) => (found.value.clone(), found.variables.join(", ")),
            (None, unset) if unset.is_empty() => ("-".to_owned(), String::new()),
            (None, unset) => ("-".to_owned(), format!("not set: {}", unset.join(", "))),
        };
        [fact.label.to_owned(), value, variables]
    });
    let head = ["system".to_owned(), system.name.to_owned(), String::new()];
    table(&["WHAT", "VALUE", "FROM"], [head].into_iter().chain(rows))
}
