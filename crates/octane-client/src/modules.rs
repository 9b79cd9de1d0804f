//! Application modules.

use std::iter::Peekable;

use octane_model::{ApplicationModule, Entity, ModuleId, Query, Reference, Resource};

use crate::{Client, ClientError, Ensured};

/// Application modules: a tree with one root, which every workspace has.
///
/// Names are compared exactly; siblings with one name are reported as ambiguous, never guessed at.
pub struct Modules<'a> {
    pub(crate) client: &'a Client,
}

/// Where in the tree a module is looked for.
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

impl Modules<'_> {
    /// The module `name`; `None` if there is none, an error if there are several.
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
        let mut found = self.list_where(Some(name), parent).await?;
        found.retain(|module| module.name == name);
        match found.len() {
            0 | 1 => Ok(found.pop()),
            _ => Err(ClientError::Ambiguous {
                kind: "application module",
                name: name.to_owned(),
                ids: found.iter().map(|module| module.id.into()).collect(),
            }),
        }
    }

    /// The module with this id; an error if there is none.
    pub async fn get(&self, id: ModuleId) -> Result<ApplicationModule, ClientError> {
        let found = self
            .client
            .endpoint
            .entities::<ApplicationModule>()
            .get(id)
            .await;
        found.map_err(ClientError::looking_for("application module", id))
    }

    /// All modules below `parent`, by id.
    pub async fn list(&self, parent: Parent) -> Result<Vec<ApplicationModule>, ClientError> {
        self.list_where(None, parent).await
    }

    /// The root of the tree.
    pub async fn root(&self) -> Result<ApplicationModule, ClientError> {
        let query = Query::field("parent").refers_to_nothing();
        let root = self
            .client
            .endpoint
            .entities::<ApplicationModule>()
            .find(query)
            .await?;
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
        crate::name::check("application module", name)?;
        let parent = match parent {
            Some(parent) => parent,
            None => self.root().await?.id,
        };
        let module = Entity::new()
            .set("name", name)
            .set_reference("parent", &Reference::new(ApplicationModule::TYPE, parent));
        Ok(self
            .client
            .endpoint
            .entities::<ApplicationModule>()
            .create_one(&module)
            .await?)
    }

    /// The module at `path`, such as `Shop/Checkout/Refunds`, below the root; creates what is missing.
    ///
    /// The root's own name may be the first segment. When somebody else creates the same module at the
    /// same time, theirs is taken.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_sandbox(async |octane| {
    /// let ensured = octane.modules().ensure("Bookshop/Basket/Coupons").await?;
    /// assert_eq!((ensured.entity.name.as_str(), ensured.created.len()), ("Coupons", 3));
    /// let again = octane.modules().ensure("Bookshop/Basket/Coupons").await?;
    /// assert_eq!((again.entity.id, again.created.len()), (ensured.entity.id, 0));
    /// # Ok(()) }) }
    /// ```
    pub async fn ensure(&self, path: &str) -> Result<Ensured<ApplicationModule>, ClientError> {
        let mut segments = segments(path)?;
        let root = self.root().await?;
        segments.next_if_eq(&root.name.as_str());
        let mut ensured = Ensured {
            entity: root,
            created: Vec::new(),
        };
        for name in segments {
            let (module, is_new) = self.ensure_child(name, ensured.entity.id).await?;
            if is_new {
                ensured.created.push(module.clone());
            }
            ensured.entity = module;
        }
        Ok(ensured)
    }

    /// The module `name` directly below the root; created if it is missing.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_sandbox(async |octane| {
    /// let id = octane.modules().ensure_root("Bookshop").await?.entity.id;
    /// assert_eq!(octane.modules().ensure_root("Bookshop").await?.entity.id, id);
    /// # Ok(()) }) }
    /// ```
    pub async fn ensure_root(&self, name: &str) -> Result<Ensured<ApplicationModule>, ClientError> {
        let root = self.root().await?;
        if root.name == name {
            return Ok(Ensured {
                entity: root,
                created: Vec::new(),
            });
        }
        let (module, is_new) = self.ensure_child(name, root.id).await?;
        Ok(Ensured {
            created: if is_new {
                vec![module.clone()]
            } else {
                Vec::new()
            },
            entity: module,
        })
    }

    /// The module at `path` below the root; `None` if any part of it is missing.
    pub async fn find_path(&self, path: &str) -> Result<Option<ApplicationModule>, ClientError> {
        let mut segments = segments(path)?;
        let mut module = self.root().await?;
        segments.next_if_eq(&module.name.as_str());
        for name in segments {
            match self.find(name, Parent::Id(module.id)).await? {
                Some(child) => module = child,
                None => return Ok(None),
            }
        }
        Ok(Some(module))
    }

    async fn ensure_child(
        &self,
        name: &str,
        parent: ModuleId,
    ) -> Result<(ApplicationModule, bool), ClientError> {
        if let Some(module) = self.find(name, Parent::Id(parent)).await? {
            return Ok((module, false));
        }
        match self.create(name, Some(parent)).await {
            Ok(module) => Ok((module, true)),
            Err(ClientError::Rest(error)) if error.is_conflict() => {
                // Somebody was quicker: what they made is what was wanted.
                let theirs = self.find(name, Parent::Id(parent)).await?;
                theirs
                    .map(|module| (module, false))
                    .ok_or(ClientError::Rest(error))
            }
            Err(error) => Err(error),
        }
    }

    async fn list_where(
        &self,
        name: Option<&str>,
        parent: Parent,
    ) -> Result<Vec<ApplicationModule>, ClientError> {
        let below = Query::field("parent");
        let parent = match parent {
            Parent::Any => None,
            Parent::Id(id) => Some(below.refers_to_id(id)),
            Parent::Named(name) => Some(below.refers_to(Query::field("name").is(name))),
        };
        let query = Query::all(
            name.map(|name| Query::field("name").is(name))
                .into_iter()
                .chain(parent),
        );
        let mut list = self.client.endpoint.entities::<ApplicationModule>().list();
        if let Some(query) = query {
            list = list.matching(query);
        }
        Ok(list.all().await?)
    }
}

/// The names in a path such as `Shop/Checkout`; at least one.
fn segments(path: &str) -> Result<Peekable<impl Iterator<Item = &str>>, ClientError> {
    let names = path.split('/').map(str::trim);
    let mut names = names.filter(|name| !name.is_empty()).peekable();
    match names.peek() {
        Some(_) => Ok(names),
        None => Err(ClientError::EmptyPath {
            path: path.to_owned(),
        }),
    }
}
