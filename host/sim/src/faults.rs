//! What goes wrong, and when. Every fault is written down before it happens: per link, per call, or drawn for each call
//! from the seed, so that a failing run can be repeated.

use fastrand::Rng;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::ids::{self, Purpose};
use crate::limits::MESSAGE_BYTES_MAX;
use crate::transcript::Plane;

/// The faults of one server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    /// Faults of the first, second, ... session-manager link, in the order of their upgrades; later links have none.
    pub links: Vec<LinkFaults>,
    /// Odds by which each call that has no [`CallFaults`] of its own draws some.
    pub mix: FaultMix,
}

impl Faults {
    pub(crate) fn of_link(&self, ordinal: u64) -> LinkFaults {
        let ordinal = usize::try_from(ordinal).unwrap_or(usize::MAX);
        self.links.get(ordinal).cloned().unwrap_or_default()
    }

    pub(crate) fn of_call(&self, seed: u64, ordinal: u64) -> CallFaults {
        self.mix.draw(&mut ids::stream(seed, Purpose::CallFaults, ordinal))
    }
}

/// Stop reading and writing one socket for a while. What the server has to say waits in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stall {
    /// When it begins, ms after the socket was set up.
    pub at_ms: u32,
    /// How long it lasts, ms.
    pub for_ms: u32,
}

/// Faults of one session-manager link. Times count from `setup`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LinkFaults {
    /// The upgrade is refused with this status and body.
    pub refuse: Option<(u16, String)>,
    /// `setup.done` is never sent.
    pub drop_setup_done: bool,
    /// `setup.done` is sent this late, ms.
    pub setup_done_after_ms: u32,
    /// The socket is cut without a close frame at this time, ms.
    pub cut_at_ms: Option<u32>,
    /// The socket stalls.
    pub stall: Option<Stall>,
    /// Every response waits a time drawn from this range, ms (so responses may overtake each other).
    pub response_ms: Option<(u32, u32)>,
    /// So many of a hundred responses are never sent, drawn one by one; what was asked for is done.
    pub lost_responses_percent: u32,
    /// Every `session.notify` is sent twice.
    pub duplicate_notify: bool,
    /// Every response is sent twice.
    pub duplicate_responses: bool,
    /// Every frame is sent as JSON in a binary frame.
    pub json_in_binary: bool,
    /// Injected frames, each with its time in ms.
    pub garbage: Vec<(u32, Garbage)>,
}

/// Faults of one call. Times count from the opening of its first voice socket.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CallFaults {
    /// The voice socket is cut without a close frame at this time, ms.
    pub cut_voice_at_ms: Option<u32>,
    /// The voice socket stalls.
    pub stall: Option<Stall>,
    /// The server reads one message in so many ms, and writes no oftener.
    pub slow_reader_ms: Option<u32>,
    /// Every command response waits a time drawn from this range, ms; its effect does not.
    pub response_ms: Option<(u32, u32)>,
    /// This many command responses, the first ones, are never sent; their effect stands.
    pub lost_responses: u32,
    /// Every command response is sent twice.
    pub duplicate_responses: bool,
    /// The call is announced twice.
    pub duplicate_notify: bool,
    /// Whoever claims the call is refused with this code, such as `SESSION_BUSY`; it rings on.
    pub refuse_claim: Option<String>,
    /// `call.in` is sent twice; the second carries a new token and supersedes the first.
    pub second_call_in: bool,
    /// The voice upgrade is answered with 401 whatever token it shows.
    pub refuse_token: bool,
    /// The voice URL of `call.in` leads nowhere (a closed port of this machine).
    pub voice_unreachable: bool,
    /// Injected frames, each with its time in ms.
    pub garbage: Vec<(u32, Garbage)>,
}

/// Odds of each fault for one call, 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FaultMix {
    /// The voice socket is cut within the first five seconds.
    pub cut_voice: f64,
    /// The voice socket stalls for up to a second within the first five seconds.
    pub stall: f64,
    /// Command responses come up to two seconds late.
    pub late_responses: f64,
    /// The first command response never comes.
    pub lost_response: f64,
    /// The call is announced twice.
    pub duplicate_notify: f64,
    /// A second `call.in` supersedes the first.
    pub second_call_in: f64,
    /// The voice token is refused.
    pub refuse_token: f64,
    /// The voice URL leads nowhere.
    pub voice_unreachable: f64,
    /// One to four garbage frames (none that ends the socket) within the first five seconds.
    pub garbage: f64,
    /// Claims are refused with one of the codes that a server has for that.
    pub refuse_claim: f64,
}

impl FaultMix {
    /// The faults of one call. Each fault takes its draws whether it is chosen or not, so that changing one of the odds
    /// leaves the others' choices alone.
    fn draw(&self, rng: &mut Rng) -> CallFaults {
        let mut chosen = |odds: f64| (rng.f64() < odds, rng.u32(20..5_000), rng.u32(20..1_000));
        let cut = chosen(self.cut_voice);
        let stall = chosen(self.stall);
        let late = chosen(self.late_responses);
        let lost = chosen(self.lost_response);
        let duplicate = chosen(self.duplicate_notify);
        let second = chosen(self.second_call_in);
        let refuse = chosen(self.refuse_token);
        let unreachable = chosen(self.voice_unreachable);
        let garbage = chosen(self.garbage);
        let unclaimable = chosen(self.refuse_claim);
        CallFaults {
            cut_voice_at_ms: cut.0.then_some(cut.1),
            stall: stall.0.then_some(Stall { at_ms: stall.1, for_ms: stall.2 }),
            slow_reader_ms: None,
            response_ms: late.0.then_some((0, late.2 * 2)),
            lost_responses: u32::from(lost.0),
            duplicate_responses: false,
            duplicate_notify: duplicate.0,
            refuse_claim: unclaimable
                .0
                .then(|| CLAIM_REFUSALS[unclaimable.1 as usize % CLAIM_REFUSALS.len()].to_owned()),
            second_call_in: second.0,
            refuse_token: refuse.0,
            voice_unreachable: unreachable.0,
            garbage: if garbage.0 { harmless_garbage(rng) } else { Vec::new() },
        }
    }
}

/// What a server says to who may not have a session.
const CLAIM_REFUSALS: [&str; 3] = ["SESSION_BUSY", "SESSION_CLOSED", "SESSION_NOT_FOUND"];

fn harmless_garbage(rng: &mut Rng) -> Vec<(u32, Garbage)> {
    let mut frames: Vec<(u32, Garbage)> = (0..rng.u32(1..=4))
        .map(|_| (rng.u32(0..5_000), Garbage::HARMLESS[rng.usize(..Garbage::HARMLESS.len())]))
        .collect();
    frames.sort_by_key(|&(at_ms, _)| at_ms);
    frames
}

/// A frame no server should send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Garbage {
    /// Text that is not JSON.
    NotJson,
    /// JSON, but an array.
    NotAnObject,
    /// An object without a `type`.
    NoType,
    /// A known type whose fields have the wrong types.
    WrongTypes,
    /// A type nobody knows.
    UnknownType,
    /// A response to a request nobody made.
    ResponseToNothing,
    /// A binary frame without a byte.
    EmptyBinary,
    /// A binary frame of one byte (on the voice plane: a channel byte without audio).
    OneByteBinary,
    /// A binary frame that ends in half a sample.
    OddBinary,
    /// A text frame one byte over 1 MiB; the client ends the socket.
    TooLong,
}

impl Garbage {
    /// Those a client has to survive with its socket.
    pub const HARMLESS: &[Garbage] = &[
        Garbage::NotJson,
        Garbage::NotAnObject,
        Garbage::NoType,
        Garbage::WrongTypes,
        Garbage::UnknownType,
        Garbage::ResponseToNothing,
        Garbage::EmptyBinary,
        Garbage::OneByteBinary,
    ];

    pub(crate) fn message(self, plane: Plane) -> Message {
        let voice = plane == Plane::Voice;
        let text = match self {
            Garbage::NotJson => "{\"type\":".to_owned(),
            Garbage::NotAnObject => "[\"type\",\"setup.done\"]".to_owned(),
            Garbage::NoType => json!({"data": {"event": "call.terminated"}}).to_string(),
            Garbage::WrongTypes if voice => {
                json!({"type": "buffer_request", "data": {"requested_bytes": [640], "channelId": {}}}).to_string()
            }
            Garbage::WrongTypes => json!({"type": "session.notify", "sessionId": 17, "activity": []}).to_string(),
            Garbage::UnknownType => json!({"type": "weather.report", "data": {"sky": "clear"}}).to_string(),
            Garbage::ResponseToNothing if voice => {
                json!({"type": "command_response", "data": {"command_id": "of-nobody", "success": true}}).to_string()
            }
            Garbage::ResponseToNothing => json!({"type": "response", "reqId": "of-nobody", "ok": true}).to_string(),
            Garbage::EmptyBinary => return Message::binary(Vec::new()),
            Garbage::OneByteBinary => return Message::binary(vec![0]),
            Garbage::OddBinary => return Message::binary(vec![0, 1, 0, 2]),
            Garbage::TooLong => "x".repeat(MESSAGE_BYTES_MAX + 1),
        };
        Message::text(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF: FaultMix = FaultMix {
        cut_voice: 0.5,
        stall: 0.5,
        late_responses: 0.5,
        lost_response: 0.5,
        duplicate_notify: 0.5,
        second_call_in: 0.5,
        refuse_token: 0.5,
        voice_unreachable: 0.5,
        garbage: 0.5,
        refuse_claim: 0.5,
    };

    #[test]
    fn the_faults_of_a_call_follow_from_seed_and_ordinal_alone() {
        let faults = Faults { mix: HALF, ..Faults::default() };
        let drawn: Vec<CallFaults> = (0..64).map(|ordinal| faults.of_call(11, ordinal)).collect();
        for ordinal in (0..64).rev() {
            assert_eq!(drawn[ordinal as usize], faults.of_call(11, ordinal), "seed 11, call {ordinal}");
        }
        assert!(drawn.iter().any(|f| f.cut_voice_at_ms.is_some()) && drawn.iter().any(|f| f.cut_voice_at_ms.is_none()));
        assert_ne!(drawn, (0..64).map(|ordinal| faults.of_call(12, ordinal)).collect::<Vec<_>>());
    }

    #[test]
    fn changing_one_of_the_odds_leaves_the_other_choices_alone() {
        let with = Faults { mix: HALF, ..Faults::default() };
        let without = Faults { mix: FaultMix { cut_voice: 0.0, ..HALF }, ..Faults::default() };
        for ordinal in 0..64 {
            let expected = CallFaults { cut_voice_at_ms: None, ..with.of_call(3, ordinal) };
            assert_eq!(expected, without.of_call(3, ordinal), "seed 3, call {ordinal}");
        }
    }

    #[test]
    fn no_odds_no_faults() {
        assert_eq!(Faults::default().of_call(1, 0), CallFaults::default());
        assert_eq!(Faults::default().of_link(0), LinkFaults::default());
    }
}
