//! Sessions that stand for a token, for some hours.
//!
//! A session is `ID.END.MAC`: the ID of its token, its end in seconds since 1970, and an HMAC of both. There is no table of sessions that
//! could grow or get lost, and each relay that has the same key accepts them. What a token may do ends with the token.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use aws_lc_rs::hmac;
use octane_rest::Secret;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::time::Time;
use crate::token::TokenId;

/// How long a session is valid. A client that is still there signs in again.
const SESSION_TIME: Duration = Duration::from_secs(12 * 3600);

/// What only these relays can make sessions with: a secret of all relays that share a store, which is not in the store.
#[derive(Clone)]
pub struct SessionKey([u8; 32]);

impl SessionKey {
    /// The key that follows from a secret that only the relays have, such as that of their API key.
    pub fn of(secret: &Secret) -> Self {
        Self(hmac(secret.expose().as_bytes(), b"sessions of a relay"))
    }

    /// A key of this process alone: its sessions end with it, and clients sign in again.
    pub fn random() -> Self {
        // The standard library's hash keys come from the system's random source.
        let mut digest = Sha256::new();
        for word in 0..8_u8 {
            digest.update(RandomState::new().hash_one(word).to_le_bytes());
        }
        Self(digest.finalize().into())
    }

    /// A new session.
    pub(super) fn issue(&self, token: &TokenId, now: Time) -> Secret {
        let end = now.after(SESSION_TIME).micros() / 1_000_000;
        let mac = self.mac(token.as_str(), end);
        Secret::from(format!("{token}.{end}.{mac}"))
    }

    /// The token of a session, and whether the session has not ended; none if it was not made with this key.
    pub(super) fn verify(&self, session: &str, now: Time) -> Option<(TokenId, bool)> {
        let (id, rest) = session.split_once('.')?;
        let (end, mac) = rest.split_once('.')?;
        let end: i64 = end.parse().ok()?;
        let is_ours = self.mac(id, end).as_bytes().ct_eq(mac.as_bytes());
        let id: TokenId = id.parse().ok().filter(|_| is_ours.into())?;
        Some((id, now.micros() / 1_000_000 < end))
    }

    fn mac(&self, token: &str, end: i64) -> String {
        let mac = hmac(&self.0, format!("{token}.{end}").as_bytes());
        mac.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey(***)")
    }
}

/// HMAC with SHA-256 (RFC 2104).
fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let mut mac = [0; 32];
    mac.copy_from_slice(hmac::sign(&key, message).as_ref());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hexadecimal(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn the_hmac_is_that_of_rfc_4231() {
        for (key, message, expected) in [
            (
                vec![0x0b; 20],
                &b"Hi There"[..],
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                b"Jefe".to_vec(),
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                vec![0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ] {
            assert_eq!(hexadecimal(&hmac(&key, message)), expected);
        }
    }

    #[test]
    fn a_session_is_valid_for_its_key_its_token_and_its_time() {
        let now = Time::from_micros(1_795_000_000_000_000);
        let secret = Secret::from("s3cret".to_owned());
        let (key, same) = (SessionKey::of(&secret), SessionKey::of(&secret));
        let token: TokenId = "3f9a01bc".parse().unwrap();
        let session = key.issue(&token, now);
        let verified = |key: &SessionKey, session: &str, now| key.verify(session, now);
        let session = session.expose();
        assert_eq!(verified(&same, session, now), Some((token.clone(), true)));
        let end = now.after(SESSION_TIME);
        assert_eq!(verified(&key, session, end), Some((token, false)));
        assert_eq!(verified(&SessionKey::random(), session, now), None);
        let longer = session.replacen(".1", ".2", 1);
        let other = session.replacen("3f9a01bc", "3f9a01bd", 1);
        assert_eq!(format!("{key:?}"), "SessionKey(***)");
        for forged in [&*longer, &*other, "", "..", "3f9a01bc.1795043200."] {
            assert_ne!(forged, session);
            assert_eq!(verified(&key, forged, now), None, "{forged}");
        }
    }
}
