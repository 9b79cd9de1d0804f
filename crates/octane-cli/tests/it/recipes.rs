//! The recipes in `ci/`: the shell part of each, run by bash as its CI system would, against the sandbox.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use octane_sandbox::Settings;
use yaml_rust2::{Yaml, YamlLoader};

use crate::program::{Done, root};
use crate::server::{SECRET, Server};

/// A recipe as the CI system reads it.
struct Recipe {
    /// What bash runs.
    script: String,
    /// Variables that the recipe sets itself, once its inputs were filled in.
    variables: BTreeMap<String, String>,
    /// What it keeps as an artifact.
    artifacts: String,
}

/// What people write where they use a recipe.
const INPUTS: [(&str, &str); 4] = [
    ("files", "reports/**/TEST-*.xml"),
    ("suite", "Nightly E2E"),
    ("module", "Shop/Checkout"),
    ("suite-run", "ci/shop-run-x7k2p"),
];

fn text(path: &str) -> String {
    let path = root().join("ci").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn documents(path: &str) -> Vec<Yaml> {
    YamlLoader::load_from_str(&text(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn string(yaml: &Yaml) -> String {
    let text = yaml.as_str();
    text.unwrap_or_else(|| panic!("not a text: {yaml:?}"))
        .to_owned()
}

/// The step of a list that has this member.
fn step<'a>(steps: &'a Yaml, member: &str) -> &'a Yaml {
    let steps = steps.as_vec().unwrap();
    let found = steps.iter().find(|step| !step[member].is_badvalue());
    found.unwrap_or_else(|| panic!("no step with `{member}`: {steps:?}"))
}

/// Variables with their inputs filled in, which the system writes as `placeholder` says, with `NAME` for the input's name.
fn filled(variables: &Yaml, placeholder: &str) -> BTreeMap<String, String> {
    let fill = |value: &Yaml| {
        let value = string(value);
        INPUTS.iter().fold(value, |value, (name, given)| {
            value.replace(&placeholder.replace("NAME", name), given)
        })
    };
    let variables = variables.as_hash().unwrap();
    variables
        .iter()
        .map(|(name, value)| (string(name), fill(value)))
        .collect()
}

/// Variables that people set in the CI system, where a recipe has no inputs.
fn given() -> BTreeMap<String, String> {
    let names = ["OCTANE_FILES", "OCTANE_SUITE", "OCTANE_MODULE"];
    let pairs = names.iter().zip(INPUTS);
    pairs
        .map(|(name, (_, value))| ((*name).to_owned(), value.to_owned()))
        .collect()
}

fn github() -> Recipe {
    let steps = &documents("github/action.yml")[0]["runs"]["steps"];
    let upload = step(steps, "run");
    assert_eq!(upload["shell"].as_str(), Some("bash"));
    let artifact = step(steps, "uses");
    assert!(string(&artifact["uses"]).starts_with("actions/upload-artifact@"));
    Recipe {
        script: string(&upload["run"]),
        variables: filled(&upload["env"], "${{ inputs.NAME }}"),
        artifacts: string(&artifact["with"]["path"]),
    }
}

fn gitlab() -> Recipe {
    let documents = documents("gitlab/template.yml");
    let inputs = documents[0]["spec"]["inputs"].as_hash().unwrap();
    assert!(inputs.contains_key(&Yaml::String("files".to_owned())));
    let job = &documents[1]["octane-upload"];
    Recipe {
        script: string(&job["script"][0]),
        variables: filled(&job["variables"], "$[[ inputs.NAME ]]"),
        artifacts: string(&job["artifacts"]["paths"][0]),
    }
}

fn azure() -> Recipe {
    let steps = &documents("azure/upload.yml")[0]["steps"];
    let upload = step(steps, "bash");
    let mut variables = filled(&upload["env"], "${{ parameters.NAME }}");
    // The agent replaces this one.
    let secret = variables.insert("OCTANE_CLIENT_SECRET".to_owned(), SECRET.to_owned());
    assert_eq!(secret.as_deref(), Some("$(OCTANE_CLIENT_SECRET)"));
    Recipe {
        script: string(&upload["bash"]),
        variables,
        artifacts: string(&step(steps, "publish")["publish"]),
    }
}

/// The step is Groovy, which hands the script to bash from a file of its own.
fn jenkins() -> Recipe {
    let step = text("jenkins/vars/octaneUpload.groovy");
    assert!(
        step.contains("sh libraryResource('octane/upload.sh')"),
        "{step}"
    );
    for name in [
        "OCTANE_FILES=${options.files}",
        "OCTANE_SUITE=${options.suite}",
        "OCTANE_MODULE=${module}",
    ] {
        assert!(step.contains(&format!("\"{name}\"")), "{name} in {step}");
    }
    assert!(
        step.contains("if (!(options.files && options.suite && options.credentials)) {"),
        "a missing option would be the text `null`: {step}"
    );
    let artifacts = "octane-uploads/**";
    let (_, on_failure) = step.split_once("} catch (failure) {").unwrap();
    assert!(on_failure.contains(artifacts), "{step}");
    assert!(
        step.contains(&format!("archiveArtifacts artifacts: '{artifacts}'")),
        "{step}"
    );
    Recipe {
        script: text("jenkins/resources/octane/upload.sh"),
        variables: given(),
        artifacts: artifacts.to_owned(),
    }
}

fn bitbucket() -> Recipe {
    let document = &documents("bitbucket/bitbucket-pipelines.yml")[0];
    let step = &document["definitions"]["steps"][0]["step"];
    assert_eq!(step, &document["pipelines"]["default"][0]["step"]);
    Recipe {
        script: string(&step["script"][0]),
        variables: given(),
        artifacts: string(&step["artifacts"]["upload"][0]["paths"][0]),
    }
}

fn circleci() -> Recipe {
    let steps = &documents("circleci/orb.yml")[0]["commands"]["upload"]["steps"];
    let run = &step(steps, "run")["run"];
    assert_eq!(run["when"].as_str(), Some("always"));
    Recipe {
        script: string(&run["command"]),
        variables: filled(&run["environment"], "<< parameters.NAME >>"),
        artifacts: string(&step(steps, "store_artifacts")["store_artifacts"]["path"]),
    }
}

/// A dollar is doubled, as the agent replaces single ones when it reads the pipeline.
fn buildkite() -> Recipe {
    let step = &documents("buildkite/pipeline.yml")[0]["steps"][0];
    let script = string(&step["command"]);
    assert!(!script.replace("$$", "").contains('$'), "{script}");
    assert!(!step["depends_on"].is_badvalue(), "{step:?}");
    let download = "buildkite-agent artifact download \"$$OCTANE_FILES\" .\n";
    let script = script.strip_prefix(download).unwrap();
    let mut variables = filled(&step["env"], "NAME");
    variables.extend(given());
    Recipe {
        script: script.replace("$$", "$"),
        variables,
        artifacts: string(&step["artifact_paths"]),
    }
}

fn teamcity() -> Recipe {
    let recipe = &documents("teamcity/octane-upload.yml")[0];
    let inputs = recipe["inputs"].as_vec().unwrap();
    let names = inputs
        .iter()
        .flat_map(|input| input.as_hash().unwrap().keys());
    let mut names: Vec<_> = names
        .map(|name| string(name).replacen("env.", "", 1))
        .collect();
    names.sort();
    assert!(names.iter().eq(given().keys()), "{names:?}");
    let script = string(&recipe["steps"][0]["script"]);
    assert!(script.starts_with("#!/bin/bash\n"), "{script}");
    Recipe {
        script,
        variables: given(),
        artifacts: "octane-uploads".to_owned(),
    }
}

fn tekton() -> Recipe {
    let spec = &documents("tekton/task.yml")[0]["spec"];
    let step = &spec["steps"][0];
    let list = step["env"].as_vec().unwrap();
    let pairs = list
        .iter()
        .map(|one| (one["name"].clone(), one["value"].clone()));
    Recipe {
        script: string(&step["script"]),
        variables: filled(&Yaml::Hash(pairs.collect()), "$(params.NAME)"),
        // The workspace, in which the script runs, outlives it.
        artifacts: "octane-uploads".to_owned(),
    }
}

/// The parts of a recipe for shards: what each parallel job runs, and what the last job runs, with the variables that the recipe
/// sets and those that the system sets for one of several jobs.
struct ShardRecipe {
    shard: Recipe,
    merge: String,
    of_shard: fn(u32, u32) -> Vec<(&'static str, String)>,
    of_run: &'static [(&'static str, &'static str)],
}

fn gitlab_shards() -> ShardRecipe {
    let documents = documents("gitlab/shards.yml");
    let (shard, merge) = (
        &documents[1][".octane-shard"],
        &documents[1]["octane-merge"],
    );
    ShardRecipe {
        shard: Recipe {
            script: string(&shard["after_script"][0]),
            variables: filled(&shard["variables"], "$[[ inputs.NAME ]]"),
            artifacts: string(&shard["artifacts"]["paths"][0]),
        },
        merge: string(&merge["script"][0]),
        of_shard: |index, total| {
            vec![
                ("CI_NODE_INDEX", index.to_string()),
                ("CI_NODE_TOTAL", total.to_string()),
            ]
        },
        of_run: RECIPES[1].1,
    }
}

fn github_shards() -> ShardRecipe {
    let jobs = &documents("github/shards.yml")[0]["jobs"];
    let steps = &jobs["test"]["steps"];
    let upload = step(steps, "run");
    let artifact = steps.as_vec().unwrap().last().unwrap();
    let mut variables = filled(&upload["env"], "NAME");
    let shard = variables.remove("OCTANE_SHARD");
    let expected = "${{ matrix.shard }}/${{ strategy.job-total }}";
    assert_eq!(shard.as_deref(), Some(expected));
    let merge = &jobs["merge"]["steps"];
    let downloaded = &step(merge, "with")["with"]["path"];
    assert_eq!(*downloaded, artifact["with"]["path"]);
    ShardRecipe {
        shard: Recipe {
            script: string(&upload["run"]),
            variables,
            artifacts: string(&artifact["with"]["path"]),
        },
        merge: string(&step(merge, "run")["run"]),
        of_shard: |index, total| vec![("OCTANE_SHARD", format!("{index}/{total}"))],
        of_run: RECIPES[0].1,
    }
}

#[test]
fn shards_of_a_recipe_are_merged_by_its_last_job_which_fails_if_one_is_missing() {
    for recipe in [gitlab_shards(), github_shards()] {
        let server = server();
        let path = server.place.path();
        let mut variables = variables(&recipe.shard, recipe.of_run);
        let shard = |index: u32, files: &str, variables: &mut BTreeMap<String, String>| {
            variables.insert("OCTANE_FILES".to_owned(), files.to_owned());
            for (name, value) in (recipe.of_shard)(index, 3) {
                variables.insert(name.to_owned(), value);
            }
            let done = run(&server, &recipe.shard.script, variables)?;
            assert_eq!(done.code, 0, "{done:?}");
            // Each job has a disk of its own, and the last one finds the artifacts of all.
            std::fs::create_dir_all(path.join("kept")).unwrap();
            let kept = format!("kept/{index}");
            std::fs::rename(path.join(&recipe.shard.artifacts), path.join(kept)).unwrap();
            Some(())
        };
        if shard(1, "reports/cart", &mut variables).is_none() {
            return;
        }
        server
            .place
            .file("reports/none/TEST-none.xml", "<testsuite name=\"shop\"/>");
        shard(3, "reports/none", &mut variables);
        std::fs::rename(path.join("kept"), path.join(&recipe.shard.artifacts)).unwrap();
        let merged = run(&server, &recipe.merge, &variables).unwrap();
        assert_eq!(merged.code, 5, "{merged:?}");
        assert!(
            merged.stdout.contains("shard 2 has not arrived"),
            "{merged:?}"
        );
        std::fs::rename(path.join(&recipe.shard.artifacts), path.join("kept")).unwrap();
        shard(2, "reports/pay", &mut variables);
        std::fs::rename(path.join("kept"), path.join(&recipe.shard.artifacts)).unwrap();
        let merged = run(&server, &recipe.merge, &variables).unwrap();
        assert_eq!(merged.code, 0, "{merged:?}");
        assert!(merged.stdout.contains("Shards    3 of 3\n"), "{merged:?}");
        assert!(merged.stdout.contains("1 passed, 1 failed"), "{merged:?}");
    }
}

/// Each recipe, the variables of a run of its system, and the name of the suite run.
#[expect(clippy::type_complexity, reason = "a table")]
const RECIPES: [(fn() -> Recipe, &[(&str, &str)], &str); 9] = [
    (
        github,
        &[
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_REPOSITORY", "octo/shop"),
            ("GITHUB_WORKFLOW", "CI"),
            ("GITHUB_RUN_NUMBER", "7"),
            ("GITHUB_RUN_ID", "9912"),
        ],
        "octo/shop: CI #7 (9912)",
    ),
    (
        gitlab,
        &[
            ("GITLAB_CI", "true"),
            ("CI_PROJECT_PATH", "group/shop"),
            ("CI_PIPELINE_ID", "15"),
        ],
        "group/shop #15",
    ),
    (
        azure,
        &[
            ("TF_BUILD", "True"),
            ("SYSTEM_TEAMPROJECT", "Shop"),
            ("BUILD_DEFINITIONNAME", "Nightly"),
            ("BUILD_BUILDNUMBER", "20260101.1"),
            ("BUILD_BUILDID", "4711"),
        ],
        "Shop: Nightly #20260101.1 (4711)",
    ),
    (
        jenkins,
        &[
            ("JENKINS_URL", "https://ci.example.com/"),
            ("JOB_NAME", "shop/feature%2Flogin"),
            ("BUILD_NUMBER", "19"),
        ],
        "shop/feature/login #19 (ci.example.com)",
    ),
    (
        bitbucket,
        &[
            ("BITBUCKET_WORKSPACE", "octo"),
            ("BITBUCKET_REPO_SLUG", "shop"),
            ("BITBUCKET_BUILD_NUMBER", "9"),
        ],
        "octo/shop #9 (Bitbucket)",
    ),
    (
        circleci,
        &[
            ("CIRCLECI", "true"),
            ("CIRCLE_PROJECT_USERNAME", "octo"),
            ("CIRCLE_PROJECT_REPONAME", "shop"),
            ("CIRCLE_WORKFLOW_WORKSPACE_ID", "5b1f"),
            ("CIRCLE_WORKFLOW_ID", "77aa"),
        ],
        "octo/shop #5b1f",
    ),
    (
        buildkite,
        &[
            ("BUILDKITE", "true"),
            ("BUILDKITE_ORGANIZATION_SLUG", "octo"),
            ("BUILDKITE_PIPELINE_SLUG", "shop"),
            ("BUILDKITE_BUILD_NUMBER", "8"),
        ],
        "octo/shop #8 (Buildkite)",
    ),
    (
        teamcity,
        &[
            ("TEAMCITY_VERSION", "2025.11"),
            ("TEAMCITY_PROJECT_NAME", "Shop"),
            ("TEAMCITY_BUILDCONF_NAME", "Nightly"),
            ("BUILD_NUMBER", "18"),
        ],
        "Shop: Nightly #18",
    ),
    (tekton, &[], "ci/shop-run-x7k2p"),
];

/// A server, and the reports of a build, of which one test has failed.
fn server() -> Server {
    let server = Server::with(Settings::default());
    for (file, case) in [
        (
            "cart/TEST-cart.xml",
            r#"<testcase name="adds" classname="shop.Cart" time="0.1"/>"#,
        ),
        (
            "pay/TEST-pay.xml",
            r#"<testcase name="pays" classname="shop.Pay" time="0.2"><failure message="declined"/></testcase>"#,
        ),
    ] {
        let report = format!("<testsuite name=\"shop\">{case}</testsuite>");
        server.place.file(&format!("reports/{file}"), &report);
    }
    server
}

/// Runs a script as a job does: any command that fails ends it.
fn run(server: &Server, script: &str, variables: &BTreeMap<String, String>) -> Option<Done> {
    let bash = octane_test_support::program("bash", "bash")?;
    // Creates the folder with the program.
    server.place.shell("octane version", &[]);
    let output = Command::new(bash)
        .args(["-e", "-o", "pipefail", "-c", script])
        .stdin(Stdio::null())
        .current_dir(server.place.path())
        .env_clear()
        .env("PATH", server.place.path().join("programs"))
        .env("HOME", server.place.path())
        .env("OCTANE_RATE", "off")
        .envs(server.variables(SECRET))
        .envs(variables)
        .output();
    Some(output.unwrap().into())
}

fn variables(recipe: &Recipe, of_run: &[(&str, &str)]) -> BTreeMap<String, String> {
    let of_run = of_run
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    recipe.variables.clone().into_iter().chain(of_run).collect()
}

#[test]
fn the_results_of_each_recipe_arrive_in_the_suite_run_of_its_ci_run() {
    for (recipe, of_run, name) in RECIPES {
        let recipe = recipe();
        let server = server();
        let Some(done) = run(&server, &recipe.script, &variables(&recipe, of_run)) else {
            return;
        };
        assert_eq!(done.code, 0, "{name}: {done:?}");
        // Later builds on the same disk would keep the journals of all others.
        assert!(!done.stdout.contains("publishArtifacts"), "{done:?}");
        let list = ["run", "list", "--suite", "Nightly E2E", "--suite-run", name];
        let runs = server
            .octane(&[&list[..], &["--format", "json"]].concat(), SECRET)
            .json();
        let mut found: Vec<_> = runs["runs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|run| run["name"].as_str())
            .collect();
        found.sort_unstable();
        assert_eq!(found, [Some("adds"), Some("pays")], "{name}: {runs}");
        let module = server.octane(&["module", "get", "Shop/Checkout"], SECRET);
        assert_eq!(module.code, 0, "{name}: {module:?}");
    }
}

#[test]
fn a_second_job_of_the_same_run_adds_to_its_suite_run() {
    let (recipe, of_run, name) = RECIPES[0];
    let recipe = recipe();
    let server = server();
    let mut variables = variables(&recipe, of_run);
    let Some(first) = run(&server, &recipe.script, &variables) else {
        return;
    };
    server.place.file(
        "reports/ship/TEST-ship.xml",
        r#"<testsuite name="shop"><testcase name="ships" classname="shop.Ship"/></testsuite>"#,
    );
    variables.insert("OCTANE_FILES".to_owned(), "reports/ship".to_owned());
    variables.insert("GITHUB_RUN_ATTEMPT".to_owned(), "2".to_owned());
    let second = run(&server, &recipe.script, &variables).unwrap();
    assert_eq!((first.code, second.code), (0, 0), "{first:?} {second:?}");
    let runs = server
        .octane(&["suite-run", "list", "--format", "json"], SECRET)
        .json();
    let names: Vec<_> = runs["suite_runs"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|run| run["name"] == name)
        .collect();
    assert_eq!(names.len(), 1, "{runs}");
}

#[test]
fn a_module_is_optional() {
    let server = server();
    let recipe = gitlab();
    let mut variables = variables(&recipe, RECIPES[1].1);
    variables.insert("OCTANE_MODULE".to_owned(), String::new());
    let Some(done) = run(&server, &recipe.script, &variables) else {
        return;
    };
    assert_eq!(done.code, 0, "{done:?}");
}

#[test]
fn names_that_begin_as_options_do_are_names() {
    for (recipe, of_run, name) in RECIPES {
        let recipe = recipe();
        let server = server();
        let mut variables = variables(&recipe, of_run);
        variables.insert("OCTANE_SUITE".to_owned(), "-Nightly".to_owned());
        variables.insert("OCTANE_MODULE".to_owned(), "-Shop".to_owned());
        let Some(done) = run(&server, &recipe.script, &variables) else {
            return;
        };
        assert_eq!(done.code, 0, "{name}: {done:?}");
        let list = server.octane(&["suite", "list", "--format", "json"], SECRET);
        assert!(list.stdout.contains("\"-Nightly\""), "{name}: {list:?}");
    }
}

#[test]
fn a_job_of_gitlab_that_is_not_parallel_is_one_shard_of_one() {
    let recipe = gitlab_shards();
    let server = server();
    let variables = variables(&recipe.shard, recipe.of_run);
    let Some(done) = run(&server, &recipe.shard.script, &variables) else {
        return;
    };
    assert_eq!(done.code, 0, "{done:?}");
    let merged = run(&server, &recipe.merge, &variables).unwrap();
    assert_eq!(merged.code, 0, "{merged:?}");
    assert!(merged.stdout.contains("Shards    1 of 1\n"), "{merged:?}");
}

#[test]
fn what_a_recipe_keeps_is_enough_to_resume_elsewhere() {
    for (recipe, of_run, name) in RECIPES {
        let recipe = recipe();
        let mut server = server();
        server.go_away();
        // So that the test need not wait for attempts that cannot succeed.
        let script = recipe
            .script
            .replace("octane upload", "octane upload --retries 0");
        let Some(done) = run(&server, &script, &variables(&recipe, of_run)) else {
            return;
        };
        assert_eq!(done.code, 8, "{name}: {done:?}");
        let publishes = |done: &Done| done.stdout.contains("publishArtifacts");
        assert_eq!(publishes(&done), recipe.script.contains("publishArtifacts"));
        let kept = recipe.artifacts.trim_end_matches("/**");
        let path = server.place.path();
        assert!(path.join(kept).read_dir().unwrap().count() > 0, "{name}");
        std::fs::rename(path.join(kept), path.join("downloaded")).unwrap();
        server.come_back();
        let resumed = server.octane(&["resume", "--all", "--spool", "downloaded"], SECRET);
        assert_eq!(resumed.code, 0, "{name}: {resumed:?}");
        assert!(resumed.stdout.contains(name), "{name}: {resumed:?}");
    }
}

#[test]
fn every_recipe_says_how_the_program_gets_there_and_how_to_resume() {
    for path in [
        "github/action.yml",
        "gitlab/template.yml",
        "azure/upload.yml",
        "jenkins/vars/octaneUpload.groovy",
        "bitbucket/bitbucket-pipelines.yml",
        "circleci/orb.yml",
        "buildkite/pipeline.yml",
        "teamcity/octane-upload.yml",
        "tekton/task.yml",
    ] {
        let text = text(path);
        assert!(text.contains("`octane` has to be"), "{path}");
        assert!(
            text.contains("octane resume --all --spool octane-uploads"),
            "{path}"
        );
    }
    for path in ["github/shards.yml", "gitlab/shards.yml"] {
        let text = text(path);
        assert!(text.contains("`octane` has to be"), "{path}");
        assert!(text.contains("`octane merge octane-merged"), "{path}");
    }
}

#[test]
fn the_journals_of_each_upload_that_failed_are_an_artifact_of_their_own() {
    let steps = &documents("github/action.yml")[0]["runs"]["steps"];
    let artifact = step(steps, "uses");
    assert_eq!(
        string(&artifact["if"]),
        "failure() && steps.upload.outcome == 'failure'"
    );
    let name = string(&artifact["with"]["name"]);
    assert!(name.contains("steps.upload.outputs.upload-id"), "{name}");
    let publish = step(&documents("azure/upload.yml")[0]["steps"], "publish").clone();
    assert_eq!(
        string(&publish["condition"]),
        "and(failed(), ne(variables['octaneUploads'], ''))"
    );
    assert!(string(&publish["artifact"]).ends_with("-$(octaneUploads)"));
}
