//! Tokens.

use std::hash::{BuildHasher, RandomState};

use sha2::{Digest, Sha256};

use crate::hex::hex;

/// An unguessable token: the standard library's hash keys come from the system's random source.
pub(crate) fn new_token() -> String {
    let mut digest = Sha256::new();
    for round in 0..4_u8 {
        digest.update(RandomState::new().hash_one(round).to_le_bytes());
    }
    hex(&digest.finalize())
}
