//! The query string of a page, and links that change a part of it.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;
use url::form_urlencoded;

use crate::store::pages::Window;

/// The number of lines per page.
pub(super) const LINES_MAX: i64 = 100;

/// The maximum number of pages of a list.
const PAGES_MAX: i64 = 1_000_000;

/// The parameters of a page; empty ones are ignored, because an untouched form sends them.
#[derive(Debug, Clone, Default)]
pub(super) struct Parameters(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

impl Parameters {
    fn parse(text: &str) -> Self {
        let pairs = form_urlencoded::parse(text.as_bytes());
        let owned = pairs.map(|(name, value)| (name.into_owned(), value.trim().to_owned()));
        Self(owned.filter(|(_, value)| !value.is_empty()).collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn id(&self, name: &str) -> Option<i64> {
        self.get(name).and_then(|text| text.parse().ok())
    }

    /// The page of a list, counted from 1.
    pub(super) fn page(&self) -> i64 {
        self.id("page").unwrap_or(1).clamp(1, PAGES_MAX)
    }

    pub(super) fn window(&self) -> Window {
        Window {
            limit: LINES_MAX,
            offset: (self.page() - 1) * LINES_MAX,
        }
    }

    /// The URL of the same page with some parameters changed; it goes back to the first page unless `page` is
    /// among the changes. Safe in an attribute: special characters are encoded.
    pub(super) fn link(&self, changes: &[(&str, Option<&str>)]) -> String {
        let is_kept =
            |name: &str| name != "page" && changes.iter().all(|(changed, _)| *changed != name);
        let kept = self.0.iter().filter(|(name, _)| is_kept(name));
        let kept = kept.map(|(name, value)| (name.as_str(), value.as_str()));
        let set = changes
            .iter()
            .filter_map(|(name, value)| Some((*name, (*value)?)));
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(kept.chain(set))
            .finish();
        format!("?{}", query.replace('&', "&amp;"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_keeps_the_other_filters_and_goes_back_to_the_first_page() {
        let parameters = Parameters::parse("search=%3Cb%3E&status=failed&page=7&empty=");
        assert_eq!(
            parameters.link(&[("status", Some("passed"))]),
            "?search=%3Cb%3E&amp;status=passed"
        );
        assert_eq!(parameters.link(&[("status", None)]), "?search=%3Cb%3E");
        assert!(
            parameters
                .link(&[("page", Some("8"))])
                .ends_with("&amp;page=8")
        );
    }

    #[test]
    fn an_invalid_page_number_means_the_first_page() {
        assert_eq!(Parameters::parse("page=x").page(), 1);
        assert_eq!(Parameters::parse("page=-4").window().offset, 0);
        assert_eq!(Parameters::parse("page=3").window().offset, 2 * LINES_MAX);
    }
}
