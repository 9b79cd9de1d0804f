//! Parameters in the name of a test.

/// The name with the parameters, names and values, unless all values are words of it.
pub(super) fn with_parameters<T: AsRef<str>>(name: String, parameters: &[(T, T)]) -> String {
    let is_named = |value: &str| has_word(&name, value.trim_matches(['\'', '"']));
    if parameters.iter().all(|(_, value)| is_named(value.as_ref())) {
        return name;
    }
    let shown = |(name, value): &(T, T)| format!("{}={}", name.as_ref(), value.as_ref());
    let shown: Vec<String> = parameters.iter().map(shown).collect();
    format!("{name} [{}]", shown.join(", "))
}

/// Whether `word` is in `text`, without a letter or a digit next to it.
fn has_word(text: &str, word: &str) -> bool {
    let is_border = |char: Option<char>| !char.is_some_and(char::is_alphanumeric);
    let mut places = text.match_indices(word);
    word.is_empty()
        || places.any(|(at, _)| {
            let (before, after) = (&text[..at], &text[at + word.len()..]);
            is_border(before.chars().next_back()) && is_border(after.chars().next())
        })
}
