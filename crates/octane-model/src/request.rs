//! Requests as values: method, path, body; nothing here opens a socket.
//!
//! The URIs are paths such as `/api/shared_spaces/1001/workspaces/1002/tests?limit=1`; the sender
//! prepends the base URL of the server.

use bytes::Bytes;
use http::{Method, Request, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::id::{EntityId, SharedSpaceId, TaskId, WorkspaceId};
use crate::order::Order;
use crate::query::tree::Query;
use crate::select::Select;

/// The characters that are escaped in a path segment or in the value of a parameter.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b',');

/// A workspace of a server, the root of all resources that this crate supports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Workspace {
    /// The shared space.
    pub space: SharedSpaceId,
    /// The workspace in it.
    pub workspace: WorkspaceId,
}

impl Workspace {
    /// The workspace `workspace` of the shared space `space`.
    pub const fn new(space: SharedSpaceId, workspace: WorkspaceId) -> Self {
        Self { space, workspace }
    }

    /// The path of the workspace, without a trailing slash.
    pub fn path(&self) -> String {
        format!(
            "/api/shared_spaces/{}/workspaces/{}",
            self.space, self.workspace
        )
    }

    /// A collection of entities, for example `automated_runs`.
    pub fn collection(&self, name: &str) -> Collection {
        Collection {
            path: format!("{}/{}", self.path(), encoded(name)),
        }
    }

    /// Requests the fields of an entity type. Queries of the metadata API may contain only `EQ` and `;`
    /// (ALM Octane help, "Metadata").
    pub fn field_metadata(&self, entity_name: &str) -> Request<Bytes> {
        let query = Query::field("entity_name").is(entity_name);
        get(format!(
            "{}/metadata/fields?query={}",
            self.path(),
            encoded(&query.to_string())
        ))
    }

    /// Sends a payload of test results.
    pub fn post_test_results(
        &self,
        payload: Bytes,
        encoding: Encoding,
        skip_errors: bool,
    ) -> Request<Bytes> {
        let path = format!(
            "{}/test-results{}",
            self.path(),
            if skip_errors { "?skip-errors=true" } else { "" }
        );
        let mut request = Request::post(path).header(header::CONTENT_TYPE, "application/xml");
        if encoding == Encoding::Gzip {
            request = request.header(header::CONTENT_ENCODING, "gzip");
        }
        built(request.body(payload))
    }

    /// Requests the state of the task that ingests a payload.
    pub fn task(&self, task: TaskId) -> Request<Bytes> {
        get(format!("{}/test-results/{task}", self.path()))
    }

    /// Requests the log of a task, as text.
    pub fn task_log(&self, task: TaskId) -> Request<Bytes> {
        get_any(format!("{}/test-results/{task}/log", self.path()))
    }

    /// Requests the schema of this server's payloads, as XML.
    pub fn test_results_schema(&self) -> Request<Bytes> {
        get_any(format!("{}/test-results/xsd", self.path()))
    }
}

/// The content encoding of a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// Not compressed.
    Plain,
    /// Compressed. Octane's help says `application/gzip`, but the vendor's own clients send `gzip`; so does
    /// this one.
    #[default]
    Gzip,
}

/// Signs in with an API key or with a user name and a password.
pub fn sign_in(body: Bytes) -> Request<Bytes> {
    json(Method::POST, "/authentication/sign_in", body)
}

/// Signs out, which ends the session.
pub fn sign_out() -> Request<Bytes> {
    built(Request::post("/authentication/sign_out").body(Bytes::new()))
}

/// What happens to the references that a field already has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReferenceUpdate {
    /// They are replaced.
    #[default]
    Replace,
    /// They are kept, and the new ones are added.
    Append,
}

/// A collection of entities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    path: String,
}

/// The parameters of a list request.
///
/// Without a sort order, the order depends on the server (by id on older servers, by name on newer ones);
/// set one when reading several pages.
#[derive(Debug, Clone, PartialEq, Default)]
#[must_use]
pub struct ListParams {
    /// The fields to return; the server's default fields if empty.
    pub select: Select,
    /// The entities to return; all if absent.
    pub query: Option<Query>,
    /// The sort order.
    pub order: Vec<Order>,
    /// The maximum number of entities, at least 1; the server's default if absent.
    pub limit: Option<u32>,
    /// The number of entities to skip.
    pub offset: u64,
}

impl ListParams {
    /// Sets the fields to return.
    pub fn select(mut self, select: Select) -> Self {
        self.select = select;
        self
    }

    /// Sets the entities to return.
    pub fn query(mut self, query: Query) -> Self {
        self.query = Some(query);
        self
    }

    /// Appends a sort key.
    pub fn order(mut self, order: Order) -> Self {
        self.order.push(order);
        self
    }

    /// Sets the maximum number of entities, at least 1.
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Sets the number of entities to skip.
    pub fn offset(mut self, offset: u64) -> Self {
        self.offset = offset;
        self
    }
}

impl Collection {
    /// Requests a page of entities.
    pub fn list(&self, list: &ListParams) -> Request<Bytes> {
        let mut parameters = Vec::new();
        if !list.select.is_empty() {
            parameters.push(("fields", list.select.to_string()));
        }
        if let Some(query) = &list.query {
            parameters.push(("query", query.to_string()));
        }
        if !list.order.is_empty() {
            let keys: Vec<String> = list.order.iter().map(ToString::to_string).collect();
            parameters.push(("order_by", keys.join(",")));
        }
        if let Some(limit) = list.limit {
            parameters.push(("limit", limit.to_string()));
        }
        if list.offset > 0 {
            parameters.push(("offset", list.offset.to_string()));
        }
        get(with_parameters(&self.path, &parameters))
    }

    /// Requests one entity.
    pub fn get(&self, id: &EntityId, select: &Select) -> Request<Bytes> {
        get(with_parameters(&self.path_of(id), &fields(select)))
    }

    /// Creates entities.
    pub fn create<T: Serialize>(
        &self,
        entities: &[T],
        select: &Select,
    ) -> serde_json::Result<Request<Bytes>> {
        Ok(json(
            Method::POST,
            with_parameters(&self.path, &fields(select)),
            data(entities)?,
        ))
    }

    /// Updates one entity.
    pub fn update<T: Serialize>(
        &self,
        id: &EntityId,
        entity: &T,
        references: ReferenceUpdate,
    ) -> serde_json::Result<Request<Bytes>> {
        let path = with_parameters(&self.path_of(id), &mode(references));
        Ok(json(Method::PUT, path, serde_json::to_vec(entity)?))
    }

    /// Updates several entities, each identified by its id.
    pub fn update_many<T: Serialize>(
        &self,
        entities: &[T],
        references: ReferenceUpdate,
    ) -> serde_json::Result<Request<Bytes>> {
        Ok(json(
            Method::PUT,
            with_parameters(&self.path, &mode(references)),
            data(entities)?,
        ))
    }

    /// Deletes one entity.
    pub fn delete(&self, id: &EntityId) -> Request<Bytes> {
        built(Request::delete(self.path_of(id)).body(Bytes::new()))
    }

    fn path_of(&self, id: &EntityId) -> String {
        format!("{}/{}", self.path, encoded(id.as_str()))
    }
}

fn fields(select: &Select) -> Vec<(&'static str, String)> {
    if select.is_empty() {
        Vec::new()
    } else {
        vec![("fields", select.to_string())]
    }
}

fn mode(references: ReferenceUpdate) -> Vec<(&'static str, String)> {
    match references {
        ReferenceUpdate::Replace => Vec::new(),
        ReferenceUpdate::Append => vec![("reference_update_mode", "append".to_owned())],
    }
}

fn data<T: Serialize>(entities: &[T]) -> serde_json::Result<Vec<u8>> {
    #[derive(Serialize)]
    struct Data<'a, T> {
        data: &'a [T],
    }
    serde_json::to_vec(&Data { data: entities })
}

fn with_parameters(path: &str, parameters: &[(&str, String)]) -> String {
    let mut uri = path.to_owned();
    for (position, (name, value)) in parameters.iter().enumerate() {
        uri.push(if position == 0 { '?' } else { '&' });
        uri.push_str(name);
        uri.push('=');
        uri.push_str(&encoded(value));
    }
    uri
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

fn get(uri: String) -> Request<Bytes> {
    built(
        Request::get(uri)
            .header(header::ACCEPT, "application/json")
            .body(Bytes::new()),
    )
}

/// Requests something other than JSON: a server may return 406 if only JSON is acceptable.
fn get_any(uri: String) -> Request<Bytes> {
    built(
        Request::get(uri)
            .header(header::ACCEPT, "*/*")
            .body(Bytes::new()),
    )
}

fn json(method: Method, uri: impl Into<String>, body: impl Into<Bytes>) -> Request<Bytes> {
    let request = Request::builder().method(method).uri(uri.into());
    let request = request
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/json");
    built(request.body(body.into()))
}

fn built(request: http::Result<Request<Bytes>>) -> Request<Bytes> {
    request.expect("a path of numbers, names and percent-encoded text is a URI")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::Entity;

    const WORKSPACE: Workspace = Workspace {
        space: SharedSpaceId::new(1001),
        workspace: WorkspaceId::new(1002),
    };

    #[test]
    fn a_list_request_contains_all_parameters() {
        let list = ListParams {
            select: Select::names(["name", "test"]),
            query: Some(Query::field("name").is("a&b")),
            order: vec![Order::ascending("id")],
            limit: Some(100),
            offset: 200,
        };
        let request = WORKSPACE.collection("automated_runs").list(&list);
        assert_eq!(
            request.uri().to_string(),
            "/api/shared_spaces/1001/workspaces/1002/automated_runs\
             ?fields=name,test&query=%22name%20EQ%20%5Ea%26b%5E%22&order_by=id&limit=100&offset=200"
        );
    }

    #[test]
    fn an_appending_bulk_update_sets_the_mode() {
        let runs = [Entity::with_id(5).set("name", "x")];
        let request = WORKSPACE
            .collection("automated_runs")
            .update_many(&runs, ReferenceUpdate::Append)
            .unwrap();
        assert_eq!(request.uri().query(), Some("reference_update_mode=append"));
        assert_eq!(request.body(), r#"{"data":[{"id":"5","name":"x"}]}"#);
    }

    #[test]
    fn a_compressed_payload_has_a_content_encoding() {
        let request = WORKSPACE.post_test_results(Bytes::from_static(b"x"), Encoding::Gzip, true);
        assert_eq!(
            request.uri().path(),
            "/api/shared_spaces/1001/workspaces/1002/test-results"
        );
        assert_eq!(request.uri().query(), Some("skip-errors=true"));
        assert_eq!(request.headers()["content-encoding"], "gzip");
    }

    #[test]
    fn resources_other_than_json_accept_any_type() {
        for request in [
            WORKSPACE.task_log(TaskId::new(1)),
            WORKSPACE.test_results_schema(),
        ] {
            assert_eq!(request.headers()["accept"], "*/*", "{}", request.uri());
        }
    }

    #[test]
    fn ids_cannot_leave_their_path_segment() {
        let request = WORKSPACE
            .collection("list_nodes")
            .get(&"../x?y".into(), &Select::default());
        assert!(
            request.uri().path().ends_with("/list_nodes/..%2Fx%3Fy"),
            "{}",
            request.uri()
        );
    }
}
