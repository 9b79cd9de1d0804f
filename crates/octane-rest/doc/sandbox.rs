// What every example of the documentation begins with: a sandbox, and an endpoint that speaks to it.

type Done = Result<(), Box<dyn std::error::Error>>;

fn with_sandbox(example: impl AsyncFnOnce(octane_rest::Endpoint) -> Done) -> Done {
    with_builder(async |builder| example(builder.build()?).await)
}

fn with_builder(example: impl AsyncFnOnce(octane_rest::Builder) -> Done) -> Done {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let sandbox = octane_sandbox::Sandbox::start().await?;
        let credentials = octane_rest::ApiKey::new(sandbox.client_id(), sandbox.client_secret());
        let builder = octane_rest::Endpoint::builder(sandbox.url());
        example(builder.space(1001).workspace(1002).credentials(credentials)).await
    })
}
