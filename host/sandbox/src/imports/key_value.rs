//! `key-value`: for guests whose plugin has the grant. Each function waits for the host's disk, and only its guest waits.

use call::{KeyValueStore, Stored};

use super::granted::{Granted, not_granted};
use crate::bindings::key_value;
use crate::state::GuestState;

impl key_value::Host for GuestState {
    async fn get(&mut self, key: String) -> Granted<Option<Vec<u8>>> {
        self.ask_store(|store| store.get(key)).await
    }

    async fn set(&mut self, key: String, value: Vec<u8>, ttl_s: Option<u32>) -> Granted<()> {
        self.ask_store(|store| store.set(key, value, ttl_s)).await
    }

    async fn delete(&mut self, key: String) -> Granted<()> {
        self.ask_store(|store| store.delete(key)).await
    }

    async fn compare_and_set(
        &mut self,
        key: String,
        expected: Option<Vec<u8>>,
        value: Vec<u8>,
        ttl_s: Option<u32>,
    ) -> Granted<bool> {
        self.ask_store(|store| store.compare_and_set(key, expected, value, ttl_s)).await
    }
}

impl GuestState {
    fn ask_store<T, F>(&self, ask: F) -> impl Future<Output = Granted<T>> + Send + use<T, F>
    where
        F: FnOnce(&dyn KeyValueStore) -> Stored<T>,
    {
        let asked = self.key_value.as_ref().map(|store| self.served().map(|served| (ask(&**store), served)));
        async {
            let Some((answer, served)) = asked.transpose()? else { return not_granted("key_value") };
            Ok(served.paused(answer).await.map_err(Into::into))
        }
    }
}
