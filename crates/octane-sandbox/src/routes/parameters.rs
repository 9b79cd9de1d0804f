//! What stands behind the `?` of an address.

use std::borrow::Cow;

use axum::extract::FromRequestParts;
use http::request::Parts;
use octane_model::{Order, Query, Select};

use crate::error::{ApiError, own_code};
use crate::settings::Settings;
use crate::store::{ListRequest, Mode};

/// The parameters of a request. Empty pieces, such as a leading `&` makes, are nothing.
#[derive(Debug, Clone, Default)]
pub(super) struct Parameters(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

impl Parameters {
    fn parse(text: &str) -> Self {
        let pairs = url::form_urlencoded::parse(text.as_bytes());
        let owned =
            |(name, value): (Cow<'_, str>, Cow<'_, str>)| (name.into_owned(), value.into_owned());
        Self(
            pairs
                .map(owned)
                .filter(|(name, _)| !name.is_empty())
                .collect(),
        )
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn is_true(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    fn number(&self, name: &str) -> Result<Option<u64>, ApiError> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let wrong = |_| {
            let description = format!("`{name}` is `{text}`, not a whole number from 0 on");
            ApiError::bad_request(own_code::BAD_REQUEST, description)
        };
        text.trim().parse().map(Some).map_err(wrong)
    }

    pub(super) fn select(&self) -> Result<Select, ApiError> {
        let text = self.get("fields").unwrap_or_default().trim();
        if text.is_empty() {
            return Ok(Select::default());
        }
        let wrong = |error: octane_model::SelectError| {
            ApiError::bad_request(own_code::QUERY, error.to_string())
        };
        text.parse().map_err(wrong)
    }

    /// The query; a wrong one is shown with carets below its mistakes.
    pub(super) fn query(&self) -> Result<Option<Query>, ApiError> {
        let text = self.get("query").unwrap_or_default();
        if text.trim().trim_matches('"').trim().is_empty() {
            return Ok(None);
        }
        let wrong = |error: octane_model::QueryError| {
            let description = format!("{error}\n{}", error.to_diagram());
            ApiError::bad_request(own_code::QUERY, description)
        };
        text.parse().map(Some).map_err(wrong)
    }

    pub(super) fn mode(&self) -> Result<Mode, ApiError> {
        match self.get("reference_update_mode") {
            None => Ok(Mode::Replace),
            Some(word) if word.eq_ignore_ascii_case("append") => Ok(Mode::Append),
            Some(word) if word.eq_ignore_ascii_case("replace") => Ok(Mode::Replace),
            Some(word) => {
                let description =
                    format!("`reference_update_mode` is `{word}`, not `append` or `replace`");
                Err(ApiError::bad_request(own_code::BAD_REQUEST, description))
            }
        }
    }

    /// Everything that a list may be asked for.
    pub(super) fn list(&self, settings: &Settings) -> Result<ListRequest, ApiError> {
        let limit = self
            .number("limit")?
            .unwrap_or(settings.entities.limit_default);
        if limit == 0 || limit > settings.entities.limit_max {
            let description = format!(
                "`limit` is {limit}, not from 1 to {}",
                settings.entities.limit_max
            );
            return Err(ApiError::bad_request(own_code::BAD_REQUEST, description));
        }
        let order = match self.get("order_by").map(str::trim) {
            None | Some("") => Vec::new(),
            Some(text) => Order::parse_list(text)
                .map_err(|error| ApiError::bad_request(own_code::QUERY, error.to_string()))?,
        };
        Ok(ListRequest {
            select: self.select()?,
            query: self.query()?,
            order,
            limit,
            offset: self.number("offset")?.unwrap_or(0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leading_ampersand_is_tolerated_and_quotes_may_be_encoded_or_not() {
        let parameters = Parameters::parse("&offset=0&&limit=1000");
        let list = parameters.list(&Settings::default()).unwrap();
        assert_eq!((list.limit, list.offset), (1000, 0));
        let raw = Parameters::parse("query=\"id EQ 5\"").query().unwrap();
        assert_eq!(
            raw,
            Parameters::parse("query=%22id%20EQ%205%22")
                .query()
                .unwrap()
        );
        assert!(raw.is_some());
    }

    #[test]
    fn limits_have_bounds() {
        for (text, is_fine) in [
            ("limit=1", true),
            ("limit=20000", true),
            ("limit=0", false),
            ("limit=20001", false),
            ("limit=x", false),
            ("offset=-1", false),
            ("offset=99999999999", true),
        ] {
            let list = Parameters::parse(text).list(&Settings::default());
            assert_eq!(list.is_ok(), is_fine, "{text}");
        }
    }
}
