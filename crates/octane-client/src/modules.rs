//! Application modules.

use octane_model::{ApplicationModule, Entity, ModuleId, Query, Reference, Resource};

use crate::ambiguous_name::AmbiguousName;
use crate::client::Client;
use crate::ensure::{Ensured, ensure};
use crate::error::ClientError;
use crate::id_or_name::{self, IdOrName, Meaning};
use crate::likeness::Similar;
use crate::name::trim_name;
use crate::named_entity::{self, NamedEntity, list_named};

/// Application modules: a tree with one root, which every workspace has.
///
/// Names are compared exactly. Of several modules of one name the oldest is used, or none: see
/// [`OnAmbiguous`](crate::OnAmbiguous).
pub struct Modules<'a> {
    client: &'a Client,
}

/// How far a path exists.
struct Walked<'a> {
    /// The last module of it that exists.
    module: ApplicationModule,
    /// The names after it.
    missing: &'a [&'a str],
}

/// Where in the tree to look for modules.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Parent {
    /// Anywhere.
    #[default]
    Any,
    /// Directly below this module.
    Id(ModuleId),
    /// Directly below a module of this name.
    Named(String),
}

impl Client {
    /// Application modules.
    pub fn modules(&self) -> Modules<'_> {
        Modules { client: self }
    }
}

impl Modules<'_> {
    /// The module `name`; `None` if it does not exist.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_sandbox(async |octane| {
    /// use octane_client::Parent;
    ///
    /// octane.modules().create("Refunds", None).await?;
    /// let found = octane.modules().find("Refunds", Parent::Any).await?;
    /// assert!(found.is_some());
    /// # Ok(()) }) }
    /// ```
    pub async fn find(
        &self,
        name: &str,
        parent: Parent,
    ) -> Result<Option<ApplicationModule>, ClientError> {
        named_entity::find(self.client, name, below(parent)).await
    }

    /// The module with this id; an error if it does not exist.
    pub async fn get(&self, id: ModuleId) -> Result<ApplicationModule, ClientError> {
        named_entity::get(self.client, id).await
    }

    /// All modules directly below `parent`, by id.
    pub async fn list(&self, parent: Parent) -> Result<Vec<ApplicationModule>, ClientError> {
        named_entity::list(self.client, below(parent)).await
    }

    /// The root of the tree.
    pub async fn root(&self) -> Result<ApplicationModule, ClientError> {
        let modules = self.client.endpoint.entities::<ApplicationModule>();
        let root = modules.find(Query::field("parent").is_unset()).await?;
        root.ok_or(ClientError::NoRootModule)
    }

    /// Creates a module below `parent`, or below the root.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_sandbox(async |octane| {
    /// let shop = octane.modules().create("Bookshop", None).await?;
    /// let basket = octane.modules().create("Basket", Some(shop.id)).await?;
    /// assert_eq!(basket.parent.unwrap().id, shop.id.into());
    /// # Ok(()) }) }
    /// ```
    pub async fn create(
        &self,
        name: &str,
        parent: Option<ModuleId>,
    ) -> Result<ApplicationModule, ClientError> {
        let module = named_entity::draft::<ApplicationModule>(name)?;
        let parent = match parent {
            Some(parent) => parent,
            None => self.root().await?.id,
        };
        named_entity::create(self.client, &with_parent(module, parent)).await
    }

    /// The module at `path`, such as `Shop/Checkout/Refunds`, below the root; creates what is missing.
    ///
    /// The root's own name may be the first segment. If other clients do the same at the same moment, all get the same
    /// modules: the oldest ones. A client that has created another one deletes it again.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_sandbox(async |octane| {
    /// let ensured = octane.modules().ensure("Bookshop/Basket/Coupons").await?;
    /// assert_eq!((ensured.entity.name.as_str(), ensured.created.len()), ("Coupons", 3));
    /// let second = octane.modules().ensure("Bookshop/Basket/Coupons").await?;
    /// assert_eq!((second.entity.id, second.created.len()), (ensured.entity.id, 0));
    /// # Ok(()) }) }
    /// ```
    pub async fn ensure(&self, path: &str) -> Result<Ensured<ApplicationModule>, ClientError> {
        self.ensure_segments(&segments(path)?).await
    }

    /// How far `path` exists: the last module of it that does, and the names below it that [`ensure`](Self::ensure) would
    /// create.
    pub async fn missing(
        &self,
        path: &str,
    ) -> Result<(ApplicationModule, Vec<String>), ClientError> {
        let segments = segments(path)?;
        check_names(&segments)?;
        let mut on_several = |ambiguous| (self.client.on_ambiguous_name)(&ambiguous);
        let Walked { module, missing } = self.walk(&segments, &mut on_several).await?;
        Ok((
            module,
            missing.iter().map(|name| (*name).to_owned()).collect(),
        ))
    }

    /// The module `name` directly below the root; created if it does not exist.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_sandbox(async |octane| {
    /// let id = octane.modules().ensure_root("Bookshop").await?.entity.id;
    /// assert_eq!(octane.modules().ensure_root("Bookshop").await?.entity.id, id);
    /// # Ok(()) }) }
    /// ```
    pub async fn ensure_root(&self, name: &str) -> Result<Ensured<ApplicationModule>, ClientError> {
        self.ensure_segments(&[name]).await
    }

    /// The module at `path` below the root; `None` if any part of it is missing.
    pub async fn find_path(&self, path: &str) -> Result<Option<ApplicationModule>, ClientError> {
        self.find_path_or_report(path, &mut |ambiguous| {
            (self.client.on_ambiguous_name)(&ambiguous);
        })
        .await
    }

    /// The same; reports each part of the path that several modules have.
    pub(crate) async fn find_path_or_report(
        &self,
        path: &str,
        on_several: &mut (dyn FnMut(AmbiguousName) + Send),
    ) -> Result<Option<ApplicationModule>, ClientError> {
        let segments = segments(path)?;
        let walked = self.walk(&segments, on_several).await?;
        Ok(walked.missing.is_empty().then_some(walked.module))
    }

    /// The module with the ID `text`, or at the path `text` if no module has that ID; see [`IdOrName`].
    pub async fn find_id_or_path(
        &self,
        text: &str,
    ) -> Result<Option<IdOrName<ApplicationModule>>, ClientError> {
        match id_or_name::find(self.client, text, None).await? {
            Meaning::Id(found) => Ok(Some(found)),
            // A path begins at the root, and modules of that name can be anywhere.
            Meaning::Name(_) => Ok(self.find_path(text).await?.map(IdOrName::named)),
        }
    }

    /// Modules whose names look like the first part of `path` that does not exist, among its siblings: their paths, the
    /// most similar first.
    pub async fn similar(&self, path: &str) -> Result<Vec<Similar>, ClientError> {
        let segments = segments(path)?;
        let Walked { module, missing } = self.walk(&segments, &mut |_| {}).await?;
        let Some(name) = missing.first() else {
            return Ok(Vec::new());
        };
        let mut similar = self.similar_below(module.id, name).await?;
        let existing = &segments[..segments.len() - missing.len()];
        for Similar { name, .. } in &mut similar {
            *name = [existing, &[name]].concat().join("/");
        }
        Ok(similar)
    }

    /// Modules directly below `parent` whose names look like `name`, the most similar first, among the newest thousand; one
    /// request.
    pub async fn similar_below(
        &self,
        parent: ModuleId,
        name: &str,
    ) -> Result<Vec<Similar>, ClientError> {
        let scope = below(Parent::Id(parent));
        named_entity::similar::<ApplicationModule>(self.client, name, scope).await
    }

    /// Follows a path as far as it exists.
    async fn walk<'a>(
        &self,
        segments: &'a [&'a str],
        on_several: &mut (dyn FnMut(AmbiguousName) + Send),
    ) -> Result<Walked<'a>, ClientError> {
        let mut module = self.root().await?;
        let mut missing = below_root(segments, &module);
        while let [name, rest @ ..] = missing {
            let scope = below(Parent::Id(module.id));
            let found = list_named(self.client, name, scope).await?;
            let Some(child) = self.client.oldest(name, found, &mut *on_several)? else {
                break;
            };
            (module, missing) = (child, rest);
        }
        Ok(Walked { module, missing })
    }

    async fn ensure_segments(
        &self,
        segments: &[&str],
    ) -> Result<Ensured<ApplicationModule>, ClientError> {
        check_names(segments)?;
        let mut path = Ensured::existing(self.root().await?);
        for name in below_root(segments, &path.entity) {
            let parent = path.entity.id;
            let draft = with_parent(named_entity::draft::<ApplicationModule>(name)?, parent);
            let scope = below(Parent::Id(parent));
            match ensure(self.client, name, scope, &draft).await {
                Ok(module) => {
                    path.created.extend(module.created);
                    path.entity = module.entity;
                }
                Err(error) => return Err(error.after_creating(&path.created)),
            }
        }
        Ok(path)
    }
}

impl Modules<'_> {
    /// The query for the modules directly below another one.
    pub fn below(parent: ModuleId) -> Query {
        Query::field("parent").refers_to_id(parent)
    }
}

fn with_parent(module: Entity, parent: ModuleId) -> Entity {
    let parent = Reference::new(ApplicationModule::TYPE, parent);
    module.set_reference("parent", &parent)
}

fn below(parent: Parent) -> Option<Query> {
    let field = Query::field("parent");
    match parent {
        Parent::Any => None,
        Parent::Id(id) => Some(Modules::below(id)),
        Parent::Named(name) => Some(field.refers_to(Query::field("name").is(name))),
    }
}

/// The names in a path such as `Shop/Checkout`; at least one.
pub(crate) fn segments(path: &str) -> Result<Vec<&str>, ClientError> {
    let names = path.split('/').map(trim_name);
    let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    if names.is_empty() {
        return Err(ClientError::EmptyPath {
            path: path.to_owned(),
        });
    }
    Ok(names)
}

/// Rejects names that the server would reject, before any module is created.
fn check_names(segments: &[&str]) -> Result<(), ClientError> {
    let mut names = segments.iter();
    names.try_for_each(|name| named_entity::check_name(ApplicationModule::LABEL, name))
}

/// The segments below the root, whose own name may be the first of them.
fn below_root<'a>(segments: &'a [&'a str], root: &ApplicationModule) -> &'a [&'a str] {
    match segments {
        [first, rest @ ..] if *first == root.name => rest,
        all => all,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fake_octane::{FakeOctane, page};

    #[tokio::test(start_paused = true)]
    async fn nothing_is_created_if_a_name_in_the_path_is_too_long() {
        let server = FakeOctane::new(|_| {
            page(
                &[json!({ "id": "1", "type": "application_module", "name": "Root" })],
                1,
            )
        });
        let (client, path) = (server.client(1), format!("A/B/{}", "x".repeat(300)));
        let ensured = client.modules().ensure(&path).await;
        let missing = client.modules().missing(&path).await;
        for error in [ensured.unwrap_err(), missing.unwrap_err()] {
            assert!(
                matches!(error, ClientError::NameTooLong { length: 300, .. }),
                "{error}"
            );
        }
        assert!(server.received("").is_empty());
    }
}
