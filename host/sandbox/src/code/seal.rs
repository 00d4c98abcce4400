//! The seal of a file with code: a keyed MAC over what it is the code of, for which engine, and the code.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::EngineHash;

pub(super) const KEY_BYTES: usize = 32;
pub(super) const SEAL_BYTES: usize = 32;

/// Made once for a data directory. Never shown.
pub(super) struct Key([u8; KEY_BYTES]);

impl Key {
    pub(super) fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }

    pub(super) fn seal(&self, component: &[u8; 32], engine: EngineHash, code: &[u8]) -> [u8; SEAL_BYTES] {
        self.mac(component, engine, code).finalize().into_bytes().into()
    }

    /// Whether a seal is right; in a time that does not depend on where it is wrong.
    pub(super) fn is_right(&self, seal: &[u8], component: &[u8; 32], engine: EngineHash, code: &[u8]) -> bool {
        self.mac(component, engine, code).verify_slice(seal).is_ok()
    }

    /// All parts but the last have one length, so no two inputs look alike.
    fn mac(&self, component: &[u8; 32], engine: EngineHash, code: &[u8]) -> Hmac<Sha256> {
        let mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("a key of any length will do");
        mac.chain_update(b"switchhook code 1").chain_update(component).chain_update(engine.0).chain_update(code)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(hidden)")
    }
}
