//! `octane api`

use std::io::Read;

use bytes::Bytes;
use http::{Method, StatusCode};
use octane_client::Client;
use octane_rest::Body;

use super::changes::{self, Change};
use crate::args::{ApiArgs, HttpMethod};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::{Output, print_note, write_document};

/// Sends the request and writes the body of the response; its status goes to standard error.
pub(super) async fn run(args: &ApiArgs, client: &Client, output: Output) -> Result<Exit> {
    let body = body(args)?;
    let method = match args.method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Delete => Method::DELETE,
    };
    if args.dry_run && method != Method::GET {
        let request = client.endpoint().request(method, &args.path, body)?;
        let change = Change::Request {
            method: request.method().to_string(),
            path: request.uri().to_string(),
            bytes: request.body().len(),
        };
        return changes::show(&[change], output);
    }
    let answer = client
        .endpoint()
        .call(method.clone(), &args.path, body)
        .await?;
    print_note(&format!("HTTP {}", answer.status));
    if answer.status == StatusCode::NOT_FOUND
        && method == Method::DELETE
        && answer.outcome_unknown()
    {
        print_note(
            "the response to an earlier attempt was lost; perhaps that attempt has deleted it",
        );
    }
    if !answer.body.is_empty() {
        write_document(&answer.body)?;
    }
    Ok(match answer.status.as_u16() {
        200..=399 => Exit::Success,
        401 => Exit::Unauthorized,
        429 | 500..=599 => Exit::Unreachable,
        _ => Exit::Refused,
    })
}

fn body(args: &ApiArgs) -> Result<Body> {
    let Some(data) = &args.data else {
        return Ok(Body::None);
    };
    let text = match data.strip_prefix('@') {
        None => data.clone().into_bytes(),
        Some("-") => {
            let mut text = Vec::new();
            std::io::stdin().lock().read_to_end(&mut text)?;
            text
        }
        Some(file) => std::fs::read(file).map_err(|error| {
            Failure::new(Exit::Input, error).context(format!("cannot read `{file}`"))
        })?,
    };
    if args.xml {
        return Ok(Body::Xml(Bytes::from(text)));
    }
    let json = serde_json::from_slice(&text).map_err(|error| {
        Failure::new(Exit::Input, error)
            .context("`--data` is not valid JSON")
            .hint("use `--xml` to send XML")
    })?;
    Ok(Body::Json(json))
}
