//! A server that a test plays frame by frame: for what no well-behaved server, and no fault of the simulator, does.

use std::sync::Arc;

use carriers::{ByteStream, Dial, DialError, Dialed};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use sim::Simulator;
use tokio::io::DuplexStream;
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use url::Url;

use crate::world::{World, WorldConfig};

/// Where the host dials.
pub const BASE: &str = "ws://hand.test";
/// Bytes an in-memory pipe holds in each direction.
const PIPE_BYTES: usize = 64 << 10;
/// Dials that may wait for the test.
const DIALS_MAX: usize = 64;

/// The server's side of everything that the host dials.
pub struct Hand {
    dials: mpsc::Receiver<Ringing>,
}

/// A dial that waits for its answer. Dropped: nobody is there.
pub struct Ringing {
    /// What was dialled.
    pub url: Url,
    answer: oneshot::Sender<Box<dyn ByteStream>>,
}

/// The server's end of a socket.
pub struct Line(WebSocketStream<DuplexStream>);

struct HandDialer(mpsc::Sender<Ringing>);

impl Dial for HandDialer {
    fn dial(&self, url: &Url) -> Dialed {
        let (answer, stream) = oneshot::channel();
        // A test that ended answers no more dials.
        let _ = self.0.try_send(Ringing { url: url.clone(), answer });
        Box::pin(async move {
            let error = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
            stream.await.map_err(|_| DialError::Unreachable { address: "hand.test".to_string(), error })
        })
    }
}

impl Hand {
    /// A host whose every dial comes to the test. The world's simulator is not used.
    pub fn start(config: WorldConfig) -> (World, Self) {
        let (told, dials) = mpsc::channel(DIALS_MAX);
        let sim = Simulator::new(config.sim.clone());
        (World::start_unready(config, sim, Arc::new(HandDialer(told)), BASE), Self { dials })
    }

    /// The next dial.
    pub async fn ringing(&mut self) -> Ringing {
        self.dials.recv().await.expect("the host lives")
    }

    /// Accepts the session manager's socket and sets it up.
    pub async fn manager(&mut self) -> Line {
        let ringing = self.ringing().await;
        assert_eq!(ringing.url.path(), "/v1/agent/session-manager");
        let mut manager = ringing.accept().await;
        manager.expect("setup").await;
        manager.say(json!({ "type": "setup.done", "smWsId": "by-hand" })).await;
        manager
    }

    /// Accepts a voice socket.
    pub async fn voice(&mut self) -> Line {
        let ringing = self.ringing().await;
        assert!(ringing.url.path().starts_with("/voice/"), "{}", ringing.url.path());
        ringing.accept().await
    }
}

impl Ringing {
    /// Opens the stream and answers the upgrade.
    pub async fn accept(self) -> Line {
        let (ours, theirs) = tokio::io::duplex(PIPE_BYTES);
        assert!(self.answer.send(Box::new(theirs)).is_ok(), "the host still dials");
        Line(tokio_tungstenite::accept_async(ours).await.expect("the host upgrades"))
    }

    /// Opens the stream and refuses the upgrade.
    #[allow(clippy::result_large_err, reason = "the library asks for this type")]
    pub async fn refuse(self, status: u16) {
        let (ours, theirs) = tokio::io::duplex(PIPE_BYTES);
        assert!(self.answer.send(Box::new(theirs)).is_ok(), "the host still dials");
        let refusal = http::Response::builder().status(status).body(Some("no".to_string())).expect("a status");
        let refused = tokio_tungstenite::accept_hdr_async(ours, |_: &_, _| Err(refusal)).await;
        assert!(refused.is_err(), "there is no socket");
    }

    /// Waits until the host gives this dial up.
    pub async fn given_up(mut self) {
        self.answer.closed().await;
    }
}

impl Line {
    /// Sends a frame.
    pub async fn say(&mut self, frame: Value) {
        self.send(Message::text(frame.to_string())).await;
    }

    /// Sends any message.
    pub async fn send(&mut self, message: Message) {
        self.0.send(message).await.expect("the host's socket is open");
    }

    /// Sends a message that ends the socket, perhaps before all of it is written.
    pub async fn try_send(&mut self, message: Message) {
        let _ = self.0.send(message).await;
    }

    /// The next text frame; `None` when the host closed the socket. What is neither is skipped.
    pub async fn hear(&mut self) -> Option<Value> {
        loop {
            match self.0.next().await? {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).expect("the host speaks JSON")),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// The next audio frame, its channel byte first.
    pub async fn hear_audio(&mut self) -> Vec<u8> {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Binary(frame))) => return frame.to_vec(),
                Some(Ok(_)) => {}
                other => panic!("no audio: {other:?}"),
            }
        }
    }

    /// The next text frame, which must be of this type.
    pub async fn expect(&mut self, kind: &str) -> Value {
        let heard = self.hear().await.unwrap_or_else(|| panic!("the socket was closed before `{kind}`"));
        assert_eq!(heard["type"], kind, "{heard}");
        heard
    }

    /// The next frame, which must be this command; gives its id.
    pub async fn expect_command(&mut self, name: &str) -> String {
        let heard = self.expect("command").await;
        assert_eq!(heard["data"]["command"], name, "{heard}");
        heard["data"]["command_id"].as_str().expect("a command has an id").to_string()
    }

    /// Answers a command.
    pub async fn respond(&mut self, command_id: &str, success: bool) {
        let mut data = json!({ "command_id": command_id, "success": success });
        if !success {
            data["error_code"] = "INVALID_COMMAND".into();
        }
        self.say(json!({ "type": "command_response", "data": data })).await;
    }

    /// Announces a call.
    pub async fn notify(&mut self, session: &str) {
        self.announce(session, "NEW_INCOMING_CALL").await;
    }

    /// Announces a call that lived before.
    pub async fn resume(&mut self, session: &str) {
        self.announce(session, "RESUME").await;
    }

    async fn announce(&mut self, session: &str, activity: &str) {
        let frame = json!({
            "type": "session.notify", "sessionId": session, "channel": "TELCO", "remoteAddress": "+15550100",
            "localAddress": "+15550199", "activity": activity, "createdAt": 1_767_225_600,
        });
        self.say(frame).await;
    }

    /// Waits for the claim of a session and grants it.
    pub async fn grant(&mut self, session: &str) {
        let open = self.expect("session.open").await;
        assert_eq!(open["sessionId"], session);
        let content = json!({ "session": {
            "id": session, "channel": "TELCO", "remoteAddress": "+15550100", "localAddress": "+15550199",
            "openedAt": 1_767_225_600,
        }});
        self.say(json!({ "type": "response", "reqId": open["reqId"], "ok": true, "content": content })).await;
    }

    /// Announces a call, grants its claim, and waits until it is readied.
    pub async fn lead_in(&mut self, session: &str) {
        self.notify(session).await;
        self.grant(session).await;
        assert_eq!(self.expect("session.ready").await["sessionId"], session);
    }

    /// Says where the voice of a session is; `part` ends its path.
    pub async fn call_in(&mut self, session: &str, part: &str) {
        let frame = json!({
            "type": "call.in", "sessionId": session, "callId": format!("call-{session}"), "orgUuid": "org",
            "from": "+15550100", "to": "+15550199", "url": format!("{BASE}/voice/{part}"),
            "token": format!("voice-token-{part}"),
        });
        self.say(frame).await;
    }

    /// Closes the socket with this code, and waits until the host has answered.
    pub async fn close(mut self, code: u16) {
        let frame = CloseFrame { code: code.into(), reason: Utf8Bytes::default() };
        self.0.close(Some(frame)).await.expect("the socket closes");
        while let Some(Ok(_)) = self.0.next().await {}
    }

    /// Closes a session.
    pub async fn session_closed(&mut self, session: &str) {
        self.say(json!({ "type": "session.closed", "sessionId": session, "reason": "CALL_TERMINATED" })).await;
    }

    /// Ends a call, and waits until the host is done with its socket.
    pub async fn terminate(mut self) {
        self.say(json!({ "type": "call_event", "data": { "event": "call.terminated" } })).await;
        self.0.close(None).await.expect("the socket closes");
        while let Some(Ok(_)) = self.0.next().await {}
    }
}

/// A whole good call by hand, to show that the host goes on.
pub async fn good_call(world: &mut World, hand: &mut Hand, manager: &mut Line, session: &str) {
    manager.lead_in(session).await;
    manager.call_in(session, session).await;
    let mut voice = hand.voice().await;
    let answer = voice.expect_command("call.answer").await;
    voice.respond(&answer, true).await;
    voice.terminate().await;
    manager.session_closed(session).await;
    let record = world.record().await;
    assert_eq!((record.session_id.as_str(), record.end.as_str()), (session, "terminated"), "{record:?}");
}
