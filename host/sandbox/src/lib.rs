//! Wasmtime: engines, limits and the host side of the handler contract.
