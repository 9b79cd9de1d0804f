//! The query box: a collection, a query, and what it finds.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use octane_model::{Entity, Order, Page as Found, Query, Select};
use serde_json::Value;

use super::frame::{Page, Tab};
use super::parameters::{LINES_MAX, Parameters};
use super::pieces::{empty, pager};
use super::query_problem::QueryProblem;
use super::status::chip;
use super::text::{Text, count};
use crate::catalog::{Catalog, EntityType, Scope};
use crate::server::Shared;
use crate::store::pages::NativeStatus;
use crate::store::{ListRequest, blocking};

/// How many characters of a long value are shown.
const VALUE_CHARACTERS_MAX: usize = 200;

/// What the box asks of itself at first.
const FIRST_COLLECTION: &str = "automated_runs";

/// Fields that say most about an entity; those that a type has are shown unless a request names others.
const TELLING: [&str; 12] = [
    "name",
    "native_status",
    "phase",
    "jira_key_udf",
    "started",
    "duration",
    "test",
    "parent_suite",
    "parent",
    "component",
    "class_name",
    "last_modified",
];
const TELLING_MAX: usize = 7;

const EXAMPLES: [(&str, &str, &str); 4] = [
    (
        "Failed runs",
        "automated_runs",
        "native_status EQ {id EQ ^list_node.run_native_status.failed^}",
    ),
    (
        "Runs that took a second or more",
        "automated_runs",
        "duration GE 1000; !error_message EQ null",
    ),
    (
        "Stories with a Jira key of SHOP",
        "stories",
        "jira_key_udf EQ ^SHOP-*^",
    ),
    (
        "Tests that prove a story of a feature",
        "automated_tests",
        "covered_content EQ {parent EQ {name EQ ^Check out^}}",
    ),
];

/// The fields that were asked for, and what was found.
type Outcome = Result<(Vec<String>, Found<Entity>), QueryProblem>;

pub(super) async fn page(State(shared): State<Arc<Shared>>, parameters: Parameters) -> Response {
    let name = parameters.get("collection").unwrap_or(FIRST_COLLECTION);
    let outcome = match request(&shared.catalog(), name, &parameters) {
        Err(problem) => Some(Err(problem)),
        Ok(_) if parameters.get("collection").is_none() => None,
        Ok(request) => Some(found(&shared, name, request, &parameters).await),
    };
    render(&shared, &parameters, name, outcome)
}

async fn found(
    shared: &Arc<Shared>,
    name: &str,
    request: ListRequest,
    parameters: &Parameters,
) -> Outcome {
    let names = request.select.fields.iter().map(|field| field.name.clone());
    let names = names
        .filter(|name| !matches!(name.as_str(), "id" | "type"))
        .collect();
    let (own, collection) = (Arc::clone(shared), name.to_owned());
    let read = blocking(move || {
        own.store.read_now(|reader| {
            let kind = reader.catalog.collection(Scope::Workspace, &collection);
            let kind = kind.ok_or_else(|| crate::error::ApiError::unknown_address(&collection))?;
            reader.list(kind, &request)
        })
    });
    read.await.map(|found| (names, found)).map_err(|error| {
        let text = parameters.get("query").unwrap_or_default();
        QueryProblem::refused(text, error.into_problem(), &shared.catalog())
    })
}

fn request(
    catalog: &Catalog,
    name: &str,
    parameters: &Parameters,
) -> Result<ListRequest, QueryProblem> {
    let kind = catalog.collection(Scope::Workspace, name);
    let kind = kind.ok_or_else(|| {
        QueryProblem::plain(&format!(
            "there is no collection `{name}`; choose one of the list"
        ))
    })?;
    let query = match parameters.get("query") {
        None => None,
        Some(text) => Some(
            text.parse::<Query>()
                .map_err(|error| QueryProblem::unread(&error))?,
        ),
    };
    let select = match parameters.get("fields") {
        None => telling(catalog, kind),
        Some(text) => text
            .parse::<Select>()
            .map_err(|error| QueryProblem::plain(&format!("the fields are wrong: {error}")))?,
    };
    let order = match parameters.get("order_by") {
        None => vec![Order::ascending("id")],
        Some(text) => Order::parse_list(text)
            .map_err(|error| QueryProblem::plain(&format!("the order is wrong: {error}")))?,
    };
    let window = parameters.window();
    Ok(ListRequest {
        select,
        query,
        search: None,
        order,
        limit: u64::try_from(window.limit).unwrap_or_default(),
        offset: u64::try_from(window.offset).unwrap_or_default(),
    })
}

/// The fields that say most about entities of this type; of references, the name.
fn telling(catalog: &Catalog, kind: &EntityType) -> Select {
    let known = TELLING.iter().filter_map(|name| kind.field(name));
    let pieces: Vec<String> = known
        .take(TELLING_MAX)
        .map(|field| {
            let target = field.target().and_then(|name| catalog.find_type(name));
            match target.and_then(|target| target.field("name")) {
                Some(_) => format!("{}{{name}}", field.name),
                None => field.name.clone(),
            }
        })
        .collect();
    format!("id,{}", pieces.join(","))
        .trim_end_matches(',')
        .parse()
        .unwrap_or_default()
}

fn render(
    shared: &Shared,
    parameters: &Parameters,
    name: &str,
    outcome: Option<Outcome>,
) -> Response {
    let mut body = form(shared, parameters, name);
    match outcome {
        None => body.push_str(&examples()),
        Some(Err(problem)) => body.push_str(&problem.html()),
        Some(Ok((names, found))) => {
            let total = i64::try_from(found.total_count.unwrap_or_default()).unwrap_or(i64::MAX);
            let _ = write!(
                body,
                "<section id=\"results\"><h2 role=\"status\">{} found</h2>",
                count(total, "entry").replace("entrys", "entries")
            );
            body.push_str(&if found.data.is_empty() {
                empty("Nothing matches this query.")
            } else {
                table(&names, &found.data)
            });
            body.push_str(&pager(parameters, total));
            body.push_str("</section>");
        }
    }
    body.push_str(&fields(&shared.catalog(), name));
    Page {
        title: "Query",
        tab: Some(Tab::Query),
        above: String::new(),
        below:
            "<p class=\"lead\">Ask a collection in Octane's query language, as a client would.</p>"
                .to_owned(),
        body,
    }
    .response(shared)
}

fn form(shared: &Shared, parameters: &Parameters, chosen: &str) -> String {
    let catalog = shared.catalog();
    let mut names: Vec<&str> = catalog
        .types()
        .iter()
        .filter(|kind| kind.scope == Scope::Workspace)
        .filter_map(|kind| kind.collections.first().copied())
        .collect();
    names.sort_unstable();
    let options: String = names
        .iter()
        .map(|name| {
            let mark = if *name == chosen { " selected" } else { "" };
            format!("<option{mark}>{name}</option>")
        })
        .collect();
    let value = |name: &str| Text(parameters.get(name).unwrap_or_default()).to_string();
    format!(
        "<form class=\"query\"><div class=\"row\">\
         <label>Collection <select name=\"collection\">{options}</select></label>\
         <label class=\"wide\">Fields <input name=\"fields\" value=\"{}\" placeholder=\"id,name,parent{{name}}\" \
         spellcheck=\"false\" autocomplete=\"off\"></label>\
         <label>Order <input name=\"order_by\" value=\"{}\" placeholder=\"-id\" spellcheck=\"false\" \
         autocomplete=\"off\"></label></div>\
         <label>Query <textarea name=\"query\" rows=\"3\" spellcheck=\"false\" data-submit \
         aria-describedby=\"query-hint\">{}</textarea></label>\
         <div class=\"row\"><button class=\"primary\">Run query</button>\
         <p class=\"quiet\" id=\"query-hint\">Empty finds everything. Text and times stand between <code>^</code>, \
         <code>;</code> is and, <code>||</code> is or, <code>!</code> is not. Ctrl+Enter runs it.</p></div></form>",
        value("fields"),
        value("order_by"),
        value("query"),
    )
}

fn examples() -> String {
    let items: String = EXAMPLES
        .iter()
        .map(|(title, collection, query)| {
            let address = Parameters::default()
                .link(&[("collection", Some(collection)), ("query", Some(query))]);
            format!(
                "<li><a href=\"/query{address}\">{title}</a><code>{}</code></li>",
                Text(query)
            )
        })
        .collect();
    format!("<section><h2>For example</h2><ul class=\"examples\">{items}</ul></section>")
}

fn fields(catalog: &Catalog, name: &str) -> String {
    let Some(kind) = catalog.collection(Scope::Workspace, name) else {
        return String::new();
    };
    let items: String = kind
        .fields
        .iter()
        .map(|field| {
            let target = field
                .target()
                .map_or(String::new(), |to| format!(" to {to}"));
            format!(
                "<li><code>{}</code> <span class=\"quiet\">{}{target}</span></li>",
                Text(&field.name),
                field.type_word()
            )
        })
        .collect();
    format!(
        "<details class=\"fields\"><summary>Fields of {}</summary><ul>{items}</ul></details>",
        Text(name)
    )
}

fn table(names: &[String], entities: &[Entity]) -> String {
    // The type says something only where a collection has several.
    let first = entities.first().map(|entity| &entity.kind);
    let is_mixed = entities.iter().any(|entity| Some(&entity.kind) != first);
    let kind = if is_mixed {
        "<th scope=\"col\">type</th>"
    } else {
        ""
    };
    let head: String = names
        .iter()
        .map(|name| format!("<th scope=\"col\">{}</th>", Text(name)))
        .collect();
    let mut html = format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Entries found\">\
         <table class=\"found\"><caption class=\"unseen\">At most {LINES_MAX} of the entries found</caption>\
         <thead><tr><th scope=\"col\">id</th>{kind}{head}</tr></thead><tbody>\n"
    );
    for entity in entities {
        let id = entity
            .id
            .as_ref()
            .map_or(String::new(), ToString::to_string);
        let link = linked(&entity.kind, &id, &id);
        let _ = write!(html, "<tr><th scope=\"row\">{link}</th>");
        if is_mixed {
            let _ = write!(html, "<td class=\"quiet\">{}</td>", Text(&entity.kind));
        }
        for name in names {
            let value = entity.fields.get(name).unwrap_or(&Value::Null);
            let _ = write!(html, "<td>{}</td>", shown(value));
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody></table></div>");
    html
}

/// A value of a field as HTML.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "<span class=\"quiet\">–</span>".to_owned(),
        Value::String(text) => cut(text),
        Value::Object(object) => match (object.get("data"), object.get("type"), object.get("id")) {
            (Some(Value::Array(entries)), ..) => {
                let parts: Vec<String> = entries.iter().map(shown).collect();
                if parts.is_empty() {
                    "<span class=\"quiet\">–</span>".to_owned()
                } else {
                    parts.join(", ")
                }
            }
            (_, Some(Value::String(kind)), Some(Value::String(id))) => {
                if let Some(word) = id.strip_prefix("list_node.run_native_status.") {
                    return chip(NativeStatus::named(word));
                }
                let name = object.get("name").and_then(Value::as_str);
                linked(kind, id, name.unwrap_or(&format!("{kind} {id}")))
            }
            _ => cut(&value.to_string()),
        },
        other => cut(&other.to_string()),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(VALUE_CHARACTERS_MAX) {
        Some((end, _)) => format!("{}…", Text(&text[..end])),
        None => Text(text).to_string(),
    }
}

/// An entity's word, as a link where there is a page of it.
fn linked(kind: &str, id: &str, word: &str) -> String {
    let place = match kind {
        "test_suite" => "suites",
        "run_suite" => "suite-runs",
        "test_automated" => "tests",
        "story" | "feature" | "defect" | "epic" | "work_item_root" => "backlog",
        _ => return cut(word),
    };
    format!("<a href=\"/{place}/{}\">{}</a>", Text(id), cut(word))
}
