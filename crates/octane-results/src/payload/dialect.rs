//! How a payload speaks, and what it says of all its runs.

use crate::Context;

/// The shape of a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Dialect {
    /// The official schema of ALM Octane.
    #[default]
    Standard,
    /// The in-house shape of an older client: `release_name`, `field_type`, test fields at the end, single
    /// quotes around it. The official schema refuses it; it is for servers that expect it. It needs a
    /// suite, exactly one product area and the start of every run.
    Evidence,
}

/// What all payloads of an upload have in common.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct PayloadSettings {
    /// The shape; [`Dialect::Standard`] by default.
    pub dialect: Dialect,
    /// What counts for all runs.
    pub context: Context,
    /// The tests' `Testing_Tool_Type`. It wins over the one in `context.test_fields`. Where neither says
    /// anything, the evidence dialect writes `Quartz` and the standard one nothing.
    pub testing_tool_type: Option<String>,
}

impl PayloadSettings {
    /// A payload in `dialect` whose runs share `context`.
    pub fn new(dialect: Dialect, context: Context) -> Self {
        Self {
            dialect,
            context,
            testing_tool_type: None,
        }
    }

    /// Sets the tests' `Testing_Tool_Type`.
    #[must_use]
    pub fn testing_tool_type(mut self, tool: impl Into<String>) -> Self {
        self.testing_tool_type = Some(tool.into());
        self
    }
}
