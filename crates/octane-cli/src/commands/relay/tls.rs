//! TLS at the door of a relay.

use std::sync::Arc;

use octane_client::CancellationToken;
use octane_relay::{DoorTls, DoorTlsError, Reload, TlsFiles, Validity, system_clock};
use octane_rest::{CertificateError, CredentialError};

use crate::args::RelayAccessArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::suggest::quoted;

/// TLS with the files of the options, if there are any.
pub(super) struct Tls {
    door: Arc<DoorTls>,
    output: Output,
    #[cfg(unix)]
    hangup: tokio::signal::unix::Signal,
}

impl Tls {
    /// Loads the files.
    pub(super) fn of(args: &RelayAccessArgs, output: Output) -> Result<Option<Self>> {
        let Some(certificate) = &args.tls_cert else {
            return Ok(None);
        };
        let mut files = TlsFiles::new(certificate);
        files.key.clone_from(&args.tls_key);
        files.client_ca.clone_from(&args.client_ca);
        let door = DoorTls::load(files).map_err(failure)?;
        warn(&door, output);
        Ok(Some(Self {
            door: Arc::new(door),
            output,
            #[cfg(unix)]
            hangup: {
                use tokio::signal::unix::{SignalKind, signal};
                signal(SignalKind::hangup()).map_err(|error| Failure::new(Exit::Internal, error))?
            },
        }))
    }

    /// The door's part of it.
    pub(super) fn door(&self) -> Arc<DoorTls> {
        Arc::clone(&self.door)
    }

    /// Follows changes of the files until `stop` is cancelled.
    pub(super) async fn watch(&mut self, stop: &CancellationToken) {
        let (door, output) = (Arc::clone(&self.door), self.output);
        let watching = door.watch(stop, |reload| said(&door, reload, output));
        #[cfg(unix)]
        tokio::select! {
            () = watching => {}
            () = async {
                while self.hangup.recv().await.is_some() {
                    said(&door, &door.reload(), output);
                }
                std::future::pending::<()>().await;
            } => {}
        }
        #[cfg(not(unix))]
        watching.await;
    }
}

/// Says what a change of the files has led to.
fn said(door: &DoorTls, reload: &Reload, output: Output) {
    match reload {
        Reload::Unchanged => output.say("the certificate of the relay has not changed"),
        Reload::Reloaded => {
            output.say("the changed certificate of the relay is in use");
            warn(door, output);
        }
        Reload::Failed(error) => output.say(&format!(
            "warning: the changed certificate of the relay cannot be used, and the previous one stays in use: {error}"
        )),
    }
}

/// Warns if agents will not accept the certificate, or not for long.
fn warn(door: &DoorTls, output: Output) {
    let Some(shown) = door.shown() else {
        return;
    };
    let day = |time: octane_relay::Time| {
        let time = jiff::Timestamp::from_microsecond(time.micros()).ok();
        time.map_or_else(String::new, |time| time.to_string()[..10].to_owned())
    };
    let problem = match shown.validity(system_clock()()) {
        Validity::Valid => return,
        Validity::EndsSoon => format!("ends on {}", day(shown.not_after)),
        Validity::Expired => format!(
            "expired on {}; agents do not accept it",
            day(shown.not_after)
        ),
        Validity::NotYet => format!(
            "is not valid before {}; agents do not accept it until then",
            day(shown.not_before)
        ),
    };
    let file = door.files().certificate.display();
    output.say(&format!("warning: the certificate in `{file}` {problem}"));
}

fn failure(error: DoorTlsError) -> Failure {
    let hint = match &error {
        DoorTlsError::Certificate(CertificateError::Exposed(CredentialError::Exposed {
            path,
            ..
        })) => format!("run `chmod 600 {}`", quoted(&path.display().to_string())),
        DoorTlsError::Certificate(CertificateError::Encrypted { path }) => format!(
            "decrypt it: `openssl pkey -in {} -out relay.key`, then `chmod 600 relay.key`",
            quoted(&path.display().to_string())
        ),
        DoorTlsError::Certificate(
            CertificateError::NoKey { .. } | CertificateError::Mismatch { .. },
        ) => "name the file of its key with `--tls-key`".to_owned(),
        DoorTlsError::ClientCa(_) | DoorTlsError::UnusableClientCa { .. } => {
            "correct `--client-ca`".to_owned()
        }
        _ => "correct `--tls-cert` and `--tls-key`".to_owned(),
    };
    Failure::new(Exit::Configuration, error).hint(hint)
}
