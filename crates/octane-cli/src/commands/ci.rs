//! `octane ci env`

use serde::Serialize;

use crate::ci::{CiRun, Found, SYSTEMS, detect};
use crate::env;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::{Output, Text, table};

/// What was found, as a document; null where nothing was.
#[derive(Serialize, Default)]
struct CiEnv {
    schema: &'static str,
    system: Option<SystemJson>,
    suite_run: Option<Found>,
    run_url: Option<Found>,
    repository: Option<Found>,
    branch: Option<Found>,
    commit: Option<Found>,
    server_url: Option<Found>,
    job: Option<Found>,
    build: Option<Found>,
    shard: Option<Found>,
}

#[derive(Serialize)]
struct SystemJson {
    key: &'static str,
    name: &'static str,
    documentation: &'static str,
}

/// Prints what the variables say of the CI run.
pub(super) fn env(output: Output) -> Result<Exit> {
    let found = detect(env::text).map_or_else(CiEnv::default, CiEnv::from);
    let found = CiEnv {
        schema: "octane.ci_env/1",
        ..found
    };
    output.answer(|| found.text(), &found)?;
    Ok(Exit::Success)
}

impl From<CiRun> for CiEnv {
    fn from(run: CiRun) -> Self {
        let CiRun {
            system,
            suite_run,
            run_url,
            repository,
            branch,
            commit,
            server_url,
            job,
            build,
            shard,
        } = run;
        Self {
            schema: "",
            system: Some(SystemJson {
                key: system.id,
                name: system.name,
                documentation: system.documentation,
            }),
            suite_run: Some(suite_run),
            run_url,
            repository,
            branch,
            commit,
            server_url,
            job,
            build,
            shard,
        }
    }
}

impl CiEnv {
    fn text(&self) -> Text {
        let Some(system) = &self.system else {
            let names: Vec<&str> = SYSTEMS.iter().map(|system| system.name).collect();
            return Text::lines([
                "no CI run found".to_owned(),
                format!("known systems: {}", names.join("; ")),
            ]);
        };
        let facts = [
            ("suite run", &self.suite_run),
            ("run URL", &self.run_url),
            ("repository", &self.repository),
            ("branch", &self.branch),
            ("commit", &self.commit),
            ("server URL", &self.server_url),
            ("job", &self.job),
            ("build", &self.build),
            ("shard", &self.shard),
        ];
        let rows = facts.map(|(label, found)| {
            let (value, variables) = match found {
                Some(found) => (found.value.clone(), found.variables.join(", ")),
                None => ("-".to_owned(), String::new()),
            };
            [label.to_owned(), value, variables]
        });
        let head = ["system".to_owned(), system.name.to_owned(), String::new()];
        table(&["WHAT", "VALUE", "FROM"], [head].into_iter().chain(rows))
    }
}
