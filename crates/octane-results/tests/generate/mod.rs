//! Arbitrary runs and contexts, with everything that people and machines write into texts.

use std::time::Duration;

use jiff::Timestamp;
use octane_results::{
    Build, Context, Failure, Parameter, Release, Status, Step, Steps, SuiteRef, Tag, TestField,
    TestFieldKind, TestRun,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

/// Any text: with arbitrary characters, with those that are special in XML, and with lengths around the
/// limits.
pub(crate) fn text() -> BoxedStrategy<String> {
    let piece = prop_oneof![
        4 => any::<String>(),
        4 => "[a-zA-Z0-9_ .]{0,12}",
        4 => vec(
            select(vec![
                '<', '>', '&', '"', '\'', '\t', '\n', '\r', ' ', '\0', '\u{1b}', '\u{b}', '\u{7f}',
                '\u{85}', '\u{a0}', '\u{2028}', '\u{fffd}', '\u{fffe}', '\u{ffff}', '\u{feff}', ']', 'ｂ',
                '😀', 'é',
            ]),
            0..12,
        )
        .prop_map(|characters| characters.into_iter().collect()),
        1 => (select(vec!['x', 'é', '😀', '\u{1}', '&']), select(vec![127, 128, 254, 255, 256, 3799, 3800, 3801]))
            .prop_map(|(character, count): (char, usize)| character.to_string().repeat(count)),
    ];
    prop_oneof![
        4 => piece.clone(),
        1 => vec(piece, 2..4).prop_map(|pieces| pieces.concat()),
    ]
    // Boxed, because the value trees of all texts of a run would not fit on the stack of a test.
    .boxed()
}

/// A valid or invalid link.
fn link() -> impl Strategy<Value = String> {
    prop_oneof![
        text(),
        (
            select(vec!["http", "HTTPS", "td", "tds", "testdirector", "ftp"]),
            select(vec![":", ":/", "://", ""]),
            text()
        )
            .prop_map(|(scheme, separator, rest)| format!("{scheme}{separator}{rest}")),
    ]
}

fn duration() -> impl Strategy<Value = Duration> {
    prop_oneof![0..100_000_u64, any::<u64>()].prop_map(Duration::from_millis)
}

fn timestamp() -> impl Strategy<Value = Timestamp> {
    let (first, last) = (
        Timestamp::MIN.as_millisecond(),
        Timestamp::MAX.as_millisecond(),
    );
    prop_oneof![0..2_000_000_000_000_i64, (first + 1)..last]
        .prop_map(|milliseconds| Timestamp::from_millisecond(milliseconds).unwrap())
}

fn status() -> impl Strategy<Value = Status> {
    select(vec![
        Status::Passed,
        Status::Failed,
        Status::Skipped,
        Status::Planned,
    ])
}

fn parameters() -> impl Strategy<Value = Vec<Parameter>> {
    let parameter =
        (text(), of(text()), of(text())).prop_map(|(name, value, parameter_type)| Parameter {
            name,
            value,
            parameter_type,
        });
    vec(parameter, 0..3)
}

fn step() -> BoxedStrategy<Step> {
    (
        text(),
        duration(),
        text(),
        of(text()),
        of(text()),
        parameters(),
        parameters(),
    )
        .prop_map(
            |(name, duration, status, external_step_id, error_message, inputs, outputs)| Step {
                name,
                duration,
                status,
                external_step_id,
                error_message,
                input_parameters: inputs,
                output_parameters: outputs,
            },
        )
        .boxed()
}

fn steps() -> impl Strategy<Value = Vec<Steps>> {
    let steps =
        (of(text()), vec(step(), 0..3)).prop_map(|(iteration, steps)| Steps { iteration, steps });
    prop_oneof![3 => Just(Vec::new()), 1 => vec(steps, 0..3)]
}

fn build() -> impl Strategy<Value = Build> {
    (
        (text(), text(), text()),
        (of(text()), of(text()), of(text()), of(text())),
    )
        .prop_map(|(required, optional)| Build {
            server_id: required.0,
            job_id: required.1,
            job_name: optional.0,
            build_id: required.2,
            build_name: optional.1,
            sub_type: optional.2,
            artifact_id: optional.3,
        })
}

fn suite() -> impl Strategy<Value = SuiteRef> {
    (any::<i64>(), of(text()), of(text())).prop_map(|(id, external_run_id, component)| SuiteRef {
        id: id.into(),
        external_run_id,
        component,
    })
}

fn release() -> impl Strategy<Value = Release> {
    prop_oneof![
        any::<i64>().prop_map(|id| Release::Id(id.into())),
        text().prop_map(Release::Name)
    ]
}

/// Any context, with a build.
pub(crate) fn context() -> BoxedStrategy<Context> {
    let test_field = (select(TestFieldKind::ALL.to_vec()), text())
        .prop_map(|(kind, value)| TestField { kind, value });
    let tag = (text(), text()).prop_map(|(tag_type, value)| Tag { tag_type, value });
    (
        (of(build()), of(suite()), of(any::<i64>()), of(release())),
        (
            of(any::<i64>()),
            vec(any::<i64>(), 0..3),
            vec(any::<i64>(), 0..3),
        ),
        (vec(test_field, 0..3), vec(tag, 0..3)),
    )
        .prop_map(|(first, second, third)| Context {
            build: first.0,
            suite: first.1,
            program: first.2.map(Into::into),
            release: first.3,
            milestone: second.0.map(Into::into),
            backlog_items: second.1.into_iter().map(Into::into).collect(),
            product_areas: second.2.into_iter().map(Into::into).collect(),
            test_fields: third.0,
            environment: third.1,
        })
        .boxed()
}

/// Any run, whether it fits the schema or not.
pub(crate) fn run() -> BoxedStrategy<TestRun> {
    let failure =
        (of(text()), of(text()), text()).prop_map(|(error_type, message, details)| Failure {
            error_type,
            message,
            details,
        });
    (
        (text(), text(), text(), text(), of(text())),
        (status(), duration(), of(timestamp())),
        (of(failure), of(text()), steps(), of(link())),
        (
            of(text()),
            of(text()),
            of(text()),
            of(text()),
            any::<bool>(),
        ),
        prop_oneof![2 => Just(Context::default()), 1 => context()],
    )
        .prop_map(|(identity, result, details, external, context)| {
            let mut run = TestRun::new(identity.0, result.0)
                .module(identity.1)
                .package(identity.2)
                .class(identity.3)
                .duration(result.1);
            run.run_name = identity.4;
            run.started = result.2;
            run.failure = details.0;
            run.description = details.1;
            run.steps = details.2;
            run.report_url = details.3;
            run.external_test_id = external.0;
            run.external_run_id = external.1;
            run.run_type = external.2;
            run.external_assets = external.3;
            run.manual = external.4;
            run.context = context;
            run
        })
        .boxed()
}
