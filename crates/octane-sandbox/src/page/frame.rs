//! The common frame of all pages.

use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
pub(super) use octane_web::trail;
use octane_web::{Frame, headers};

use super::status;
use crate::state::AppState;

/// The entries of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    Suites,
    Matrix,
    Query,
    Requests,
    Sandbox,
}

const TABS: [(Tab, &str, &str); 5] = [
    (Tab::Suites, "/", "Suites"),
    (Tab::Matrix, "/matrix", "Traceability"),
    (Tab::Query, "/query", "Query"),
    (Tab::Requests, "/requests", "Requests"),
    (Tab::Sandbox, "/sandbox", "Sandbox"),
];

/// A page without its frame. All members except `title` are HTML.
#[derive(Debug)]
pub(super) struct Page<'a> {
    pub(super) title: &'a str,
    pub(super) tab: Option<Tab>,
    /// Above the title: the location of the page.
    pub(super) above: String,
    /// Below the title.
    pub(super) below: String,
    pub(super) body: String,
}

impl Page<'_> {
    pub(super) fn response(self, state: &AppState) -> Response {
        self.with_status(state, StatusCode::OK)
    }

    pub(super) fn with_status(self, state: &AppState, code: StatusCode) -> Response {
        let Self {
            title,
            tab,
            above,
            below,
            body,
        } = self;
        let tabs = TABS.map(|(known, path, word)| (path, word, Some(known) == tab));
        let footer = format!(
            "Shared space {} · workspace {} · octane-sandbox {}. Not the product: a small ALM Octane for tests.",
            state.settings.space,
            state.settings.workspace,
            env!("CARGO_PKG_VERSION"),
        );
        let frame = Frame {
            product: "Octane sandbox",
            brand: "Octane <b>sandbox</b>",
            assets: "/_sandbox/assets/",
            head: "<script src=\"/_sandbox/assets/page.js\" defer></script>",
            sprite: status::SPRITE,
            tabs: &tabs,
            title,
            above: &above,
            below: &below,
            body: &body,
            footer: &footer,
        };
        (code, headers(), Html(frame.html())).into_response()
    }
}
