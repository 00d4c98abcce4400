//! What the carrier asked for and has not got yet, request by request in their order.
//!
//! The carrier pulls: nothing leaves that was not asked for. A peer that asks without end is held at two limits, the
//! number of requests and the sum of their bytes.

use crate::limits::{CREDIT_BYTES_MAX, CREDITS_MAX, FRAME_BYTES_DEFAULT, FRAME_BYTES_MAX};
use crate::short_queue::ShortQueue;

#[derive(Debug, Default)]
pub(crate) struct Credits {
    requests: ShortQueue<Credit>,
    bytes: u64,
}

/// One request. All its numbers are even.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Credit {
    /// Bytes still owed. Never 0.
    pub(crate) owed_bytes: usize,
    /// The size of frame that the carrier prefers.
    pub(crate) frame_bytes: usize,
}

impl Credits {
    /// Books a request. Returns the bytes of it that will never be used: over a limit, or half a sample.
    pub(crate) fn grant(&mut self, bytes: u64, frame_bytes: Option<u32>) -> u64 {
        let accepted = bytes.min(CREDIT_BYTES_MAX - self.bytes) & !1;
        if accepted == 0 || self.requests.len() >= CREDITS_MAX {
            return bytes;
        }
        self.bytes += accepted;
        self.requests.push_back(Credit { owed_bytes: accepted as usize, frame_bytes: even_frame(frame_bytes) });
        bytes - accepted
    }

    /// The oldest request that is not fulfilled.
    pub(crate) fn front(&self) -> Option<Credit> {
        self.requests.front().copied()
    }

    /// Takes so many bytes, at most what is owed, from the oldest request.
    pub(crate) fn spend(&mut self, bytes: usize) {
        let Some(front) = self.requests.front_mut() else {
            return;
        };
        debug_assert!(bytes <= front.owed_bytes && bytes.is_multiple_of(2));
        front.owed_bytes -= bytes;
        self.bytes -= bytes as u64;
        if front.owed_bytes == 0 {
            self.requests.pop_front();
        }
    }

    /// Forgets all requests and returns the sum of what they asked for.
    pub(crate) fn release(&mut self) -> u64 {
        std::mem::take(self).bytes
    }
}

/// Queued audio is even, so an odd wish is fulfilled exactly by the next even number.
fn even_frame(frame_bytes: Option<u32>) -> usize {
    match frame_bytes {
        None | Some(0) => FRAME_BYTES_DEFAULT,
        Some(bytes) => (bytes as usize).min(FRAME_BYTES_MAX).next_multiple_of(2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_fulfilled_in_order() {
        let mut credits = Credits::default();
        assert_eq!(credits.grant(100, None), 0);
        assert_eq!(credits.grant(50, Some(21)), 0);
        assert_eq!(credits.front(), Some(Credit { owed_bytes: 100, frame_bytes: 960 }));
        credits.spend(60);
        assert_eq!(credits.front(), Some(Credit { owed_bytes: 40, frame_bytes: 960 }));
        credits.spend(40);
        assert_eq!(credits.front(), Some(Credit { owed_bytes: 50, frame_bytes: 22 }));
        assert_eq!(credits.release(), 50);
        assert_eq!(credits.front(), None);
    }

    #[test]
    fn half_a_sample_is_forfeited() {
        let mut credits = Credits::default();
        assert_eq!(credits.grant(1, None), 1);
        assert_eq!(credits.grant(641, None), 1);
        assert_eq!(credits.front().unwrap().owed_bytes, 640);
    }

    #[test]
    fn the_sum_is_bounded_and_what_fits_is_kept() {
        let mut credits = Credits::default();
        assert_eq!(credits.grant(u64::MAX, None), u64::MAX - CREDIT_BYTES_MAX);
        assert_eq!(credits.grant(2, None), 2);
        credits.spend(100);
        assert_eq!(credits.grant(1_000, None), 900);
    }

    #[test]
    fn the_number_is_bounded() {
        let mut credits = Credits::default();
        for _ in 0..CREDITS_MAX {
            assert_eq!(credits.grant(2, None), 0);
        }
        assert_eq!(credits.grant(2, None), 2);
        credits.spend(2);
        assert_eq!(credits.grant(2, None), 0);
    }

    #[test]
    fn a_wish_for_a_frame_is_made_even_and_bounded() {
        assert_eq!(even_frame(None), 960);
        assert_eq!(even_frame(Some(0)), 960);
        assert_eq!(even_frame(Some(1)), 2);
        assert_eq!(even_frame(Some(640)), 640);
        assert_eq!(even_frame(Some(u32::MAX)), FRAME_BYTES_MAX);
    }
}
