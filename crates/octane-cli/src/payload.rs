//! From the payload flags to upload settings.

use octane_client::UploadSettings;
use octane_model::{MilestoneId, ProgramId, ReleaseId, WorkItemId};
use octane_results::{Dialect, GherkinUnit, LongNames, Release, Tag, TestField, TestFieldKind};

use crate::args::{Gherkin, InputArgs, LongNamesPolicy, PayloadArgs, PayloadKind};
use crate::build_context;
use crate::ci;
use crate::env;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::names;

/// What the payload flags mean.
pub(crate) fn settings(args: &PayloadArgs) -> Result<UploadSettings> {
    let mut settings = UploadSettings::default();
    settings.dialect = match args.payload {
        PayloadKind::Standard => Dialect::Standard,
        PayloadKind::Evidence => Dialect::Evidence,
    };
    settings.gherkin = match args.gherkin {
        Gherkin::Scenarios => GherkinUnit::Scenarios,
        Gherkin::Features => GherkinUnit::Features,
    };
    settings.started = args.started;
    settings
        .testing_tool_type
        .clone_from(&args.testing_tool_type);
    settings.batch_limits.runs_max = usize::try_from(args.batch_size).unwrap_or(usize::MAX);
    settings.batch_limits.bytes_max = args.batch_bytes;
    if args.long_names == LongNamesPolicy::Refuse {
        settings.repair.long_names = LongNames::Refuse;
    }
    settings.report_url = args.run_url.as_ref().and_then(|url| url.0.clone());
    let context = &mut settings.context;
    context.build = build_context::given(&args.build_context, ci::detect(env::text).as_ref())?;
    context.release = names::optional("--release", args.release.as_deref())?.map(|release| {
        match release.parse::<ReleaseId>() {
            Ok(id) => Release::Id(id),
            Err(_) if release == "default" => Release::Name(Release::DEFAULT.to_owned()),
            Err(_) => Release::Name(release.to_owned()),
        }
    });
    context.milestone = args.milestone.map(MilestoneId::new);
    context.program = args.program.map(ProgramId::new);
    context.backlog_items = args
        .backlog_item
        .iter()
        .copied()
        .map(WorkItemId::new)
        .collect();
    for tag in &args.tags {
        let (tag_type, value) = pair("--tag", tag, "OS:Linux")?;
        context.environment.push(Tag { tag_type, value });
    }
    for field in &args.fields {
        let (kind, value) = pair("--field", field, "Test_Level:System Test")?;
        let known = TestFieldKind::from_payload(&kind).ok_or_else(|| {
            let words: Vec<_> = TestFieldKind::ALL
                .iter()
                .map(|kind| kind.as_str())
                .collect();
            Failure::message(
                Exit::Usage,
                format!("`--field {field}`: unknown test field `{kind}`"),
            )
            .hint(format!("use one of {}", words.join(", ")))
        })?;
        context.test_fields.push(TestField { kind: known, value });
    }
    Ok(settings)
}

/// Fails if runs of features cannot be made as the other options want it.
pub(crate) fn check_gherkin(args: &PayloadArgs, input: &InputArgs) -> Result<()> {
    if args.gherkin == Gherkin::Scenarios {
        return Ok(());
    }
    let (message, hint) = if args.payload == PayloadKind::Evidence {
        (
            "`--gherkin features` needs standard payloads, and `--payload` asks for others",
            "leave out one of them",
        )
    } else if input.skip_invalid {
        // The run of the feature would say that all of its scenarios have passed.
        (
            "`--gherkin features` needs all scenarios of a feature, and `--skip-invalid` may leave some out",
            "leave out `--skip-invalid`, or use `--gherkin scenarios`",
        )
    } else {
        return Ok(());
    };
    Err(Failure::message(Exit::Usage, message).hint(hint))
}

/// `TYPE:VALUE`; the value may contain further colons.
fn pair(flag: &str, text: &str, example: &str) -> Result<(String, String)> {
    match text
        .split_once(':')
        .map(|(kind, value)| (kind.trim(), value.trim()))
    {
        Some((kind, value)) if !kind.is_empty() && !value.is_empty() => {
            Ok((kind.to_owned(), value.to_owned()))
        }
        _ => Err(
            Failure::message(Exit::Usage, format!("`{flag} {text}`: expected TYPE:VALUE"))
                .hint(format!("for example: `{flag} '{example}'`")),
        ),
    }
}
