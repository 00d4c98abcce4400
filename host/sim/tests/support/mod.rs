//! A small client of the simulator over in-memory pipes: enough of a session manager and of a voice
//! socket to see what the server does, byte by byte.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]
#![allow(missing_docs, clippy::unwrap_used, reason = "test code")]

use std::collections::VecDeque;

use futures_util::{SinkExt, StreamExt};
use http::header::AUTHORIZATION;
use sim::{Caller, SimConfig, Simulator};
use telcoflow::frame::AudioMode;
use telcoflow::frame::manager::{self, CallIn, Response};
use telcoflow::frame::voice::{self, CommandName};
use tokio::io::DuplexStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

pub type Socket = WebSocketStream<DuplexStream>;

/// Dials `url` with these headers.
pub async fn dial(sim: &Simulator, url: &str, headers: &[(&str, &str)]) -> Result<Socket, Error> {
    let stream = sim.dialer().dial(url)?;
    let mut request = url.into_client_request()?;
    for (name, value) in headers {
        let name: http::HeaderName = name.parse().unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    Ok(client_async(request, stream).await?.0)
}

/// Status and body of a refused upgrade.
pub fn refusal(result: Result<Socket, Error>) -> (u16, String) {
    match result {
        Err(Error::Http(response)) => {
            let body = response.body().clone().unwrap_or_default();
            (response.status().as_u16(), String::from_utf8(body).unwrap())
        }
        Err(error) => panic!("no refusal: {error}"),
        Ok(_) => panic!("the upgrade was not refused"),
    }
}

/// One session-manager link.
pub struct Manager {
    pub socket: Socket,
    pub sm_ws_id: String,
    requests: u32,
}

impl Manager {
    /// Dials with the key and connector of `config`.
    pub async fn dial(sim: &Simulator, config: &SimConfig) -> Result<Socket, Error> {
        let url = format!("{}/v1/agent/session-manager", sim.public_base());
        let headers = [
            ("x-api-key", config.api_key.as_str()),
            ("x-connector-uuid", config.connector_uuid.as_str()),
            ("x-sdk-version", "1.0.0"),
        ];
        dial(sim, &url, &headers).await
    }

    /// Dials and sets up.
    pub async fn set_up(sim: &Simulator, config: &SimConfig, audio_mode: AudioMode) -> Self {
        let socket = Self::dial(sim, config).await.unwrap();
        let mut manager = Self { socket, sm_ws_id: String::new(), requests: 0 };
        manager.send(manager::ToServer::Setup { sample_rate_hz: 16_000, audio_mode }).await;
        let manager::ToClient::SetupDone { sm_ws_id } = manager.next().await.unwrap() else { panic!("no setup.done") };
        manager.sm_ws_id = sm_ws_id.unwrap();
        manager
    }

    pub async fn send(&mut self, frame: manager::ToServer) {
        self.socket.send(Message::text(frame.print())).await.unwrap();
    }

    /// The next frame; `None` when the socket is gone.
    pub async fn next(&mut self) -> Option<manager::ToClient> {
        loop {
            match self.socket.next().await? {
                Ok(Message::Text(text)) => {
                    return Some(manager::ToClient::parse(text.as_bytes()).unwrap());
                }
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }

    /// The session of the next `session.notify`, and its activity.
    pub async fn notified(&mut self) -> (String, manager::Activity) {
        loop {
            if let manager::ToClient::SessionNotify(notify) = self.next().await.unwrap() {
                return (notify.session_id, notify.activity);
            }
        }
    }

    pub async fn claim(&mut self, session_id: &str) -> Response {
        self.requests += 1;
        let req_id = format!("request-{}", self.requests);
        let session_id = session_id.to_owned();
        self.send(manager::ToServer::SessionOpen { req_id: req_id.clone(), session_id }).await;
        loop {
            if let manager::ToClient::Response(response) = self.next().await.unwrap()
                && response.req_id == req_id
            {
                return response;
            }
        }
    }

    pub async fn ready(&mut self, session_id: &str) -> CallIn {
        let session_id = session_id.to_owned();
        self.send(manager::ToServer::SessionReady { session_id }).await;
        loop {
            if let manager::ToClient::CallIn(call) = self.next().await.unwrap() {
                return call;
            }
        }
    }

    /// Claims and readies the call that is announced next.
    pub async fn take_call(&mut self) -> CallIn {
        let (session_id, _) = self.notified().await;
        assert!(self.claim(&session_id).await.ok);
        self.ready(&session_id).await
    }
}

/// One voice socket that obeys the pull exactly, as the public SDK does.
pub struct VoiceClient {
    pub socket: Socket,
    queue: VecDeque<u8>,
    /// Bytes and preferred frame of each request, what is still owed.
    credit: VecDeque<(u64, usize)>,
    commands: u32,
    /// PCM received by channel.
    pub received: [u64; 3],
    pub echoes: bool,
    pub terminated: bool,
}

/// Something a [`VoiceClient`] read.
pub type Read = Option<Result<voice::ToClient, Vec<u8>>>;

impl VoiceClient {
    pub async fn dial(sim: &Simulator, call: &CallIn) -> Result<Socket, Error> {
        let bearer = format!("Bearer {}", call.token);
        dial(sim, &call.url, &[(AUTHORIZATION.as_str(), &bearer), ("x-sdk-version", "1.0.0")]).await
    }

    pub async fn open(sim: &Simulator, call: &CallIn) -> Self {
        Self::over(Self::dial(sim, call).await.unwrap())
    }

    pub fn over(socket: Socket) -> Self {
        Self {
            socket,
            queue: VecDeque::new(),
            credit: VecDeque::new(),
            commands: 0,
            received: [0; 3],
            echoes: false,
            terminated: false,
        }
    }

    pub async fn begin(&mut self, command: CommandName) -> String {
        self.commands += 1;
        let command_id = format!("command-{}", self.commands);
        let frame = voice::ToServer::Command {
            command_id: command_id.clone(),
            timeout_ms: command.deadline().as_millis() as u64,
            command: command.into(),
        };
        // A socket that is gone is seen by the next read.
        let _ = self.socket.send(Message::text(frame.print())).await;
        command_id
    }

    /// Runs a command to its answer: `Err` is its error code, or `LOST`.
    pub async fn run(&mut self, command: CommandName) -> Result<(), String> {
        let id = self.begin(command).await;
        loop {
            match self.read().await {
                None => return Err("LOST".to_owned()),
                Some(Ok(voice::ToClient::CommandResponse { command_id, success, error_code, .. }))
                    if command_id == id =>
                {
                    return if success { Ok(()) } else { Err(error_code.unwrap_or_default()) };
                }
                Some(_) => {}
            }
        }
    }

    pub async fn play(&mut self, pcm: &[u8]) {
        self.queue.extend(pcm);
        self.pump().await;
    }

    /// Reads one frame and does what it asks for.
    pub async fn read(&mut self) -> Read {
        loop {
            match self.socket.next().await? {
                Ok(Message::Binary(bytes)) => {
                    if let Some((channel, pcm)) = voice::parse_audio(&bytes) {
                        self.received[usize::from(channel)] += pcm.len() as u64;
                        if self.echoes && channel == 0 {
                            self.play(pcm).await;
                        }
                    }
                    return Some(Err(bytes.to_vec()));
                }
                Ok(Message::Text(text)) => {
                    let Ok(frame) = voice::ToClient::parse(text.as_bytes()) else { continue };
                    if let voice::ToClient::BufferRequest { requested_bytes, prefer_audio_frame_bytes, channel_id: 0 } =
                        frame
                    {
                        let frame_bytes = prefer_audio_frame_bytes.unwrap_or(960) as usize;
                        self.credit.push_back((requested_bytes as u64, frame_bytes));
                        self.pump().await;
                    }
                    self.terminated |= matches!(frame, voice::ToClient::CallTerminated);
                    return Some(Ok(frame));
                }
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }

    /// Reads until the server has closed the socket.
    pub async fn until_gone(&mut self) {
        while self.read().await.is_some() {}
    }

    async fn pump(&mut self) {
        while let Some((owed, frame_bytes)) = self.credit.front_mut() {
            let wanted = (*frame_bytes).min(*owed as usize);
            if self.queue.len() < wanted {
                return;
            }
            let bytes = self.queue.len().min(*owed as usize);
            let mut frame = vec![0];
            frame.extend(self.queue.drain(..bytes));
            *owed -= bytes as u64;
            if *owed == 0 {
                self.credit.pop_front();
            }
            // A socket that is gone is seen by the next read.
            let _ = self.socket.send(Message::binary(frame)).await;
        }
    }
}

/// A simulator with one link and one call whose voice socket is open and not answered.
pub async fn one_call(
    config: &SimConfig,
    caller: Caller,
    audio_mode: AudioMode,
) -> (Simulator, Manager, sim::PlacedCall, VoiceClient) {
    let sim = Simulator::new(config.clone());
    let mut manager = Manager::set_up(&sim, config, audio_mode).await;
    let placed = sim.place_call(caller);
    let call = manager.take_call().await;
    let voice = VoiceClient::open(&sim, &call).await;
    (sim, manager, placed, voice)
}

/// Takes every call that is announced and echoes it to its end, each in its own task, until the link
/// is gone.
pub async fn echo_agent(sim: Simulator, mut manager: Manager) {
    let mut voices = tokio::task::JoinSet::new();
    let mut requests = 0;
    while let Some(frame) = manager.next().await {
        match frame {
            manager::ToClient::SessionNotify(notify) => {
                requests += 1;
                let req_id = format!("request-{requests}");
                let session_id = notify.session_id;
                let open = manager::ToServer::SessionOpen { req_id, session_id };
                manager.send(open).await;
            }
            manager::ToClient::Response(response) => {
                if let Ok(session) = manager::Session::from_content(response.content) {
                    manager.send(manager::ToServer::SessionReady { session_id: session.id }).await;
                }
            }
            manager::ToClient::CallIn(call) => {
                let sim = sim.clone();
                voices.spawn(async move {
                    let Ok(socket) = VoiceClient::dial(&sim, &call).await else { return };
                    let mut voice = VoiceClient::over(socket);
                    voice.echoes = true;
                    voice.begin(CommandName::Answer).await;
                    voice.until_gone().await;
                });
            }
            _ => {}
        }
    }
    while let Some(ended) = voices.join_next().await {
        ended.unwrap();
    }
}
