//! Names of entities.

use crate::ClientError;

/// The longest name that Octane takes, in characters (`string` fields; ALM Octane help, "Data types").
const NAME_CHARS_MAX: usize = 255;

/// Refuses a name before the server does, and says how long it is.
pub(crate) fn check(kind: &'static str, name: &str) -> Result<(), ClientError> {
    let length = name.chars().count();
    match length {
        0 => Err(ClientError::UnknownName {
            kind,
            name: String::new(),
        }),
        1..=NAME_CHARS_MAX => Ok(()),
        _ => Err(ClientError::NameTooLong {
            kind,
            length,
            length_max: NAME_CHARS_MAX,
        }),
    }
}
