//! The query string of a request.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use octane_model::{Order, Query, Select, SelectError};
use serde_json::Value;

use super::expand::Expand;
use super::token::Tokens;
use crate::auth::CurrentUser;
use crate::catalog::{Catalog, EntityType};
use crate::error::{ApiError, own_code};
use crate::settings::{Limits, Settings};
use crate::state::AppState;
use crate::store::{ListRequest, Mode, Search};

/// The parameters of a request. Empty ones, as from a leading `&`, are ignored.
#[derive(Debug, Clone, Default)]
pub(super) struct Parameters {
    pairs: Vec<(String, String)>,
    query_depth_max: usize,
    tokens: Tokens,
}

/// Parameters that are parsed as a language and therefore have a maximum length.
const LANGUAGES: [&str; 5] = ["query", "fields", "expand", "order_by", "text_search"];

/// A longer query is not repeated in an error message.
const DIAGRAM_BYTES_MAX: usize = 4096;

impl FromRequestParts<Arc<AppState>> for Parameters {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<AppState>,
    ) -> Result<Self, ApiError> {
        let text = parts.uri.query().unwrap_or_default();
        let mut parameters = Self::parse(text, &state.settings.limits)?;
        let current_user = parts.extensions.get::<CurrentUser>();
        parameters.tokens = Tokens {
            current_user: current_user.map(|current_user| current_user.account.name.to_string()),
            now: state.clock.now(),
        };
        Ok(parameters)
    }
}

impl Parameters {
    fn parse(text: &str, limits: &Limits) -> Result<Self, ApiError> {
        let pairs = url::form_urlencoded::parse(text.as_bytes());
        let owned =
            |(name, value): (Cow<'_, str>, Cow<'_, str>)| (name.into_owned(), value.into_owned());
        let pairs: Vec<_> = pairs
            .map(owned)
            .filter(|(name, _)| !name.is_empty())
            .collect();
        let too_long = pairs.iter().find(|(name, value)| {
            LANGUAGES.contains(&name.as_str()) && value.len() > limits.query_bytes_max
        });
        if let Some((name, _)) = too_long {
            let what = format!("the parameter `{name}`");
            return Err(ApiError::too_large(&what, limits.query_bytes_max));
        }
        Ok(Self {
            pairs,
            query_depth_max: limits.query_depth_max,
            tokens: Tokens::default(),
        })
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.pairs.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// All parameters with a name.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.pairs.iter();
        pairs.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// False by default. Other words are rejected rather than silently ignored.
    pub(super) fn is_true(&self, name: &str) -> Result<bool, ApiError> {
        match self.get(name).map(str::to_ascii_lowercase).as_deref() {
            None | Some("" | "false") => Ok(false),
            Some("true") => Ok(true),
            Some(word) => {
                let description = format!("`{name}` is `{word}`, not `true` or `false`");
                Err(ApiError::bad_request(own_code::BAD_REQUEST, description))
            }
        }
    }

    fn number(&self, name: &str, least: u64) -> Result<Option<u64>, ApiError> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let invalid = |_| {
            let description =
                format!("`{name}` is `{text}`, not a whole number of at least {least}");
            ApiError::bad_request(own_code::BAD_REQUEST, description)
        };
        text.trim().parse().map(Some).map_err(invalid)
    }

    /// The fields to return for `entity_type`: those in `fields`, or the default ones, extended by `expand`.
    pub(super) fn select(
        &self,
        catalog: &Catalog,
        entity_type: &EntityType,
    ) -> Result<Select, ApiError> {
        let text = self.get("fields").unwrap_or_default().trim();
        let select = match text {
            "" => Select::default(),
            _ => text
                .parse()
                .map_err(|error| invalid_select("fields", &error))?,
        };
        let expand = Expand::parse(self.get("expand").unwrap_or_default());
        let expand = expand.map_err(|error| invalid_select("expand", &error))?;
        Ok(expand.extend(select, catalog, entity_type))
    }

    /// The words of `text_search={"type":"global","text":"…"}`.
    pub(super) fn search(&self) -> Result<Option<Search>, ApiError> {
        let Some(json) = self
            .get("text_search")
            .filter(|json| !json.trim().is_empty())
        else {
            return Ok(None);
        };
        let text = serde_json::from_str::<Value>(json)
            .ok()
            .and_then(|value| value.get("text")?.as_str().map(str::to_owned))
            .ok_or_else(|| {
                let description = format!(
                    "`text_search` is `{json}`, not JSON such as `{{\"type\":\"global\",\"text\":\"login\"}}`"
                );
                ApiError::bad_request(own_code::BAD_REQUEST, description)
            })?;
        Ok(Search::new(&text))
    }

    /// The fields in `group_data=sum(story_points),sum(invested_hours)`, each once.
    pub(super) fn sums(&self) -> Result<Vec<String>, ApiError> {
        let text = self.get("group_data").unwrap_or_default();
        let pieces = text.split(',').map(str::trim);
        let field = |piece: &str| {
            let field = piece.strip_prefix("sum(")?.strip_suffix(')')?;
            Some(field.trim().to_owned())
        };
        let mut fields = Vec::new();
        for piece in pieces.filter(|piece| !piece.is_empty()) {
            let field = field(piece).ok_or_else(|| {
                let description =
                    format!("`group_data` is `{text}`, not sums such as `sum(story_points)`");
                ApiError::bad_request(own_code::BAD_REQUEST, description)
            })?;
            if !fields.contains(&field) {
                fields.push(field);
            }
        }
        Ok(fields)
    }

    /// The query, with placeholders such as `[current_user]` replaced. A syntax error is shown with carets.
    pub(super) fn query(&self) -> Result<Option<Query>, ApiError> {
        let text = self.get("query").unwrap_or_default();
        if text.trim().trim_matches('"').trim().is_empty() {
            return Ok(None);
        }
        let invalid = |error: octane_model::QueryError| {
            // Carets below a text of many thousand characters are useless.
            let diagram = match text.len() {
                ..=DIAGRAM_BYTES_MAX => format!("\n{}", error.to_diagram()),
                _ => String::new(),
            };
            ApiError::bad_request(own_code::QUERY, format!("{error}{diagram}"))
        };
        let query = Query::parse_within(text, self.query_depth_max).map_err(invalid)?;
        self.tokens.replace(query).map(Some)
    }

    pub(super) fn mode(&self) -> Result<Mode, ApiError> {
        // One client writes hyphens.
        let names = ["reference_update_mode", "reference-update-mode"];
        match names.into_iter().find_map(|name| self.get(name)) {
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

    /// All parameters of a list.
    pub(super) fn list(
        &self,
        settings: &Settings,
        catalog: &Catalog,
        entity_type: &EntityType,
    ) -> Result<ListRequest, ApiError> {
        let limit = self
            .number("limit", 1)?
            .unwrap_or(settings.entities.limit_default);
        if limit == 0 || limit > settings.entities.limit_max {
            let description = format!(
                "`limit` must be between 1 and {}, got {limit}",
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
            select: self.select(catalog, entity_type)?,
            query: self.query()?,
            search: self.search()?,
            order,
            limit,
            offset: self.number("offset", 0)?.unwrap_or(0),
        })
    }
}

fn invalid_select(name: &str, error: &SelectError) -> ApiError {
    ApiError::bad_request(own_code::QUERY, format!("`{name}`: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Scope;

    fn list(text: &str) -> Result<ListRequest, ApiError> {
        let settings = Settings::default();
        let catalog = Catalog::new(&settings).unwrap();
        let entity_type = catalog.collection(Scope::Workspace, "stories").unwrap();
        parse(text).list(&settings, &catalog, entity_type)
    }

    #[test]
    fn an_expanded_reference_is_added_to_the_fields_or_the_default_ones() {
        let fields = |text: &str| list(text).unwrap().select.to_string();
        assert_eq!(
            fields("fields=name,parent&expand=parent{fields=name,phase},release{fields=name}"),
            "name,parent{name,phase},release{name}"
        );
        assert!(fields("expand=parent{fields=name}").starts_with("id,workspace_id,"));
        assert!(list("expand=parent{fields=").is_err());
    }

    fn parse(text: &str) -> Parameters {
        Parameters::parse(text, &Limits::default()).unwrap()
    }

    #[test]
    fn a_leading_ampersand_is_tolerated_and_quotes_may_be_encoded_or_not() {
        let list = list("&offset=0&&limit=1000").unwrap();
        assert_eq!((list.limit, list.offset), (1000, 0));
        let raw = parse("query=\"id EQ 5\"").query().unwrap();
        assert!(raw.is_some());
        for same in [
            "query=%22id%20EQ%205%22",
            "&query=\"id+EQ+5\"&fields=id",
            "query=id%20EQ%205",
            "fields=&query=%20%22%20id%3D5%22",
        ] {
            assert_eq!(parse(same).query().unwrap(), raw, "{same}");
        }
        for none in ["", "query=", "query=%22%22", "query=\" \"", "query"] {
            assert_eq!(parse(none).query().unwrap(), None, "{none}");
        }
    }

    #[test]
    fn parsed_parameters_have_a_maximum_length_and_depth() {
        let limits = Limits {
            query_bytes_max: 10,
            query_depth_max: 1,
            ..Limits::default()
        };
        for name in LANGUAGES {
            let longest = format!("{name}={}", "a".repeat(10));
            assert!(Parameters::parse(&longest, &limits).is_ok());
            let refusal = Parameters::parse(&format!("{longest}a"), &limits).unwrap_err();
            assert!(
                matches!(&refusal, ApiError::Refused { status, .. } if *status == 413),
                "{refusal:?}"
            );
            let description = refusal.into_problem().description;
            assert_eq!(
                description,
                format!("the parameter `{name}` is larger than 10 bytes")
            );
        }
        let deep = |text: &str| Parameters::parse(text, &limits).unwrap().query();
        assert!(deep("query=(a=1)").is_ok());
        let refusal = deep("query=((a=1))").unwrap_err();
        assert!(refusal.into_problem().description.contains("deeper than 1"));
    }

    #[test]
    fn a_long_invalid_query_is_not_repeated() {
        let refusal = |text: &str| parse(text).query().unwrap_err().into_problem().description;
        assert!(refusal("query=a").contains('^'));
        let long = refusal(&format!("query={}a", "a=1;".repeat(5000)));
        assert!(long.len() < 200, "{long}");
    }

    #[test]
    fn a_flag_is_true_or_false_and_nothing_else() {
        for (text, flag) in [
            ("", Some(false)),
            ("skip-errors=", Some(false)),
            ("skip-errors=False", Some(false)),
            ("skip-errors=true", Some(true)),
            ("skip-errors=yes", None),
        ] {
            assert_eq!(parse(text).is_true("skip-errors").ok(), flag, "{text}");
        }
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
            assert_eq!(list(text).is_ok(), is_fine, "{text}");
        }
    }
}
