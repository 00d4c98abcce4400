//! Several futures at once, without allocating.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

/// Which of two was first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Either<A, B> {
    /// The first of the two.
    First(A),
    /// The second of the two.
    Second(B),
}

/// Which of three was first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Either3<A, B, C> {
    /// The first of the three.
    First(A),
    /// The second of the three.
    Second(B),
    /// The third of the three.
    Third(C),
}

/// Whichever is ready first; the other is dropped. Both at once: `first` wins. Give `&mut future` to keep the loser.
pub async fn select<A: Future, B: Future>(first: A, second: B) -> Either<A::Output, B::Output> {
    let (mut first, mut second) = (pin!(first), pin!(second));
    poll_fn(|context| {
        if let Poll::Ready(value) = first.as_mut().poll(context) {
            return Poll::Ready(Either::First(value));
        }
        second.as_mut().poll(context).map(Either::Second)
    })
    .await
}

/// Whichever of three is ready first; the others are dropped. At once: the one that is named first wins.
pub async fn select3<A, B, C>(first: A, second: B, third: C) -> Either3<A::Output, B::Output, C::Output>
where
    A: Future,
    B: Future,
    C: Future,
{
    match select(first, select(second, third)).await {
        Either::First(value) => Either3::First(value),
        Either::Second(Either::First(value)) => Either3::Second(value),
        Either::Second(Either::Second(value)) => Either3::Third(value),
    }
}

/// Both, at once.
pub async fn join<A: Future, B: Future>(first: A, second: B) -> (A::Output, B::Output) {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let (mut one, mut two) = (None, None);
    poll_fn(|context| {
        if one.is_none()
            && let Poll::Ready(value) = first.as_mut().poll(context)
        {
            one = Some(value);
        }
        if two.is_none()
            && let Poll::Ready(value) = second.as_mut().poll(context)
        {
            two = Some(value);
        }
        match (one.take(), two.take()) {
            (Some(one), Some(two)) => Poll::Ready((one, two)),
            (some_one, some_two) => {
                (one, two) = (some_one, some_two);
                Poll::Pending
            }
        }
    })
    .await
}

/// All three, at once.
pub async fn join3<A, B, C>(first: A, second: B, third: C) -> (A::Output, B::Output, C::Output)
where
    A: Future,
    B: Future,
    C: Future,
{
    let (one, (two, three)) = join(first, join(second, third)).await;
    (one, two, three)
}
