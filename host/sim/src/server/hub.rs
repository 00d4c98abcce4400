//! The session-manager plane's state: which links are up, which sessions live, who claimed them, and
//! which voice sockets may be opened. No IO: frames for a link go into its bounded queue.
//!
//! A link that does not take its frames pays with its socket; the calls it had claimed are announced
//! again to whoever comes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use fastrand::Rng;
use telcoflow::frame::AudioMode;
use telcoflow::frame::manager::{CallFlow, CloseReason, ToClient};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::book::CallBook;
use super::call_task::Input;
use crate::config::Switches;
use crate::faults::CallFaults;
use crate::ids::{self, Purpose};
use crate::limits::{CALLS_MAX, CLOSED_SESSIONS_MAX, LINK_QUEUE_FRAMES, LINKS_MAX};

mod chats;
mod requests;

pub use self::chats::ChatAnswer;
pub(crate) use self::chats::NewChat;

/// Where the simulator's calendar begins: 2026-01-01, s since 1970. Its clock is the runtime's.
const EPOCH_S: i64 = 1_767_225_600;
/// A port of this machine on which nobody listens.
const NOWHERE: &str = "ws://127.0.0.1:1";
/// Path of every voice socket; the call's own part follows.
const VOICE_PATH: &str = "/v1/agent/voice/";

/// A frame on its way to a link's socket.
#[derive(Debug)]
pub(crate) struct LinkFrame {
    pub(crate) frame: ToClient,
    /// The call it is about.
    pub(crate) book: Option<Arc<CallBook>>,
}

/// A voice socket that may be opened.
#[derive(Debug)]
pub(crate) struct VoiceSeat {
    pub(crate) inputs: mpsc::Sender<Input>,
    pub(crate) sample_rate_hz: u32,
    pub(crate) audio_mode: AudioMode,
}

#[derive(Debug)]
struct Link {
    sm_ws_id: String,
    queue: mpsc::Sender<LinkFrame>,
    /// What `setup` said; `None` before `setup.done`.
    audio: Option<(u32, AudioMode)>,
}

#[derive(Debug)]
struct Call {
    call_id: String,
    remote: String,
    local: String,
    opened_at_s: i64,
    outbound: bool,
    /// Whether its telephone was picked up, for an outbound call.
    picked_up: bool,
    faults: CallFaults,
    rng: Rng,
    bound: Option<u32>,
    claimed_before: bool,
    ready: bool,
    audio: (u32, AudioMode),
    voice_path: String,
    token: String,
    token_used: bool,
    call_ins: u32,
    inputs: mpsc::Sender<Input>,
    book: Arc<CallBook>,
}

/// A call to be entered.
pub(crate) struct NewCall {
    pub(crate) session_id: String,
    pub(crate) rng: Rng,
    /// The other party.
    pub(crate) remote: String,
    /// The connector's side.
    pub(crate) local: String,
    /// Whether a client placed it.
    pub(crate) outbound: bool,
    pub(crate) faults: CallFaults,
    pub(crate) inputs: mpsc::Sender<Input>,
    pub(crate) book: Arc<CallBook>,
}

/// What the server counted besides its calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Session-manager links whose upgrade succeeded.
    pub links: u64,
    /// Upgrades refused, on either plane or on no plane.
    pub refusals: u64,
    /// Frames of session managers that could not be read.
    pub bad_frames: u64,
    /// Frames of session managers that came before `setup`.
    pub early_frames: u64,
    /// Frames of session managers of a type nobody knows.
    pub unknown_frames: u64,
    /// Links cut because their queue was full.
    pub links_overrun: u64,
    /// Sessions that clients wanted to create.
    pub creations: u64,
    /// Sessions claimed.
    pub claims: u64,
    /// Claims answered with `SESSION_BUSY`, since another link has the session.
    pub claims_busy: u64,
    /// Claims refused by plan, with whatever code.
    pub claims_refused: u64,
}

/// The state of the session-manager plane.
#[derive(Debug)]
pub(crate) struct Hub {
    seed: u64,
    started: Instant,
    switches: Switches,
    org_uuid: String,
    public_base: Option<String>,
    links: BTreeMap<u32, Link>,
    next_link: u32,
    next_call: u64,
    calls: BTreeMap<String, Call>,
    chats: BTreeMap<String, chats::Chat>,
    by_voice_path: BTreeMap<String, String>,
    closed: VecDeque<String>,
    /// Sessions that cannot be claimed, and the code that says so.
    unclaimable: VecDeque<(String, String)>,
    pub(crate) call_flow: Option<CallFlow>,
    pub(crate) counts: Counts,
}

impl Hub {
    pub(crate) fn new(seed: u64, started: Instant, switches: Switches) -> Self {
        Self {
            seed,
            started,
            switches,
            org_uuid: ids::uuid(&mut ids::stream(seed, Purpose::Link, u64::MAX)),
            public_base: None,
            links: BTreeMap::new(),
            next_link: 0,
            next_call: 0,
            calls: BTreeMap::new(),
            chats: BTreeMap::new(),
            by_voice_path: BTreeMap::new(),
            closed: VecDeque::new(),
            unclaimable: VecDeque::new(),
            call_flow: None,
            counts: Counts::default(),
        }
    }

    pub(crate) fn public_base(&self) -> &str {
        self.public_base.as_deref().unwrap_or("ws://sim.invalid")
    }

    pub(crate) fn set_public_base(&mut self, base: &str, only_if_unset: bool) {
        if self.public_base.is_none() || !only_if_unset {
            self.public_base = Some(base.trim_end_matches('/').to_owned());
        }
    }

    // === links ===

    /// The number of the next link, counted from 0, whether or not it comes to be.
    pub(crate) fn number_link(&mut self) -> u32 {
        self.next_link += 1;
        self.next_link - 1
    }

    pub(crate) fn has_room_for_link(&self) -> bool {
        self.links.len() < LINKS_MAX
    }

    /// A link's upgrade succeeded; what to send on it.
    pub(crate) fn open_link(&mut self, link: u32) -> mpsc::Receiver<LinkFrame> {
        let (queue, frames) = mpsc::channel(LINK_QUEUE_FRAMES);
        let sm_ws_id = ids::uuid(&mut ids::stream(self.seed, Purpose::Link, link.into()));
        self.links.insert(link, Link { sm_ws_id, queue, audio: None });
        self.counts.links += 1;
        frames
    }

    /// `setup` is done: the link learns its id and of every call that waits for somebody.
    pub(crate) fn link_up(&mut self, link: u32, sample_rate_hz: u32, audio_mode: AudioMode) {
        let Some(entry) = self.links.get_mut(&link) else {
            return;
        };
        entry.audio = Some((sample_rate_hz, audio_mode));
        let done = ToClient::SetupDone { sm_ws_id: Some(entry.sm_ws_id.clone()) };
        self.push(link, done, None);
        let waiting: Vec<String> =
            self.calls.iter().filter(|(_, call)| call.is_announced()).map(|(id, _)| id.clone()).collect();
        for session_id in waiting {
            self.notify(link, &session_id);
        }
        self.announce_chats(link);
    }

    pub(crate) fn links_up(&self) -> usize {
        self.links.values().filter(|link| link.audio.is_some()).count()
    }

    /// The link is gone; its calls live on and are nobody's.
    pub(crate) fn close_link(&mut self, link: u32) {
        self.links.remove(&link);
        self.unbind_chats(link);
        for call in self.calls.values_mut().filter(|call| call.bound == Some(link)) {
            call.bound = None;
            call.ready = false;
            if !self.switches.voice_survives_link_loss {
                // A call whose queue is full is busy ending.
                let _ = call.inputs.try_send(Input::CutVoice);
            }
        }
    }

    /// Drops every link's queue, at which its task cuts the socket.
    pub(crate) fn cut_links(&mut self) {
        let links: Vec<u32> = self.links.keys().copied().collect();
        links.into_iter().for_each(|link| self.close_link(link));
    }

    /// Announces every call to every link, as often as asked, whoever has it.
    pub(crate) fn announce_again(&mut self, times: u32) {
        let up: Vec<u32> = self.links.iter().filter(|(_, link)| link.audio.is_some()).map(|(n, _)| *n).collect();
        let calls: Vec<String> = self.calls.keys().cloned().collect();
        for session_id in calls {
            for link in up.iter().flat_map(|link| std::iter::repeat_n(*link, times as usize)) {
                self.notify(link, &session_id);
            }
        }
    }

    /// Drops every socket of both planes.
    pub(crate) fn cut_all(&mut self) {
        self.cut_links();
        for call in self.calls.values() {
            // A call whose queue is full is busy ending.
            let _ = call.inputs.try_send(Input::CutVoice);
        }
    }

    // === calls ===

    /// The number of the next call, counted from 0.
    pub(crate) fn number_call(&mut self) -> u64 {
        self.next_call += 1;
        self.next_call - 1
    }

    /// Enters a call and announces it to every link, unless a client placed it. `false`: there is no room.
    pub(crate) fn open_call(&mut self, new: NewCall) -> bool {
        if self.calls.len() >= CALLS_MAX {
            return false;
        }
        let NewCall { session_id, mut rng, remote, local, outbound, faults, inputs, book } = new;
        let call_id = ids::uuid(&mut rng);
        let voice_path = format!("{VOICE_PATH}{}", ids::uuid(&mut rng));
        let token = ids::token(&mut rng);
        book.hide(&token);
        self.by_voice_path.insert(voice_path.clone(), session_id.clone());
        let call = Call {
            call_id,
            remote,
            local,
            opened_at_s: self.unix_s(),
            outbound,
            picked_up: false,
            faults,
            rng,
            bound: None,
            claimed_before: false,
            ready: false,
            audio: (16_000, AudioMode::Mixed),
            voice_path,
            token,
            token_used: false,
            call_ins: 0,
            inputs,
            book,
        };
        self.calls.insert(session_id.clone(), call);
        if outbound {
            return true;
        }
        let up: Vec<u32> = self.links.iter().filter(|(_, link)| link.audio.is_some()).map(|(n, _)| *n).collect();
        up.into_iter().for_each(|link| self.notify(link, &session_id));
        true
    }

    /// The call is over: whoever claimed it is told.
    pub(crate) fn close_call(&mut self, session_id: &str, reason: CloseReason) {
        let Some(call) = self.calls.remove(session_id) else {
            return;
        };
        self.by_voice_path.remove(&call.voice_path);
        if self.closed.len() >= CLOSED_SESSIONS_MAX {
            self.closed.pop_front();
        }
        self.closed.push_back(session_id.to_owned());
        if let Some(link) = call.bound {
            let closed = ToClient::SessionClosed { session_id: session_id.to_owned(), reason };
            self.push(link, closed, Some(call.book));
        }
    }

    /// The open session with this party, if there is one.
    pub(crate) fn open_with(&self, remote: &str) -> Option<(String, Arc<CallBook>)> {
        let mut calls = self.calls.iter();
        calls.find(|(_, call)| call.remote == remote).map(|(id, call)| (id.clone(), Arc::clone(&call.book)))
    }

    pub(crate) fn book_of(&self, session_id: &str) -> Option<Arc<CallBook>> {
        self.calls.get(session_id).map(|call| Arc::clone(&call.book)).or_else(|| self.chat_book(session_id))
    }

    /// Whether a voice socket may be opened. `None`: there is no such path; `Some(Err)`: not with that
    /// token.
    pub(crate) fn admit_voice(&mut self, path: &str, bearer: &str) -> Option<Result<VoiceSeat, ()>> {
        let call = self.calls.get_mut(self.by_voice_path.get(path)?)?;
        let spent = call.token_used && !self.switches.voice_redial;
        if call.faults.refuse_token || spent || call.token != bearer {
            // A call whose queue is full is busy ending.
            let _ = call.inputs.try_send(Input::VoiceRefused);
            return Some(Err(()));
        }
        call.token_used = true;
        let (sample_rate_hz, audio_mode) = call.audio;
        Some(Ok(VoiceSeat { inputs: call.inputs.clone(), sample_rate_hz, audio_mode }))
    }
}

impl Call {
    /// Whether a link that comes up is told of it. A call that a client placed is nobody's news until it was claimed.
    fn is_announced(&self) -> bool {
        self.bound.is_none() && (self.claimed_before || !self.outbound)
    }

    fn renew_token(&mut self) {
        self.token = ids::token(&mut self.rng);
        self.token_used = false;
        self.book.hide(&self.token);
    }
}
