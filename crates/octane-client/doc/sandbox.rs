// What every example of the documentation begins with: a sandbox, and a client that speaks to it.

type Done = Result<(), Box<dyn std::error::Error>>;

fn with_sandbox(example: impl AsyncFnOnce(octane_client::Client) -> Done) -> Done {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let sandbox = octane_sandbox::Sandbox::start().await?;
        let endpoint = octane_rest::Endpoint::builder(sandbox.url())
            .space(1001)
            .workspace(1002)
            .credentials(octane_rest::ApiKey::new(sandbox.client_id(), sandbox.client_secret()))
            .build()?;
        example(octane_client::Client::new(endpoint)).await
    })
}
