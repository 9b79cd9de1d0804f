//! The common frame of all pages.

use axum::response::{Html, IntoResponse, Response};
use http::{StatusCode, header};

use super::status;
use super::text::Text;
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

/// Scripts, styles and images come from the sandbox only.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

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
        let title = Text(title);
        let html = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
             <meta name=\"color-scheme\" content=\"light dark\">\
             <title>{title} · Octane sandbox</title>\
             <link rel=\"icon\" href=\"/_sandbox/assets/icon.svg\" type=\"image/svg+xml\">\
             <link rel=\"stylesheet\" href=\"/_sandbox/assets/page.css\">\
             <script src=\"/_sandbox/assets/page.js\" defer></script></head>\n<body>\
             <a class=\"skip\" href=\"#main\">Skip to the content</a>{sprite}\n\
             <header class=\"bar\"><a class=\"brand\" href=\"/\">{LOGO}<span>Octane <b>sandbox</b></span></a>\
             <nav aria-label=\"Pages\"><ul>{tabs}</ul></nav></header>\n\
             <main id=\"main\" tabindex=\"-1\"><div class=\"head\">{above}<h1>{title}</h1>{below}</div>\n\
             {body}\n</main>\n<p id=\"announcement\" class=\"unseen\" role=\"status\"></p>\
             <footer><p>Shared space {space} · workspace {workspace} · octane-sandbox {version}. \
             Not the product: a small ALM Octane for tests.</p></footer></body></html>\n",
            sprite = status::SPRITE,
            tabs = tabs(tab),
            space = state.settings.space,
            workspace = state.settings.workspace,
            version = env!("CARGO_PKG_VERSION"),
        );
        let headers = [
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
        ];
        (code, headers, Html(html)).into_response()
    }
}

const LOGO: &str = "<svg class=\"logo\" viewBox=\"0 0 32 32\" aria-hidden=\"true\">\
    <path d=\"M10 1.5h12L30.5 10v12L22 30.5H10L1.5 22V10z\"/><path d=\"M9.5 16.5l4.5 4.5 8.5-9.5\"/></svg>";

fn tabs(current: Option<Tab>) -> String {
    TABS.iter()
        .map(|(tab, address, word)| {
            let mark = if Some(*tab) == current {
                " aria-current=\"page\""
            } else {
                ""
            };
            format!("<li><a href=\"{address}\"{mark}>{word}</a></li>")
        })
        .collect()
}

/// Links to the pages above this one. The labels are plain text.
pub(super) fn trail(steps: &[(&str, &str)]) -> String {
    let links: String = steps
        .iter()
        .map(|(address, word)| format!("<li><a href=\"{address}\">{}</a></li>", Text(word)))
        .collect();
    format!("<nav class=\"trail\" aria-label=\"Breadcrumb\"><ol>{links}</ol></nav>")
}
