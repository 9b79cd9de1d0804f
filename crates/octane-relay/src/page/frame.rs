//! The common frame of all pages.

use axum::response::{Html, IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use octane_web::{Frame, SPRITE, headers, message};

use crate::chain::Chain;
use crate::store::StoreError;

/// A page without its frame. All members except `title` are HTML.
#[derive(Debug, Default)]
pub(super) struct Page<'a> {
    pub(super) title: &'a str,
    /// Whether a user is signed in, who can sign out.
    pub(super) is_signed_in: bool,
    /// Above the title: the location of the page.
    pub(super) above: String,
    /// Below the title.
    pub(super) below: String,
    pub(super) body: String,
}

impl<'a> Page<'a> {
    /// A page that says why there is none.
    pub(super) fn problem(title: &'a str, text: &str) -> Self {
        Self {
            title,
            body: format!(
                "<p class=\"empty\">{}. <a href=\"/\">Queue</a></p>",
                message(text)
            ),
            ..Self::default()
        }
    }

    pub(super) fn response(self) -> Response {
        self.with_status(StatusCode::OK)
    }

    pub(super) fn with_status(self, status: StatusCode) -> Response {
        let sign_out = if self.is_signed_in {
            "<form method=\"post\" action=\"/sign-out\"><button>Sign out</button></form>"
        } else {
            ""
        };
        let frame = Frame {
            product: "Octane relay",
            brand: "Octane <b>relay</b>",
            assets: "/_relay/assets/",
            head: "",
            sprite: SPRITE,
            tabs: &[("/", "Queue", self.title == "Queue")],
            title: self.title,
            above: &self.above,
            below: &self.below,
            body: &format!("{}{sign_out}", self.body),
            footer: concat!("octane-relay ", env!("CARGO_PKG_VERSION")),
        };
        let mut response = (status, headers(), Html(frame.html())).into_response();
        // What others have uploaded is not for the next user of the browser.
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// The page of a store that cannot be used now.
#[expect(clippy::needless_pass_by_value, reason = "it is made for `map_err`")]
pub(super) fn problem(error: StoreError) -> Response {
    tracing::warn!(error = %Chain(&error), "the store cannot be used");
    let text = "the relay cannot use its store now; try again in a moment";
    Page::problem("Something went wrong", text).with_status(StatusCode::SERVICE_UNAVAILABLE)
}
