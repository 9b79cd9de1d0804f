//! Access tokens instead of a sign-in.

use octane_rest::{BoxFuture, Credential, CredentialError, CredentialProvider, FoundCredential};
use octane_sandbox::{Sandbox, Settings};

use crate::network::chain;
use crate::script::{Reply, SECRET, Script};

pub(crate) struct Given(pub(crate) Credential);

impl CredentialProvider for Given {
    fn credential(&self) -> BoxFuture<'_, Result<Option<FoundCredential>, CredentialError>> {
        let found = self.0.clone().into();
        Box::pin(async { Ok(Some(found)) })
    }
}

fn exchanged(secret: &str) -> Given {
    Given(Credential::ExchangedToken {
        token: "a+token&of=an issuer".into(),
        id: "sandbox".to_owned(),
        secret: secret.into(),
    })
}

#[tokio::test(start_paused = true)]
async fn a_token_of_octane_is_sent_as_it_is_and_never_signed_out() {
    let script = Script::new(|_| Reply::new(200, "{}"));
    let token = Credential::AccessToken {
        token: SECRET.into(),
    };
    let endpoint = script.builder().credentials(Given(token)).build().unwrap();
    endpoint.get("tests").await.unwrap();
    endpoint.sign_out().await.unwrap();
    assert!(script.sign_ins().is_empty());
    assert_eq!(script.cookies(), [format!("access_token={SECRET}")]);
}

#[tokio::test(start_paused = true)]
async fn a_rejected_token_is_an_error_of_the_request() {
    let script = Script::new(|_| Reply::new(401, "{}"));
    let token = Credential::AccessToken {
        token: SECRET.into(),
    };
    let endpoint = script.builder().credentials(Given(token)).build().unwrap();
    let error = endpoint.get("tests").await.unwrap_err();
    assert!(error.is_unauthorized() && !format!("{error:?}").contains(SECRET));
    assert_eq!(script.cookies().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_exchanged_as_the_vendors_client_does_it() {
    let script = Script::new(|seen| match &*seen.path {
        "/osp/a/au/auth/oauth2/token" => Reply::new(200, r#"{"access_token":"ours","x":1}"#),
        _ => Reply::new(200, "{}"),
    });
    let endpoint = script
        .builder()
        .credentials(exchanged("s:e"))
        .build()
        .unwrap();
    endpoint.get("tests").await.unwrap();
    let [exchange, get] = &script.requests()[..] else {
        panic!("{:?}", script.requests());
    };
    assert_eq!(
        str::from_utf8(&exchange.body).unwrap(),
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&\
         subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token&\
         subject_token=a%2Btoken%26of%3Dan+issuer"
    );
    assert_eq!(exchange.headers["authorization"], "Basic c2FuZGJveDpzOmU=");
    assert_eq!(exchange.cookie(), None);
    assert_eq!(get.cookie(), Some("access_token=ours"));
    assert!(!get.headers.contains_key("authorization"));
}

#[tokio::test(start_paused = true)]
async fn a_refused_exchange_says_why_and_shows_no_secret() {
    for (status, body, is_unauthorized, expected) in [
        (
            400,
            r#"{"error":"invalid_grant","error_description":"expired: hunter2-s3cret"}"#,
            true,
            "credentials rejected (400): expired: *** (invalid_grant)",
        ),
        (
            200,
            "{}",
            false,
            "the server returned 200 without an `access_token` in exchange for the token",
        ),
    ] {
        let script = Script::new(move |_| Reply::new(status, body));
        let endpoint = script
            .builder()
            .credentials(exchanged(SECRET))
            .build()
            .unwrap();
        let error = endpoint.get("tests").await.unwrap_err();
        assert_eq!(error.is_unauthorized(), is_unauthorized, "{error:?}");
        assert!(error.is_retryable());
        assert_eq!(
            chain(&error),
            format!("cannot sign in to https://octane.example: {expected}")
        );
    }
}

#[tokio::test]
async fn the_sandbox_accepts_the_exchange() {
    let sandbox = Sandbox::start_with(Settings::default()).await.unwrap();
    let url = format!("{}/ui/?p=1001/1002", sandbox.url());
    let builder = octane_rest::Endpoint::builder(&url);
    let endpoint = builder
        .credentials(exchanged(sandbox.client_secret()))
        .build()
        .unwrap();
    endpoint.get("releases?limit=1").await.unwrap();
    endpoint.sign_out().await.unwrap();
    let wrong = octane_rest::Endpoint::builder(&url).credentials(exchanged("wrong"));
    let error = wrong.build().unwrap().sign_in().await.unwrap_err();
    assert!(error.is_unauthorized(), "{error:?}");
    sandbox.shutdown().await;
}
