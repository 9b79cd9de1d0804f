//! The dialect and the settings of payloads.

use crate::context::Context;

/// The dialect of a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Dialect {
    /// The official schema of ALM Octane.
    #[default]
    Standard,
    /// The in-house format of an older client: `release_name`, `field_type`, test fields at the end, and
    /// attributes in single quotes. The official schema rejects it; it is for servers that expect it. It
    /// requires a suite, exactly one product area and the start time of every run.
    Evidence,
}

/// The settings that all payloads of an upload share.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
#[non_exhaustive]
pub struct PayloadSettings {
    /// The dialect; [`Dialect::Standard`] by default.
    pub dialect: Dialect,
    /// The context of all runs.
    pub context: Context,
    /// The tests' `Testing_Tool_Type`. It takes precedence over the one in `context.test_fields`. If neither
    /// is set, the evidence dialect writes `Quartz` and the standard dialect nothing.
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
    pub fn testing_tool_type(mut self, tool: impl Into<String>) -> Self {
        self.testing_tool_type = Some(tool.into());
        self
    }
}
