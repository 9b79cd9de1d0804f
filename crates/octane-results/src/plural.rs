//! Numbers with their nouns, for messages.

/// `1 text` or `2 texts`.
pub(crate) fn counted(count: u64, singular: &str, plural: &str) -> String {
    let noun = if count == 1 { singular } else { plural };
    format!("{count} {noun}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_is_singular() {
        let texts = [0, 1, 2].map(|count| counted(count, "text", "texts"));
        assert_eq!(texts, ["0 texts", "1 text", "2 texts"]);
    }
}
