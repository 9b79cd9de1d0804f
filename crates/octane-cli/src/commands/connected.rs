//! What the commands that connect to a server have in common.

use octane_client::Client;

use crate::args::ConnectionArgs;
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
