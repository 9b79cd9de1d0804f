//! What a relay says when it refuses something.

use serde::Deserialize;

use crate::env;

/// Why a relay has not done what it was asked for.
#[derive(Debug, Deserialize)]
pub(crate) struct Refusal {
    schema: String,
    code: String,
    pub(crate) message: String,
}

impl Refusal {
    /// What has to change before the same upload is accepted; none if nothing is known that would help.
    pub(crate) fn hint(&self) -> Option<String> {
        Some(match &*self.code {
            "too_large" => {
                "let the relay accept larger uploads (`--upload-max MIB` when it is started)".to_owned()
            }
            "quota" => "find out why the relay does not deliver (`octane relay status` on its machine), or raise `--quota` there".to_owned(),
            "other_workspace" => format!(
                "if the URL (`--url` or {}) is wrong, correct it and upload again; otherwise let the relay deliver there as well \
                 (`--also-workspace` when it is started)",
                env::URL
            ),
            "workspace_not_allowed" => {
                "use a token for this workspace (`octane relay token create PROJECT` on the relay's machine makes one for all of them)"
                    .to_owned()
            }
            "newer_format" => "upgrade the relay: this program is newer".to_owned(),
            "no_project" => "use a token of a project, or let a rule of the relay match (`--oidc-project`)".to_owned(),
            _ => return None,
        })
    }

    /// Whether the same upload would be refused again, whatever changes.
    pub(crate) fn is_final(&self) -> bool {
        matches!(&*self.code, "conflict" | "no_server" | "not_an_upload")
    }

    /// Whether there is nothing of a relay at the path of the request.
    pub(crate) fn is_of_path(&self) -> bool {
        self.code == "unknown_path"
    }

    /// Whether the upload did not arrive as it was sent.
    pub(crate) fn is_of_transfer(&self) -> bool {
        matches!(&*self.code, "incomplete" | "digest_mismatch")
    }

    /// Whether the upload is not stored any more.
    pub(crate) fn is_of_unknown_upload(&self) -> bool {
        self.code == "unknown_upload"
    }

    /// Whether the upload is larger than the relay accepts.
    pub(crate) fn is_too_large(&self) -> bool {
        self.code == "too_large"
    }

    /// The refusal in a response; none if something else than a relay has answered.
    pub(crate) fn of(body: &[u8]) -> Option<Self> {
        let refusal: Self = serde_json::from_slice(body).ok()?;
        (refusal.schema.strip_suffix("/1") == Some("octane.relay_error")).then_some(refusal)
    }
}
