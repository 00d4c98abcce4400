//! What a guest may make the host allocate for its memories and tables.

use wasmtime::ResourceLimiter;

/// Counts all memories of one guest against one limit, and remembers that it refused.
pub(crate) struct MemoryLimiter {
    bytes_max: usize,
    bytes: usize,
    table_elements_max: usize,
    refused: Option<String>,
}

impl MemoryLimiter {
    pub(crate) fn new(bytes_max: usize, table_elements_max: usize) -> Self {
        Self { bytes_max, bytes: 0, table_elements_max, refused: None }
    }

    /// What was refused, for the reason that ends the guest.
    pub(crate) fn refused(&self) -> Option<&str> {
        self.refused.as_deref()
    }
}

impl ResourceLimiter for MemoryLimiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let bytes = self.bytes.saturating_add(desired.saturating_sub(current));
        if bytes > self.bytes_max {
            let refused = format!("wanted {bytes} bytes of memory, {} are allowed", self.bytes_max);
            self.refused = Some(refused.clone());
            return Err(wasmtime::Error::msg(refused));
        }
        self.bytes = bytes;
        Ok(true)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        if desired > self.table_elements_max {
            let refused = format!("wanted {desired} table elements, {} are allowed", self.table_elements_max);
            self.refused = Some(refused.clone());
            return Err(wasmtime::Error::msg(refused));
        }
        Ok(true)
    }
}
