//! What the commands that connect to a server have in common.

use clap::Subcommand;
use octane_client::Client;

use crate::args::{ConnectionArgs, OnServerGroup};
use crate::connect::Connection;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::Output;

/// Runs a command that needs a connection, and closes it.
pub(super) async fn connected(
    args: &ConnectionArgs,
    output: Output,
    command: impl AsyncFnOnce(&Client) -> Result<Exit>,
) -> Result<Exit> {
    let connection = Connection::open(args, output).await?;
    let done = command(&connection.client).await;
    connection.close().await;
    done
}

/// Runs a command of a group on its server.
pub(super) async fn of_group<C: Subcommand>(
    group: OnServerGroup<C>,
    output: Output,
    run: impl AsyncFnOnce(C, &Client, Output) -> Result<Exit>,
) -> Result<Exit> {
    let OnServerGroup {
        command,
        connection,
    } = group;
    connected(&connection, output, async |client: &Client| {
        run(command, client, output).await
    })
    .await
}
