//! [`Store`](super::Store) by [`operations`](super::operations), for an engine that has the methods `transact` and `observe`.

/// Each operation in a transaction of its own, or in none if it only reads. What it needs is owned by it, as the engine may work on another thread.
macro_rules! implement_store {
    ($engine:ty) => {
        impl Store for $engine {
            fn put(
                &self,
                upload: NewUpload,
                uploads_max: u64,
            ) -> BoxFuture<'_, Result<Put, StoreError>> {
                self.transact(move |store| Box::pin(operations::put(store, upload, uploads_max)))
            }

            fn lease<'a>(
                &'a self,
                workspaces: &'a Workspaces,
                holder: &'a str,
                time: Duration,
            ) -> BoxFuture<'a, Result<Option<Lease>, StoreError>> {
                let (workspaces, holder) = (workspaces.clone(), holder.to_owned());
                self.transact(move |store| {
                    Box::pin(async move {
                        operations::lease(store, &workspaces, &holder, time, false).await
                    })
                })
            }

            fn take_over<'a>(
                &'a self,
                workspaces: &'a Workspaces,
                holder: &'a str,
                time: Duration,
            ) -> BoxFuture<'a, Result<Option<Lease>, StoreError>> {
                let (workspaces, holder) = (workspaces.clone(), holder.to_owned());
                self.transact(move |store| {
                    Box::pin(async move {
                        operations::lease(store, &workspaces, &holder, time, true).await
                    })
                })
            }

            fn renew<'a>(
                &'a self,
                lease: &'a Lease,
                time: Duration,
            ) -> BoxFuture<'a, Result<(), StoreError>> {
                let lease = lease.clone();
                self.transact(move |store| {
                    Box::pin(async move { operations::renew(store, &lease, time).await })
                })
            }

            fn begin<'a>(
                &'a self,
                lease: &'a Lease,
            ) -> BoxFuture<'a, Result<Option<Job>, StoreError>> {
                let lease = lease.clone();
                self.transact(move |store| {
                    Box::pin(async move { operations::begin(store, &lease).await })
                })
            }

            fn checkpoint<'a>(
                &'a self,
                lease: &'a Lease,
                id: &'a UploadId,
                journal: Vec<u8>,
            ) -> BoxFuture<'a, Result<(), StoreError>> {
                let (lease, id) = (lease.clone(), id.clone());
                self.transact(move |store| {
                    Box::pin(
                        async move { operations::checkpoint(store, &lease, &id, journal).await },
                    )
                })
            }

            fn end<'a>(
                &'a self,
                lease: &'a Lease,
                ends: Vec<(UploadId, End)>,
            ) -> BoxFuture<'a, Result<Vec<UploadId>, StoreError>> {
                let lease = lease.clone();
                self.transact(move |store| {
                    Box::pin(async move { operations::end(store, &lease, ends).await })
                })
            }

            fn arrived<'a>(
                &'a self,
                lease: &'a Lease,
                id: &'a UploadId,
            ) -> BoxFuture<'a, Result<Vec<ArrivedShard>, StoreError>> {
                let (lease, id) = (lease.clone(), id.clone());
                self.transact(move |store| {
                    Box::pin(async move { operations::arrived(store, &lease, &id).await })
                })
            }

            fn shard<'a>(
                &'a self,
                lease: &'a Lease,
                id: &'a UploadId,
            ) -> BoxFuture<'a, Result<Option<Job>, StoreError>> {
                let (lease, id) = (lease.clone(), id.clone());
                self.transact(move |store| {
                    Box::pin(async move { operations::shard(store, &lease, &id).await })
                })
            }

            fn close<'a>(&'a self, lane: &'a Lane) -> BoxFuture<'a, Result<u64, StoreError>> {
                let lane = lane.clone();
                self.transact(move |store| {
                    Box::pin(async move { operations::close(store, &lane).await })
                })
            }

            fn release<'a>(
                &'a self,
                lease: &'a Lease,
                pause: Duration,
            ) -> BoxFuture<'a, Result<(), StoreError>> {
                let lease = lease.clone();
                self.transact(move |store| {
                    Box::pin(async move { operations::release(store, &lease, pause).await })
                })
            }

            fn status<'a>(
                &'a self,
                id: &'a UploadId,
            ) -> BoxFuture<'a, Result<Option<Status>, StoreError>> {
                let id = id.clone();
                self.observe(move |store| {
                    Box::pin(async move { operations::status(store, &id).await })
                })
            }

            fn ping(&self) -> BoxFuture<'_, Result<(), StoreError>> {
                self.transact(|store| Box::pin(operations::ping(store)))
            }

            fn overview(&self) -> BoxFuture<'_, Result<Overview, StoreError>> {
                self.observe(|store| Box::pin(operations::overview(store)))
            }

            fn problems(&self) -> BoxFuture<'_, Result<Vec<Status>, StoreError>> {
                self.observe(|store| Box::pin(operations::problems(store)))
            }

            fn oldest_problems(
                &self,
                count: u32,
            ) -> BoxFuture<'_, Result<Vec<Status>, StoreError>> {
                self.observe(move |store| Box::pin(operations::oldest_problems(store, count)))
            }

            fn retry<'a>(&'a self, id: &'a UploadId) -> BoxFuture<'a, Result<bool, StoreError>> {
                let id = id.clone();
                self.transact(move |store| {
                    Box::pin(async move { operations::retry(store, &id).await })
                })
            }

            fn delete<'a>(&'a self, id: &'a UploadId) -> BoxFuture<'a, Result<bool, StoreError>> {
                let id = id.clone();
                self.transact(move |store| {
                    Box::pin(async move { operations::delete(store, &id).await })
                })
            }

            fn prune(&self, age: Duration) -> BoxFuture<'_, Result<u64, StoreError>> {
                self.transact(move |store| Box::pin(operations::prune(store, age)))
            }

            fn slots<'a>(
                &'a self,
                server: &'a str,
                rate: Rate,
                count: u32,
            ) -> BoxFuture<'a, Result<Slots, StoreError>> {
                let server = server.to_owned();
                self.transact(move |store| {
                    Box::pin(async move { operations::slots(store, &server, rate, count).await })
                })
            }

            fn overloaded<'a>(
                &'a self,
                server: &'a str,
                since: Duration,
                pause: Duration,
            ) -> BoxFuture<'a, Result<Pace, StoreError>> {
                let server = server.to_owned();
                self.transact(move |store| {
                    Box::pin(
                        async move { operations::overloaded(store, &server, since, pause).await },
                    )
                })
            }

            fn lock<'a>(
                &'a self,
                name: &'a str,
                holder: &'a str,
                time: Duration,
            ) -> BoxFuture<'a, Result<bool, StoreError>> {
                let (name, holder) = (name.to_owned(), holder.to_owned());
                self.transact(move |store| {
                    Box::pin(async move { operations::lock(store, &name, &holder, time).await })
                })
            }

            fn unlock<'a>(
                &'a self,
                name: &'a str,
                holder: &'a str,
            ) -> BoxFuture<'a, Result<(), StoreError>> {
                let (name, holder) = (name.to_owned(), holder.to_owned());
                self.transact(move |store| {
                    Box::pin(async move { operations::unlock(store, &name, &holder).await })
                })
            }

            fn add_token<'a>(&'a self, token: &'a Token) -> BoxFuture<'a, Result<(), StoreError>> {
                let token = token.clone();
                self.transact(move |store| {
                    Box::pin(async move { operations::add_token(store, &token).await })
                })
            }

            fn revoke_token<'a>(
                &'a self,
                id: &'a TokenId,
            ) -> BoxFuture<'a, Result<bool, StoreError>> {
                let id = id.clone();
                self.transact(move |store| {
                    Box::pin(async move { operations::revoke_token(store, &id).await })
                })
            }

            fn token<'a>(
                &'a self,
                id: &'a TokenId,
            ) -> BoxFuture<'a, Result<Option<TokenEntry>, StoreError>> {
                let id = id.clone();
                self.observe(move |store| {
                    Box::pin(async move { operations::token(store, &id).await })
                })
            }

            fn tokens(&self) -> BoxFuture<'_, Result<Vec<TokenEntry>, StoreError>> {
                self.observe(|store| Box::pin(operations::tokens(store)))
            }
        }
    };
}
