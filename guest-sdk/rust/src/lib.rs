//! Call handlers in Rust: the plain event loop.
