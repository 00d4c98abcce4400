//! What runs for a guest before it has a call, within its share: instantiating it.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use super::{CpuShare, NotNow};
use crate::clock::now;

/// Drives a future as a guest is driven: not while its share is used up. With it comes the processor time it took; without
/// it, it wanted more than its share for too long.
pub(crate) async fn paced<F: Future>(share: &mut CpuShare, future: F) -> (Option<F::Output>, Duration) {
    let mut future = pin!(future);
    let mut parked = pin!(tokio::time::sleep(Duration::ZERO));
    let mut used = Duration::ZERO;
    poll_fn(|cx| {
        loop {
            match share.enter(cx, now()) {
                Ok(()) => {
                    let began = Instant::now();
                    let polled = future.as_mut().poll(cx);
                    let took = began.elapsed();
                    used += took;
                    share.bill(now(), took);
                    share.leave(now(), took, || polled.is_pending());
                    return polled.map(|output| (Some(output), used));
                }
                Err(NotNow::Over(_)) => return Poll::Ready((None, used)),
                Err(NotNow::Parked(until)) => {
                    parked.as_mut().reset(tokio::time::Instant::from_std(until));
                    if parked.as_mut().poll(cx).is_pending() {
                        return Poll::Pending;
                    }
                }
            }
        }
    })
    .await
}
