//! From the payload flags to upload settings.

use octane_client::UploadSettings;
use octane_model::{MilestoneId, ProgramId, ReleaseId, WorkItemId};
use octane_results::{Dialect, GherkinUnit, LongNames, Release};

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
    let testing_tool_type =
        names::optional("--testing-tool-type", args.testing_tool_type.as_deref())?;
    settings.testing_tool_type = testing_tool_type.map(str::to_owned);
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
    context.environment.clone_from(&args.tags);
    context.test_fields.clone_from(&args.fields);
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
