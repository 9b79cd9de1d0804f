//! Which names stand for secrets.

/// Whether a parameter of a URL with this name is likely to hold a secret, such as `access_token` or `client_secret`.
///
/// ```
/// assert!(octane_model::names_secret("Access_Token"));
/// assert!(!octane_model::names_secret("limit"));
/// ```
pub fn names_secret(parameter: &str) -> bool {
    let name = parameter.to_ascii_lowercase();
    ["token", "secret", "password", "key"]
        .iter()
        .any(|word| name.contains(word))
}
