//! What makes equal payloads differ.

/// A comment that makes the bytes of a payload differ and changes nothing else. Octane ignores bytes that it has received
/// before (ALM Octane help, "Test results"), so a payload that is to count again needs one.
///
/// `of_upload` sets all payloads of an upload apart from those of another one; `count` those of one upload from each
/// other. Without either, no comment is needed.
pub(crate) fn nonce_comment(of_upload: Option<&str>, count: u32) -> String {
    let of_upload: String = of_upload
        .unwrap_or_default()
        .split('-')
        .map(|piece| piece.replace(|c: char| !c.is_ascii_alphanumeric(), ""))
        .filter(|piece| !piece.is_empty())
        .collect::<Vec<_>>()
        .join("-");
    match (of_upload.as_str(), count) {
        ("", 0) => String::new(),
        ("", count) => format!("<!-- nonce {count} -->\n"),
        (text, 0) => format!("<!-- nonce {text} -->\n"),
        (text, count) => format!("<!-- nonce {text} {count} -->\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pair_of_nonces_has_its_own_comment_and_none_needs_none() {
        assert_eq!(nonce_comment(None, 0), "");
        assert_eq!(nonce_comment(None, 2), "<!-- nonce 2 -->\n");
        assert_eq!(nonce_comment(Some("u-1"), 0), "<!-- nonce u-1 -->\n");
        assert_eq!(nonce_comment(Some("u-1"), 2), "<!-- nonce u-1 2 -->\n");
    }

    #[test]
    fn nothing_in_a_nonce_can_end_the_comment() {
        let comment = nonce_comment(Some("a--> <b/> --ü-c"), 1);
        assert_eq!(comment, "<!-- nonce a-b-c 1 -->\n");
        assert_eq!(nonce_comment(Some("-->"), 0), "");
    }
}
