//! What an interface answers whose grant the plugin does not have.

use crate::bindings::types;

pub(super) type Granted<T> = wasmtime::Result<Result<T, types::Failure>>;

pub(super) fn not_granted<T>(what: &str) -> Granted<T> {
    let message = format!("this plugin has no grant for {what}");
    Ok(Err(types::Failure { code: "NOT_GRANTED".to_string(), message }))
}
