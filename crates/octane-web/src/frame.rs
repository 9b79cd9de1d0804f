//! What surrounds a page.

use http::{HeaderMap, HeaderValue, header};

use crate::text::Text;

/// The style sheet of all pages, `text/css`.
pub const STYLE: &str = include_str!("assets/page.css");

/// The icon of all pages, `image/svg+xml`.
pub const ICON: &str = include_str!("assets/icon.svg");

/// The icon as a part of a page, in the colours of the page.
pub const LOGO: &str = "<svg class=\"logo\" viewBox=\"0 0 32 32\" aria-hidden=\"true\">\
    <path d=\"M10 1.5h12L30.5 10v12L22 30.5H10L1.5 22V10z\"/><path d=\"M9.5 16.5l4.5 4.5 8.5-9.5\"/></svg>";

/// Scripts, styles and images come from the server itself only.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The headers of each page: nothing is loaded from elsewhere, and no other page can show it.
pub fn headers() -> HeaderMap {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
    headers.into_iter().collect()
}

/// A page and what surrounds it. All members are HTML, except `title`, `product` and the words of `tabs`.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// The name of the program, for the title of the window.
    pub product: &'a str,
    /// The same as it is shown at the top.
    pub brand: &'a str,
    /// The path of `page.css` and `icon.svg`, with a slash at its end.
    pub assets: &'a str,
    /// What else the head contains.
    pub head: &'a str,
    /// Symbols that the page uses.
    pub sprite: &'a str,
    /// The entries of the navigation: path, word, and whether it is this page.
    pub tabs: &'a [(&'a str, &'a str, bool)],
    /// The title of the page.
    pub title: &'a str,
    /// Above the title: the location of the page.
    pub above: &'a str,
    /// Below the title.
    pub below: &'a str,
    /// The page.
    pub body: &'a str,
    /// The last line.
    pub footer: &'a str,
}

impl Frame<'_> {
    /// The whole document.
    pub fn html(&self) -> String {
        let Self {
            product,
            brand,
            assets,
            head,
            sprite,
            tabs,
            title,
            above,
            below,
            body,
            footer,
        } = self;
        let (title, product) = (Text(title), Text(product));
        let tabs: String = tabs
            .iter()
            .map(|(path, word, is_current)| {
                let mark = if *is_current {
                    " aria-current=\"page\""
                } else {
                    ""
                };
                format!("<li><a href=\"{path}\"{mark}>{}</a></li>", Text(word))
            })
            .collect();
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
             <meta name=\"color-scheme\" content=\"light dark\">\
             <title>{title} · {product}</title>\
             <link rel=\"icon\" href=\"{assets}icon.svg\" type=\"image/svg+xml\">\
             <link rel=\"stylesheet\" href=\"{assets}page.css\">{head}</head>\n<body>\
             <a class=\"skip\" href=\"#main\">Skip to the content</a>{sprite}\n\
             <header class=\"bar\"><a class=\"brand\" href=\"/\">{LOGO}<span>{brand}</span></a>\
             <nav aria-label=\"Pages\"><ul>{tabs}</ul></nav></header>\n\
             <main id=\"main\" tabindex=\"-1\"><div class=\"head\">{above}<h1>{title}</h1>{below}</div>\n\
             {body}\n</main>\n<p id=\"announcement\" class=\"unseen\" role=\"status\"></p>\
             <footer><p>{footer}</p></footer></body></html>\n"
        )
    }
}

/// Links to the pages above this one. The labels are plain text.
pub fn trail(steps: &[(&str, &str)]) -> String {
    let links: String = steps
        .iter()
        .map(|(address, word)| format!("<li><a href=\"{address}\">{}</a></li>", Text(word)))
        .collect();
    format!("<nav class=\"trail\" aria-label=\"Breadcrumb\"><ol>{links}</ol></nav>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_cannot_become_markup_and_the_current_page_is_marked() {
        let frame = Frame {
            product: "a & b",
            brand: "<b>a</b>",
            assets: "/assets/",
            head: "",
            sprite: "",
            tabs: &[("/", "All", true), ("/more", "M&M", false)],
            title: "<script>",
            above: "",
            below: "",
            body: "<p>body</p>",
            footer: "",
        };
        let html = frame.html();
        assert!(
            html.contains("<title>&lt;script&gt; · a &amp; b</title>"),
            "{html}"
        );
        assert!(html.contains("<h1>&lt;script&gt;</h1>"), "{html}");
        assert!(
            html.contains("<a href=\"/\" aria-current=\"page\">All</a>"),
            "{html}"
        );
        assert!(html.contains("<a href=\"/more\">M&amp;M</a>"), "{html}");
    }
}
