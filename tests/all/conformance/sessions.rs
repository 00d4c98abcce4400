//! Sessions beside the SDK: those that a client creates, of both kinds, with everything that a server may say to that; and
//! chats that people begin, to their end. Each story is told twice, over real sockets, by the SDK and by this host, and the
//! frames, the requests and what the two programs are told must be the same.

use std::sync::Arc;

use ::call::Contact;
use carriers::TcpDialer;
use exchange::{OutboundCall, Pattern, PlacedCall};
use libtest_mimic::Trial;
use serde_json::json;
use sim::{CallFaults, Caller, ChatAnswer, OpenChat, Outbound, Remote, SimConfig, Simulator, Step};
use switchhook_tests::clock;
use switchhook_tests::logs::{API_KEY, TestLog};
use switchhook_tests::run::real;
use switchhook_tests::world::{CONNECTOR, World, WorldConfig, pairs};
use telcoflow::frame::manager::CloseReason;
use tracing::Level;

use super::sdk::{SdkClient, python};
use crate::outbound::{TO, up};

const NUMBER: &str = "+15550100";

/// One story: what the server is like, and what happens.
struct Story {
    name: &'static str,
    /// What the README says of it.
    shows: &'static str,
    /// The session that the client creates.
    creates: Option<Contact>,
    /// What the server makes of it.
    plan: fn() -> Outbound,
    tale: Tale,
}

/// What the server's side does, beside the client's.
#[derive(Clone, Copy)]
enum Tale {
    /// Nothing comes of it.
    Refused,
    /// They talk, and the one who was called hangs up.
    Talk,
    /// There was a session with that address.
    Exists,
    /// Somebody rings, and the claim is refused with this code.
    NotOurs(&'static str),
    /// The same of a chat in which somebody writes.
    ChatNotOurs(&'static str),
    /// Three messages, each sent back, and a goodbye.
    Goodbye,
    /// The server refuses some messages.
    Codes,
    /// The socket is lost in the middle.
    Cut,
    /// The server closes the chat.
    ServerCloses,
}

fn rings() -> Outbound {
    let script = vec![Step::WaitAnswered, Step::Wait { ms: 300 }, Step::HangUp];
    Outbound::rings(Remote::new(Caller::new(script)))
}

const STORIES: &[Story] = &[
    Story {
        name: "create-call",
        shows: "a call is created, opened and talks",
        creates: Some(Contact::Call),
        plan: rings,
        tale: Tale::Talk,
    },
    Story {
        name: "create-call-exists",
        shows: "an address that has an open session: `created` is false",
        creates: Some(Contact::Call),
        plan: rings,
        tale: Tale::Exists,
    },
    Story {
        name: "create-over-quota",
        shows: "the connector has as many sessions as it may have",
        creates: Some(Contact::Call),
        plan: || Outbound::refused("QUOTA_EXCEEDED"),
        tale: Tale::Refused,
    },
    Story {
        name: "create-without-channel",
        shows: "the connector has no such channel",
        creates: Some(Contact::Call),
        plan: || Outbound::refused("CHANNEL_NOT_CONFIGURED"),
        tale: Tale::Refused,
    },
    Story {
        name: "create-overflow",
        shows: "the server has too much to do",
        creates: Some(Contact::Call),
        plan: || Outbound::refused("OUTBOUND_OVERFLOW"),
        tale: Tale::Refused,
    },
    Story {
        name: "create-then-busy",
        shows: "a created session is claimed by another socket first",
        creates: Some(Contact::Call),
        plan: || Outbound::unclaimable("SESSION_BUSY"),
        tale: Tale::Refused,
    },
    Story {
        name: "create-then-closed",
        shows: "a created session is closed before it is opened",
        creates: Some(Contact::Call),
        plan: || Outbound::unclaimable("SESSION_CLOSED"),
        tale: Tale::Refused,
    },
    Story {
        name: "create-then-not-found",
        shows: "a created session is gone before it is opened",
        creates: Some(Contact::Call),
        plan: || Outbound::unclaimable("SESSION_NOT_FOUND"),
        tale: Tale::Refused,
    },
    Story {
        name: "create-chat",
        shows: "a chat is created, opened, written in and closed over REST",
        creates: Some(Contact::Chat),
        plan: rings,
        tale: Tale::Goodbye,
    },
    Story {
        name: "create-chat-exists",
        shows: "an address that has an open chat: `created` is false",
        creates: Some(Contact::Chat),
        plan: rings,
        tale: Tale::Exists,
    },
    Story {
        name: "create-chat-over-quota",
        shows: "the same refusal for a chat",
        creates: Some(Contact::Chat),
        plan: || Outbound::refused("QUOTA_EXCEEDED"),
        tale: Tale::Refused,
    },
    Story {
        name: "create-chat-then-busy",
        shows: "a created chat is claimed by another socket first",
        creates: Some(Contact::Chat),
        plan: || Outbound::unclaimable("SESSION_BUSY"),
        tale: Tale::Refused,
    },
    Story {
        name: "ring-then-busy",
        shows: "a call that rings is claimed by another socket first",
        creates: None,
        plan: rings,
        tale: Tale::NotOurs("SESSION_BUSY"),
    },
    Story {
        name: "ring-then-closed",
        shows: "a call that rings is over before it is claimed",
        creates: None,
        plan: rings,
        tale: Tale::NotOurs("SESSION_CLOSED"),
    },
    Story {
        name: "ring-then-not-found",
        shows: "a call that rings is gone before it is claimed",
        creates: None,
        plan: rings,
        tale: Tale::NotOurs("SESSION_NOT_FOUND"),
    },
    Story {
        name: "chat-then-busy",
        shows: "a chat is claimed by another socket first",
        creates: None,
        plan: rings,
        tale: Tale::ChatNotOurs("SESSION_BUSY"),
    },
    Story {
        name: "chat",
        shows: "messages come in order, are sent with their results, and the chat is closed over REST",
        creates: None,
        plan: rings,
        tale: Tale::Goodbye,
    },
    Story {
        name: "chat-codes",
        shows: "messages are refused with codes",
        creates: None,
        plan: rings,
        tale: Tale::Codes,
    },
    Story {
        name: "chat-cut",
        shows: "the chat is claimed again on the next socket",
        creates: None,
        plan: rings,
        tale: Tale::Cut,
    },
    Story {
        name: "chat-closed-by-server",
        shows: "the server closes the chat",
        creates: None,
        plan: rings,
        tale: Tale::ServerCloses,
    },
];

pub(super) fn trials() -> Vec<Trial> {
    let without_sdk = python().is_none();
    let kind = if without_sdk { "needs the SDK: cargo xtask test" } else { "" };
    let stories = STORIES.iter().map(|story| {
        let trial = real(format!("conformance::sessions::{}", story.name), move |log| async move {
            let (sdk, host) = (with_sdk(story).await, with_host(story, &log).await);
            assert_eq!(host, sdk, "{}\nthis host:\n{}\nthe SDK:\n{}", story.name, host.join("\n"), sdk.join("\n"));
            assert!(sdk.len() > 4, "two empty tales are alike");
        });
        trial.with_kind(kind).with_ignored_flag(without_sdk)
    });
    stories.collect()
}

/// The rows of the README.
pub(super) fn rows() -> impl Iterator<Item = String> {
    STORIES.iter().map(|story| format!("| `{}` | {} |", story.name, story.shows))
}

fn server(story: &Story) -> SimConfig {
    let base = WorldConfig::default().sim;
    SimConfig { outbound: vec![(TO.into(), (story.plan)())], ..base }
}

async fn with_sdk(story: &Story) -> Vec<String> {
    let sim = Simulator::new(server(story));
    let base_url = format!("ws://{}", sim.listen("127.0.0.1:0").await.expect("a free port"));
    sim.set_public_base(&base_url);
    let before = open_before(&sim, story);
    let channel = |contact| if contact == Contact::Call { "TELCO" } else { "WA" };
    let create = story.creates.map(|contact| json!({"channel": channel(contact), "to": TO}));
    let job = json!({"base_url": base_url, "api_key": API_KEY, "connector_uuid": CONNECTOR, "create": create});
    let mut client = SdkClient::run("sdk_sessions.py", &job, None).await;
    let (tale, said) = tokio::join!(tell(story, &sim), client.report());
    client.end().await;
    let said = said.as_array().expect("a list").iter().map(|line| line.as_str().expect("text").to_owned());
    observed(&sim, said.collect(), tale, &before).await
}

async fn with_host(story: &Story, log: &TestLog) -> Vec<String> {
    let sim = Simulator::new(server(story));
    let base_url = format!("ws://{}", sim.listen("127.0.0.1:0").await.expect("a free port"));
    sim.set_public_base(&base_url);
    let before = open_before(&sim, story);
    let rings = matches!(story.tale, Tale::NotOurs(_));
    let chats = story.creates != Some(Contact::Call) && !rings;
    let config = if chats {
        WorldConfig::with("hostile", &[("mode", "chat-echo")])
    } else if rings {
        WorldConfig::default()
    } else {
        // No route leads calls to it: those that are open before are left alone.
        let agent = pairs(&[("steps", "answer\nwait-terminated\n")]);
        let others = vec![(Pattern::Exact("+15550177".into()), "scripted".to_owned(), agent)];
        WorldConfig { others, ..WorldConfig::with("wa-autoreply", &[]) }
    };
    let config = WorldConfig { sim: server(story), ..config };
    let dialer = Arc::new(TcpDialer::new().expect("TLS can be set up"));
    let world = up(World::start_unready(config, sim.clone(), dialer, &base_url)).await;
    let place = async {
        let Some(contact) = story.creates else { return vec![announced(story, log).await] };
        let plugin = Some(if chats { "first" } else { "other-0" }.to_owned());
        let call = OutboundCall { tenant: "acme".into(), to: TO.into(), contact, plugin, connector: None };
        match world.exchange.place(&call).await {
            Ok(placed) => told(placed).await,
            Err(refused) => vec![format!("session {}", refused.code())],
        }
    };
    let (tale, mut said) = tokio::join!(tell(story, &sim), place);
    if chats && said == ["session OK"] {
        clock::until(|| !log.lines_with("the chat is over").is_empty()).await;
        let outcomes = log.lines_with("outcome send ");
        let code = |line: &String| line.split_once("outcome send ").map(|(_, code)| code.trim().to_owned());
        said.extend(outcomes.iter().filter_map(code).map(|code| format!("send {code}")));
        said.push("closed".to_owned());
    }
    world.leave().await;
    observed(&sim, said, tale, &before).await
}

/// What becomes of the claim of a session that was announced: the host tells no handler when it is refused, only its log.
async fn announced(story: &Story, log: &TestLog) -> String {
    let (Tale::NotOurs(_) | Tale::ChatNotOurs(_)) = story.tale else { return "session OK".to_owned() };
    let lines = log.until(Level::DEBUG, "the session is not ours", 1).await;
    let code = lines[0].split_once("code=").map(|(_, code)| code.trim_matches('"'));
    format!("session {}", code.expect("a code"))
}

/// A call's steps in the words of the SDK's program.
async fn told(mut placed: PlacedCall) -> Vec<String> {
    let mut said = vec!["session OK".to_owned()];
    while let Some(step) = placed.next().await {
        match step {
            exchange::Step::Answered { .. } => said.push("answer OK".to_owned()),
            exchange::Step::Ended(_) => said.push("closed".to_owned()),
            exchange::Step::Closed(_) | exchange::Step::Claimed { .. } => {}
            exchange::Step::Failed(failure) => said.push(format!("failed {}", failure.code)),
        }
    }
    said
}

/// What was open already with the address that the client asks for.
enum Before {
    Nothing,
    Call(sim::PlacedCall),
    Chat(OpenChat),
}

impl Before {
    fn lines(&self) -> Vec<String> {
        match self {
            Self::Nothing => Vec::new(),
            Self::Call(call) => call.take_transcript().normalised(),
            Self::Chat(chat) => chat.take_transcript().normalised(),
        }
    }
}

fn open_before(sim: &Simulator, story: &Story) -> Before {
    match (story.tale, story.creates) {
        (Tale::Exists, Some(Contact::Chat)) => Before::Chat(sim.open_chat(TO, NUMBER)),
        (Tale::Exists, _) => {
            // It is announced, and nobody claims it: the host has no route for it, the SDK's program wants a chat.
            Before::Call(sim.place_call(Caller { from: TO.into(), ring_ms: 60_000, ..Caller::default() }))
        }
        _ => Before::Nothing,
    }
}

/// What the server's side does and sees.
async fn tell(story: &Story, sim: &Simulator) -> Vec<String> {
    match story.tale {
        Tale::Refused | Tale::Exists => Vec::new(),
        Tale::Talk => of_call(sim.outbound_call().await).await,
        Tale::NotOurs(code) => {
            sim.session_managers(1).await;
            let faults = Some(CallFaults { refuse_claim: Some(code.to_owned()), ..CallFaults::default() });
            let call = sim.place_call(Caller { ring_ms: 60_000, faults, ..Caller::default() });
            clock::until(|| sim.counts().claims_refused > 0).await;
            call.hang_up();
            of_call(call).await
        }
        Tale::ChatNotOurs(code) => {
            sim.session_managers(1).await;
            let chat = sim.open_chat(TO, NUMBER);
            chat.refuse_claim(code);
            chat.say("hello");
            clock::until(|| sim.counts().claims_refused > 0).await;
            chat.take_transcript().normalised()
        }
        Tale::Goodbye | Tale::Codes | Tale::Cut | Tale::ServerCloses => {
            let mut chat = match story.creates {
                Some(_) => sim.outbound_chat().await,
                None => {
                    sim.session_managers(1).await;
                    sim.open_chat(TO, NUMBER)
                }
            };
            let mut lines = in_chat(story.tale, sim, &mut chat).await;
            lines.push(format!("closed {:?}", chat.closed().await));
            lines.extend(chat.take_transcript().normalised());
            lines
        }
    }
}

/// Everything of a call, to its end.
async fn of_call(call: sim::PlacedCall) -> Vec<String> {
    let report = call.finished().await;
    let mut lines = report.transcript.normalised();
    lines.push(format!("outcome {}", report.outcome.as_str()));
    lines
}

async fn in_chat(tale: Tale, sim: &Simulator, chat: &mut OpenChat) -> Vec<String> {
    let mut heard = Vec::new();
    if let Tale::Codes = tale {
        for code in ["INVALID_PAYLOAD", "OVERFLOW", "REMOTE_ERROR"] {
            chat.answer(ChatAnswer::Refused(code.to_owned(), Some("why".into())));
        }
        ["1", "2", "3"].iter().for_each(|text| chat.say(text));
    }
    for text in ["one", "two", "three"] {
        chat.say(text);
        let message = chat.heard().await.expect("an echo");
        heard.push(format!("heard {} by {}", message.data, message.api_version));
    }
    if let Tale::Cut = tale {
        sim.cut_session_managers();
        clock::until(|| sim.counts().claims >= 2).await;
        chat.say("again");
        heard.push(format!("heard {}", chat.heard().await.expect("an echo").data));
    }
    if let Tale::ServerCloses = tale {
        // Behind the last result, on the same socket.
        chat.close(CloseReason::ForceClose);
    } else {
        chat.say("bye");
        heard.push(format!("heard {}", chat.heard().await.expect("an echo").data));
    }
    heard
}

/// All of it.
async fn observed(sim: &Simulator, said: Vec<String>, tale: Vec<String>, before: &Before) -> Vec<String> {
    clock::until(|| sim.session_managers_up() == 0).await;
    let rest = sim.rest_requests().into_iter().map(|request| {
        let path = request.path.rsplit_once('/').map_or(request.path.clone(), |(before, last)| {
            // The session's id is the part before `close`.
            let before = before.rsplit_once('/').map_or(before, |(before, _)| before);
            format!("{before}/ID/{last}")
        });
        format!("rest {} {path}", request.method)
    });
    let mut lines: Vec<String> = said.into_iter().map(|line| format!("told {line}")).collect();
    lines.extend(tale);
    lines.extend(before.lines());
    lines.extend(sim.link_transcript().normalised());
    lines.extend(rest);
    sim.shutdown().await;
    lines
}
