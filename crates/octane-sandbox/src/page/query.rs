//! The query box: a collection, a query, and the results.

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
use crate::catalog::{Catalog, EntityType, Scope};
use crate::state::AppState;
use crate::store::ListRequest;
use crate::store::pages::NativeStatus;
use octane_web::{Text, count};

/// The maximum number of characters of a value.
const VALUE_CHARACTERS_MAX: usize = 200;

/// The initial query.
const FIRST_COLLECTION: &str = "automated_runs";

/// The most informative fields of an entity; those that a type has are shown unless a request names others.
const INFORMATIVE_FIELDS: [&str; 12] = [
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
        "Tests that cover a story of a feature",
        "automated_tests",
        "covered_content EQ {parent EQ {name EQ ^Check out^}}",
    ),
];

/// The requested fields, and the results.
type Outcome = Result<(Vec<String>, Found<Entity>), QueryProblem>;

pub(super) async fn page(State(state): State<Arc<AppState>>, parameters: Parameters) -> Response {
    let name = parameters.get("collection").unwrap_or(FIRST_COLLECTION);
    let outcome = match request(&state.catalog(), name, &parameters) {
        Err(problem) => Some(Err(problem)),
        Ok(_) if parameters.get("collection").is_none() => None,
        Ok(request) => Some(found(&state, name, request, &parameters).await),
    };
    render(&state, &parameters, name, outcome)
}

async fn found(
    state: &Arc<AppState>,
    name: &str,
    request: ListRequest,
    parameters: &Parameters,
) -> Outcome {
    let names = request.select.fields.iter().map(|field| field.name.clone());
    let names = names
        .filter(|name| !matches!(name.as_str(), "id" | "type"))
        .collect();
    let collection = name.to_owned();
    let read = state.store.read(move |reader| {
        let entity_type = reader.catalog.collection(Scope::Workspace, &collection);
        let entity_type =
            entity_type.ok_or_else(|| crate::error::ApiError::unknown_address(&collection))?;
        reader.list(entity_type, &request)
    });
    read.await.map(|found| (names, found)).map_err(|error| {
        let text = parameters.get("query").unwrap_or_default();
        QueryProblem::refused(text, error.into_problem(), &state.catalog())
    })
}

fn request(
    catalog: &Catalog,
    name: &str,
    parameters: &Parameters,
) -> Result<ListRequest, QueryProblem> {
    let entity_type = catalog.collection(Scope::Workspace, name);
    let entity_type = entity_type.ok_or_else(|| {
        QueryProblem::plain(&format!(
            "unknown collection `{name}`; choose one from the list"
        ))
    })?;
    let query = match parameters.get("query") {
        None => None,
        Some(text) => Some(
            text.parse::<Query>()
                .map_err(|error| QueryProblem::invalid(&error))?,
        ),
    };
    let select = match parameters.get("fields") {
        None => informative_fields(catalog, entity_type),
        Some(text) => text
            .parse::<Select>()
            .map_err(|error| QueryProblem::plain(&format!("invalid fields: {error}")))?,
    };
    let order = match parameters.get("order_by") {
        None => vec![Order::ascending("id")],
        Some(text) => Order::parse_list(text)
            .map_err(|error| QueryProblem::plain(&format!("invalid order: {error}")))?,
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

/// The most informative fields of this type; for references, the name.
fn informative_fields(catalog: &Catalog, entity_type: &EntityType) -> Select {
    let known = INFORMATIVE_FIELDS
        .iter()
        .filter_map(|name| entity_type.field(name));
    let pieces: Vec<String> = known
        .take(TELLING_MAX)
        .map(|field| {
            let target = field.target().and_then(|name| catalog.find_type(name));
            match target.and_then(|target| target.field("name")) {
                Some(_) => format!("{}{{name}}", field.name),
                None => field.name.to_string(),
            }
        })
        .collect();
    format!("id,{}", pieces.join(","))
        .trim_end_matches(',')
        .parse()
        .unwrap_or_default()
}

fn render(
    state: &AppState,
    parameters: &Parameters,
    name: &str,
    outcome: Option<Outcome>,
) -> Response {
    let mut body = form(state, parameters, name);
    match outcome {
        None => body.push_str(&examples()),
        Some(Err(problem)) => body.push_str(&problem.html()),
        Some(Ok((names, found))) => {
            let total = i64::try_from(found.total_count.unwrap_or_default()).unwrap_or(i64::MAX);
            let _ = write!(
                body,
                "<section id=\"results\"><div role=\"status\"><h2>{} found</h2></div>",
                count(total, "entry").replace("entrys", "entries")
            );
            body.push_str(&if found.data.is_empty() {
                empty("No entities match this query.")
            } else {
                table(&names, &found.data)
            });
            body.push_str(&pager(parameters, total));
            body.push_str("</section>");
        }
    }
    body.push_str(&fields(&state.catalog(), name));
    Page {
        title: "Query",
        tab: Some(Tab::Query),
        above: String::new(),
        below:
            "<p class=\"lead\">Query a collection in Octane's query language, as a client would.</p>"
                .to_owned(),
        body,
    }
    .response(state)
}

fn form(state: &AppState, parameters: &Parameters, chosen: &str) -> String {
    let catalog = state.catalog();
    let mut names: Vec<&str> = catalog
        .types()
        .iter()
        .filter(|entity_type| entity_type.scope == Scope::Workspace)
        .filter_map(|entity_type| entity_type.collections.first().copied())
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
    let Some(entity_type) = catalog.collection(Scope::Workspace, name) else {
        return String::new();
    };
    let items: String = entity_type
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
    // The type is only shown if a collection has several.
    let first = entities.first().map(|entity| &entity.entity_type);
    let is_mixed = entities
        .iter()
        .any(|entity| Some(&entity.entity_type) != first);
    let entity_type = if is_mixed {
        "<th scope=\"col\">type</th>"
    } else {
        ""
    };
    let head: String = names
        .iter()
        .map(|name| format!("<th scope=\"col\">{}</th>", Text(name)))
        .collect();
    let mut html = format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Query results\">\
         <table class=\"found\"><caption class=\"unseen\">At most {LINES_MAX} of the results</caption>\
         <thead><tr><th scope=\"col\">id</th>{entity_type}{head}</tr></thead><tbody>\n"
    );
    for entity in entities {
        let id = entity
            .id
            .as_ref()
            .map_or(String::new(), ToString::to_string);
        let link = linked(&entity.entity_type, &id, &id);
        let _ = write!(html, "<tr><th scope=\"row\">{link}</th>");
        if is_mixed {
            let _ = write!(
                html,
                "<td class=\"quiet\">{}</td>",
                Text(&entity.entity_type)
            );
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

/// The value of a field as HTML.
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
            (_, Some(Value::String(entity_type)), Some(Value::String(id))) => {
                if let Some(word) = id.strip_prefix("list_node.run_native_status.") {
                    return chip(NativeStatus::named(word));
                }
                let name = object.get("name").and_then(Value::as_str);
                linked(
                    entity_type,
                    id,
                    name.unwrap_or(&format!("{entity_type} {id}")),
                )
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

/// A label, as a link if the entity has a page.
fn linked(entity_type: &str, id: &str, word: &str) -> String {
    let place = match entity_type {
        "test_suite" => "suites",
        "run_suite" => "suite-runs",
        "test_automated" => "tests",
        "story" | "feature" | "defect" | "epic" | "work_item_root" => "backlog",
        _ => return cut(word),
    };
    format!("<a href=\"/{place}/{}\">{}</a>", Text(id), cut(word))
}
