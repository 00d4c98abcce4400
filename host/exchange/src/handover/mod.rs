//! Calls that move between hosts. PROTOCOL.md, section 6.
//!
//! A call can move until its voice socket is dialled. So a route may hold its calls: such a call is claimed and readied, has
//! its guest, and waits until it is given away, or ended, or its time is up and it is handled here like every other. Whoever
//! gets it opens the voice socket; its session stays with the giver, who keeps others from claiming it anew.
//!
//! What is given is a secret as long as nobody has used it, and goes to whoever asked and nowhere else.

mod give;
mod given;
mod refused;
mod take;

pub(crate) use self::give::Ask;
pub(crate) use self::given::{Given, GivenCalls};
pub use self::refused::{GiveRefused, TakeRefused};
pub use self::take::Taking;
pub(crate) use self::take::{Arrival, Take, Taker};
