//! The link of runs whose results have none.

use std::str::FromStr;

use octane_results::is_safe_link;

/// The link of runs whose results have none; `None` for no link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RunUrl(pub(crate) Option<String>);

impl RunUrl {
    /// Whether everyone who can see a run may see this link, and Octane can hold it.
    pub(crate) fn is_usable(url: &str) -> bool {
        is_web(url) && !has_password(url) && is_safe_link(url)
    }
}

impl FromStr for RunUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text == "off" {
            return Ok(Self(None));
        }
        if has_password(text) {
            return Err(
                "the URL contains a user name or a password, which everyone would see".to_owned(),
            );
        }
        if !Self::is_usable(text) {
            return Err(
                "expected a URL with `http://` or `https://` of at most 512 characters, or `off`"
                    .to_owned(),
            );
        }
        Ok(Self(Some(text.to_owned())))
    }
}

fn is_web(url: &str) -> bool {
    url.parse::<http::Uri>().is_ok_and(|uri| {
        uri.host().is_some_and(|host| !host.is_empty())
            && matches!(uri.scheme_str(), Some("http" | "https"))
    })
}

fn has_password(url: &str) -> bool {
    let uri = url.parse::<http::Uri>();
    uri.is_ok_and(|uri| {
        uri.authority()
            .is_some_and(|authority| authority.as_str().contains('@'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_url_is_a_web_address_without_a_password_or_off() {
        let url = "https://ci.example.com/builds/shop:7#log";
        assert_eq!(url.parse(), Ok(RunUrl(Some(url.to_owned()))));
        assert_eq!(" off ".parse(), Ok(RunUrl(None)));
        let long = format!("https://ci.example.com/{}", "x".repeat(500));
        for text in [
            "",
            "ci.example.com/7",
            "ftp://ci.example.com",
            "https://",
            &long,
            "https://a b",
        ] {
            assert!(text.parse::<RunUrl>().is_err(), "{text}");
        }
        let error = "https://jane:pw@ci.example.com"
            .parse::<RunUrl>()
            .unwrap_err();
        assert!(
            error.contains("password") && !error.contains("jane"),
            "{error}"
        );
    }
}
