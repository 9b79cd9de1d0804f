//! The token that opens the door of a relay.

use octane_rest::{Secret, SecretFile};

use crate::args::ViaArgs;
use crate::connect::credential_failure;
use crate::env;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::secrets;

/// A token, and where it is from.
pub(crate) struct FoundToken {
    pub(crate) token: Secret,
    /// The variable, or the file.
    pub(crate) origin: String,
}

/// The token of the file or the variable. It is redacted from now on.
pub(crate) async fn of(via: &ViaArgs) -> Result<FoundToken> {
    let (token, origin) = match (&via.relay_token_file, env::text(env::RELAY_TOKEN)) {
        (Some(file), _) => {
            let read = SecretFile::new(file).read().await;
            let origin = format!("`{}`", file.display());
            (read.map_err(credential_failure)?, origin)
        }
        (None, Some(text)) if !text.trim().is_empty() => {
            (Secret::from(text.trim()), env::RELAY_TOKEN.to_owned())
        }
        (None, _) => {
            let message = "no token for the relay given";
            return Err(Failure::message(Exit::Configuration, message).hint(format!(
                "set {} or use `--relay-token-file`; `octane relay token create PROJECT` on the relay's machine makes one",
                env::RELAY_TOKEN
            )));
        }
    };
    secrets::redactor().learn(token.expose());
    Ok(FoundToken { token, origin })
}

/// What to do about a token that a relay does not accept.
pub(crate) fn rejected_hint() -> String {
    format!(
        "set {} to a token of this relay (`octane relay token create PROJECT` on its machine), or to a new one of this CI job if the \
         relay accepts those",
        env::RELAY_TOKEN
    )
}
