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
    /// Whether a panic unwinds, as its profile says; otherwise it aborts, and nothing reads tables for unwinding.
    pub(super) unwinds: bool,
    /// The commands that it does not have.
    pub(super) lacks: &'static [&'static str],
}

pub(super) const EDITIONS: [Edition; 2] = [
    Edition {
        name: "octane-client",
        summary: "Uploads test results to ALM Octane and links them to stories",
        profile: "dist",
        features: &[],
        unwinds: true,
        lacks: &[],
    },
    Edition {
        name: "octane-client-uploader",
        summary: "Uploads test results to ALM Octane; without the sandbox and the relay",
        profile: "small",
        features: &["--no-default-features"],
        unwinds: false,
        lacks: &["relay", "sandbox"],
    },
];
