//! What is released, and under which names.

/// The version, the same for all crates.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What is released under a name of its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edition {
    pub(super) name: &'static str,
    pub(super) summary: &'static str,
    pub(super) profile: &'static str,
    pub(super) features: &'static [&'static str],
    /// Whether it contains the sandbox.
    pub(super) has_sandbox: bool,
}

pub(super) const EDITIONS: [Edition; 2] = [
    Edition {
        name: "octane-client",
        summary: "Uploads test results to ALM Octane and links them to stories",
        profile: "dist",
        features: &[],
        has_sandbox: true,
    },
    Edition {
        name: "octane-client-uploader",
        summary: "Uploads test results to ALM Octane and links them to stories, without the sandbox",
        profile: "small",
        features: &["--no-default-features"],
        has_sandbox: false,
    },
];
