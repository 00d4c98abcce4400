//! The stack of a guest that waits is fetched into the caches before the guest is given its turn.
//!
//! Between two frames of one call the thread serves hundreds of others, and the kernel their sockets. What the guest has on
//! its fiber, some fifty cache lines, is out of the caches by then, and would be read from memory one line after another.
//! Fetched while its socket is read, it is there in time: with 300 calls on a core that is a tenth of all processor time.

use std::hint::black_box;
use std::ptr;

/// A page, in bytes: what a handler has on its stack while it waits, with the host's functions above it, is about as much.
const PAGE_BYTES: usize = 4_096;
/// What one fetch brings, in bytes.
const LINE_BYTES: usize = 64;

/// Where on its fiber a guest waits: the address of its page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct WaitingStack(usize);

impl WaitingStack {
    /// The page that whoever calls this has its stack on.
    pub(crate) fn here() -> Self {
        let mark = 0_u8;
        Self(black_box(ptr::from_ref(&mark)).addr() & !(PAGE_BYTES - 1))
    }

    /// Begins to fetch it, and does not wait for it. The guest may be gone.
    pub(crate) fn prefetch(self) {
        (0..PAGE_BYTES).step_by(LINE_BYTES).for_each(|line| prefetch_line(self.0 + line));
    }
}

#[cfg(target_arch = "x86_64")]
fn prefetch_line(address: usize) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: a prefetch is a hint that reads nothing: it may name any address, whether or not there is memory. SSE, which it
    // is a part of, is a part of x86-64.
    #[allow(unsafe_code, reason = "the only way to say it; it has no effect but on time")]
    unsafe {
        _mm_prefetch::<_MM_HINT_T0>(ptr::without_provenance(address));
    }
}

/// Elsewhere the standard library has no stable word for it.
#[cfg(not(target_arch = "x86_64"))]
fn prefetch_line(_address: usize) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_page_of_what_its_caller_has_on_the_stack() {
        let (stack, mark) = (WaitingStack::here(), 0_u8);
        assert_eq!(stack.0 % PAGE_BYTES, 0);
        let mark = black_box(ptr::from_ref(&mark)).addr();
        assert!(mark.abs_diff(stack.0) < 2 * PAGE_BYTES, "{mark:x} is not near {stack:?}");
    }

    #[test]
    fn it_may_be_gone_or_never_have_been() {
        WaitingStack::default().prefetch();
        let elsewhere = std::thread::spawn(WaitingStack::here).join().expect("it does not panic");
        elsewhere.prefetch();
        WaitingStack(usize::MAX & !(PAGE_BYTES - 1)).prefetch();
    }
}
