//! Drivers with a virtual clock: they do what a socket driver does, and keep what they were told.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use telcoflow::frame::manager::{CallFlow, InboundCall, Response, Session, ToClient};
use telcoflow::frame::{AudioMode, manager, voice as wire};
use telcoflow::link::{self, Event, Link, LinkConfig};
use telcoflow::voice::{self, Voice};

/// More outputs than one input may ever cause in these tests.
const OUTPUTS_MAX: usize = 10_000;

pub(crate) const FLOW: CallFlow =
    CallFlow { inbound_call: InboundCall::All, outbound_call: false, inbound_message: false, outbound_message: false };

/// A link and its virtual clock.
pub(crate) struct LinkDriver {
    pub(crate) link: Link,
    pub(crate) now: Instant,
    pub(crate) deadline: Option<(Instant, link::Deadline)>,
}

/// What a drain gave, by sort.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Told {
    pub(crate) dials: usize,
    pub(crate) pings: usize,
    pub(crate) hang_ups: Vec<&'static str>,
    pub(crate) sent: Vec<String>,
    pub(crate) events: Vec<Event>,
}

impl Told {
    /// The frames that were sent.
    pub(crate) fn frames(&self) -> Vec<manager::ToServer> {
        let parse = |text: &String| manager::ToServer::parse(text.as_bytes()).expect("our own frame");
        self.sent.iter().map(parse).collect()
    }

    /// The one event.
    pub(crate) fn event(&self) -> &Event {
        assert_eq!(self.events.len(), 1, "{:?}", self.events);
        &self.events[0]
    }
}

impl LinkDriver {
    /// A link that has asked to be dialled.
    pub(crate) fn new(call_flow: Option<CallFlow>) -> Self {
        let config = LinkConfig { sample_rate_hz: 16000, audio_mode: AudioMode::Mixed, call_flow };
        let now = Instant::now();
        let mut driver = Self { link: Link::new(config, 1, now), now, deadline: None };
        let told = driver.drain();
        assert_eq!(told, Told { dials: 1, ..Told::default() });
        driver
    }

    /// A link that is set up, without a call flow.
    pub(crate) fn up() -> Self {
        let mut driver = Self::new(None);
        driver.opened();
        driver.frame(&ToClient::SetupDone { sm_ws_id: None });
        assert!(driver.link.is_up());
        driver
    }

    pub(crate) fn drain(&mut self) -> Told {
        let mut told = Told::default();
        for _ in 0..OUTPUTS_MAX {
            match self.link.poll_output() {
                link::Output::Dial => told.dials += 1,
                link::Output::Ping => told.pings += 1,
                link::Output::HangUp(why) => told.hang_ups.push(why),
                link::Output::Transmit(text) => told.sent.push(text),
                link::Output::Event(event) => told.events.push(event),
                link::Output::Timeout(deadline) => {
                    self.deadline = deadline;
                    return told;
                }
            }
        }
        panic!("the drain does not end");
    }

    pub(crate) fn opened(&mut self) -> Told {
        self.link.handle_opened(self.now);
        self.drain()
    }

    pub(crate) fn refused(&mut self, refusal: link::Refusal) -> Told {
        self.link.handle_refused(self.now, refusal);
        self.drain()
    }

    pub(crate) fn status(&mut self, status: u16) -> Told {
        self.refused(link::Refusal::Status { status, body: "no".into() })
    }

    pub(crate) fn lost(&mut self) -> Told {
        self.link.handle_lost(self.now, "reset by peer".into());
        self.drain()
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Told {
        self.link.handle_frame(self.now, bytes);
        self.drain()
    }

    pub(crate) fn frame(&mut self, frame: &ToClient) -> Told {
        self.bytes(frame.print().as_bytes())
    }

    pub(crate) fn pong(&mut self) -> Told {
        self.link.handle_pong(self.now);
        self.drain()
    }

    /// Claims a session; the id of the request.
    pub(crate) fn claim(&mut self, session_id: &str) -> String {
        self.link.claim(self.now, session_id).expect("a claim is taken");
        match self.drain().frames().as_slice() {
            [manager::ToServer::SessionOpen { req_id, session_id: asked }] if asked == session_id => req_id.clone(),
            other => panic!("{other:?}"),
        }
    }

    /// Claims a session that is granted.
    pub(crate) fn claimed(&mut self, session_id: &str) {
        let req_id = self.claim(session_id);
        let told = self.frame(&granted(&req_id, session_id));
        assert_eq!(told.event(), &Event::Claimed(session(session_id)));
    }

    pub(crate) fn wait(&mut self, time: Duration) {
        self.now += time;
    }

    /// Lets time pass until the next deadline, which must be this one.
    pub(crate) fn until(&mut self, expected: link::Deadline) -> Told {
        let (at, deadline) = self.deadline.expect("a deadline");
        assert_eq!(deadline, expected);
        self.now = self.now.max(at);
        self.link.handle_timeout(self.now);
        self.drain()
    }

    /// How long until the next deadline, in seconds.
    pub(crate) fn due_in_s(&self) -> f64 {
        let (at, _) = self.deadline.expect("a deadline");
        at.duration_since(self.now).as_secs_f64()
    }
}

pub(crate) fn session(id: &str) -> Session {
    Session {
        id: id.into(),
        channel: manager::Channel::Telco,
        remote_address: "+15550001111".into(),
        local_address: "+15550002222".into(),
        opened_at: 1_700_000_000,
    }
}

pub(crate) fn granted(req_id: &str, session_id: &str) -> ToClient {
    ToClient::Response(Response::granted(req_id, Some(session(session_id).to_content())))
}

/// The grant of a chat.
pub(crate) fn granted_chat(req_id: &str, session_id: &str) -> ToClient {
    let session = Session { channel: manager::Channel::Wa, ..session(session_id) };
    ToClient::Response(Response::granted(req_id, Some(session.to_content())))
}

pub(crate) fn refusal(req_id: &str, code: &str, content: Option<Value>) -> ToClient {
    ToClient::Response(Response::refused(req_id, code, content))
}

pub(crate) fn notify(session_id: &str) -> ToClient {
    let frame = json!({"type": "session.notify", "sessionId": session_id, "channel": "TELCO",
        "activity": "NEW_INCOMING_CALL"});
    ToClient::parse(frame.to_string().as_bytes()).expect("a frame")
}

/// A voice link and its virtual clock.
pub(crate) struct VoiceDriver {
    pub(crate) voice: Voice,
    pub(crate) now: Instant,
    pub(crate) deadline: Option<(Instant, voice::Deadline)>,
}

/// What a drain of a voice link gave, by sort.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct VoiceTold {
    pub(crate) pings: usize,
    pub(crate) hang_ups: Vec<&'static str>,
    pub(crate) sent: Vec<String>,
    pub(crate) events: Vec<voice::Event>,
}

impl VoiceDriver {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        let mut driver = Self { voice: Voice::new(1, now), now, deadline: None };
        assert_eq!(driver.drain(), VoiceTold::default());
        driver
    }

    pub(crate) fn drain(&mut self) -> VoiceTold {
        let mut told = VoiceTold::default();
        for _ in 0..OUTPUTS_MAX {
            match self.voice.poll_output() {
                voice::Output::Ping => told.pings += 1,
                voice::Output::HangUp(why) => told.hang_ups.push(why),
                voice::Output::Transmit(text) => told.sent.push(text),
                voice::Output::Event(event) => told.events.push(event),
                voice::Output::Timeout(deadline) => {
                    self.deadline = deadline;
                    return told;
                }
            }
        }
        panic!("the drain does not end");
    }

    /// Sends a command; its id on the wire.
    pub(crate) fn command(&mut self, key: u32, command: wire::CommandName) -> String {
        self.voice.command(self.now, key, command).expect("a command is taken");
        let told = self.drain();
        assert_eq!(told.sent.len(), 1);
        match wire::ToServer::parse(told.sent[0].as_bytes()) {
            Ok(wire::ToServer::Command { command_id, command: asked, timeout_ms }) => {
                assert_eq!(asked, command.into());
                assert_eq!(u128::from(timeout_ms), command.deadline().as_millis());
                command_id
            }
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> VoiceTold {
        self.voice.handle_text(self.now, bytes);
        self.drain()
    }

    pub(crate) fn frame(&mut self, frame: &wire::ToClient) -> VoiceTold {
        self.bytes(frame.print().as_bytes())
    }

    pub(crate) fn lost(&mut self) -> VoiceTold {
        self.voice.handle_lost(self.now);
        self.drain()
    }

    /// Lets time pass until the next deadline, which must be this one.
    pub(crate) fn until(&mut self, expected: voice::Deadline) -> VoiceTold {
        let (at, deadline) = self.deadline.expect("a deadline");
        assert_eq!(deadline, expected);
        self.now = self.now.max(at);
        self.voice.handle_timeout(self.now);
        self.drain()
    }
}
