//! The context of all runs of a payload, or of a single run.

use octane_model::{MilestoneId, ModuleId, ProgramId, ReleaseId, SuiteId, WorkItemId};

/// The context of results: build, suite, release, modules, fields and environment.
///
/// The context of a payload applies to all of its runs, that of a [`TestRun`](crate::TestRun) to this run
/// only. Only a payload can have a `build` (ALM Octane help, "Test results"; official schema).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Context {
    /// The CI build that ran the tests.
    pub build: Option<Build>,
    /// The test suite, with the suite run that collects the runs.
    pub suite: Option<SuiteRef>,
    /// The program of the runs.
    pub program: Option<ProgramId>,
    /// The release of the runs.
    pub release: Option<Release>,
    /// The milestone of the runs.
    pub milestone: Option<MilestoneId>,
    /// Backlog items that the **tests** cover.
    pub backlog_items: Vec<WorkItemId>,
    /// Application modules of the **tests**.
    pub product_areas: Vec<ModuleId>,
    /// Level, type, tool and framework of the **tests**.
    pub test_fields: Vec<TestField>,
    /// Environment of the **runs**.
    pub environment: Vec<Tag>,
}

impl Context {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        let Self {
            build,
            suite,
            program,
            release,
            milestone,
            backlog_items,
            product_areas,
            test_fields,
            environment,
        } = self;
        build.is_none()
            && suite.is_none()
            && program.is_none()
            && release.is_none()
            && milestone.is_none()
            && backlog_items.is_empty()
            && product_areas.is_empty()
            && test_fields.is_empty()
            && environment.is_empty()
    }
}

/// A reference to a test suite and to a suite run of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuiteRef {
    /// The suite; it must exist.
    pub id: SuiteId,
    /// The name of the suite run, at most 255 characters; Octane creates the suite run if it does not exist.
    pub external_run_id: Option<String>,
    /// The payload's `component`; its meaning is not documented.
    pub component: Option<String>,
}

impl SuiteRef {
    /// The suite run `external_run_id` of the suite `id`.
    pub fn new(id: SuiteId, external_run_id: impl Into<String>) -> Self {
        Self {
            id,
            external_run_id: Some(external_run_id.into()),
            component: None,
        }
    }
}

/// A release by id or by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Release {
    /// The release with this id.
    Id(ReleaseId),
    /// The release with this name; [`Release::DEFAULT`] is the workspace's default release.
    Name(String),
}

impl Release {
    /// The name that stands for the workspace's default release (Octane 15.1.8 and later).
    pub const DEFAULT: &'static str = "_default_";
}

/// A CI build; its texts have 1 to 255 characters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Build {
    /// The instance id of the CI server in Octane.
    pub server_id: String,
    /// The id of the job.
    pub job_id: String,
    /// The name of the job.
    pub job_name: Option<String>,
    /// The id of the build.
    pub build_id: String,
    /// The displayed name or number.
    pub build_name: Option<String>,
    /// Free text.
    pub sub_type: Option<String>,
    /// Free text; servers of 2025 and later.
    pub artifact_id: Option<String>,
}

/// Which field of a test a [`TestField`] sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TestFieldKind {
    /// `Test_Level`
    TestLevel,
    /// `Test_Type`
    TestType,
    /// `Testing_Tool_Type`
    TestingToolType,
    /// `Framework`
    Framework,
}

impl TestFieldKind {
    /// All kinds, in the order of the schema.
    pub const ALL: [Self; 4] = [
        Self::TestLevel,
        Self::TestType,
        Self::TestingToolType,
        Self::Framework,
    ];

    /// The kind as written in payloads, for example `Test_Level`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TestLevel => "Test_Level",
            Self::TestType => "Test_Type",
            Self::TestingToolType => "Testing_Tool_Type",
            Self::Framework => "Framework",
        }
    }

    /// Parses a kind as written in payloads; case-sensitive.
    pub fn from_payload(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// The value of a test field, given by its label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestField {
    /// The field.
    pub kind: TestFieldKind,
    /// The label, 1 to 255 characters, for example `System Test`.
    pub value: String,
}

/// A tag that describes the environment of a run, such as `OS` = `Linux`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// The category, 1 to 255 characters.
    pub tag_type: String,
    /// The value, 1 to 255 characters.
    pub value: String,
}

impl TestField {
    /// The value of the field `kind`.
    pub fn new(kind: TestFieldKind, value: impl Into<String>) -> Self {
        Self {
            kind,
            value: value.into(),
        }
    }
}

impl Tag {
    /// The tag `value` of the category `tag_type`.
    pub fn new(tag_type: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            tag_type: tag_type.into(),
            value: value.into(),
        }
    }
}

impl Build {
    /// The build `build_id` of the job `job_id` on the CI server `server_id`.
    pub fn new(
        server_id: impl Into<String>,
        job_id: impl Into<String>,
        build_id: impl Into<String>,
    ) -> Self {
        Self {
            server_id: server_id.into(),
            job_id: job_id.into(),
            build_id: build_id.into(),
            ..Self::default()
        }
    }
}
