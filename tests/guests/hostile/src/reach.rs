//! WebSockets and requests, step by step, in a call or a chat.

use std::collections::BTreeMap;

use switchhook_guest::chat::{self, ChatEvent};
use switchhook_guest::{Event, Failure, Field, HttpEnd, HttpHead, Payload, SocketClosed, SocketMessage, config, http};
use switchhook_guest::{call, events, info, websocket};

use crate::support::{answered, code, echo, until_the_end};

/// Answers, runs the steps, and stays to the end. With the key `echo` = `true` what is heard meanwhile is played back.
pub(crate) fn in_call() -> Result<(), Failure> {
    answered()?;
    let echoing = config::parse("echo").unwrap_or(false);
    let mut events = events();
    steps(|| {
        loop {
            match events.next()? {
                Event::SocketOpen(socket) => break Some(Told::Open(socket)),
                Event::SocketMessage(message) => break Some(Told::Message(message)),
                Event::SocketWritable(socket) => break Some(Told::Writable(socket)),
                Event::SocketClosed(closed) => break Some(Told::Closed(closed)),
                Event::HttpHead(head) => break Some(Told::Head(head)),
                Event::HttpBody(body) => break Some(Told::Body(body.data.len())),
                Event::HttpEnd(end) => break Some(Told::End(end)),
                other if echoing => echo(&other),
                _ => {}
            }
        }
    });
    for event in events {
        if echoing {
            echo(&event);
        }
    }
    drop(call::close());
    until_the_end();
    Ok(())
}

/// The same in a chat, once somebody writes.
pub(crate) fn in_chat() -> Result<(), Failure> {
    chat::next();
    steps(|| {
        loop {
            match chat::next()? {
                ChatEvent::SocketOpen(socket) => break Some(Told::Open(socket)),
                ChatEvent::SocketMessage(message) => break Some(Told::Message(message)),
                ChatEvent::SocketWritable(socket) => break Some(Told::Writable(socket)),
                ChatEvent::SocketClosed(closed) => break Some(Told::Closed(closed)),
                ChatEvent::HttpHead(head) => break Some(Told::Head(head)),
                ChatEvent::HttpBody(body) => break Some(Told::Body(body.data.len())),
                ChatEvent::HttpEnd(end) => break Some(Told::End(end)),
                _ => {}
            }
        }
    });
    while chat::next().is_some() {}
    Ok(())
}

enum Told {
    Open(u32),
    Message(SocketMessage),
    Writable(u32),
    Closed(SocketClosed),
    Head(HttpHead),
    Body(usize),
    End(HttpEnd),
}

/// Runs the space-separated list in the key `steps`: `header:NAME=VALUE` (of what is begun next), `open:URL`, `get:URL`, `post:URL`
/// (with a body of five bytes), `send:TEXT` and `close:CODE` (of the socket that was opened last), `next` (waits for one event of them),
/// `flood-open:URL`, `flood-get:URL` and `flood-send:BYTES` (a thousand tries each, counted by their codes). Logs `reach NAME CODE`, and for `next` what
/// came.
fn steps(mut next: impl FnMut() -> Option<Told>) {
    let (mut socket, mut headers) = (0, Vec::new());
    for step in config::get("steps").unwrap_or_default().split_whitespace() {
        let (name, argument) = step.split_once(':').unwrap_or((step, ""));
        let done = match name {
            "header" => {
                let (name, value) = argument.split_once('=').unwrap_or((argument, ""));
                headers.push(Field { name: name.into(), value: value.into() });
                continue;
            }
            "open" => websocket::open(argument, &std::mem::take(&mut headers)).map(|id| socket = id),
            "get" => http::request("GET", argument, &std::mem::take(&mut headers), &[]).map(drop),
            "post" => http::request("POST", argument, &std::mem::take(&mut headers), b"hello").map(drop),
            "send" => websocket::send(socket, &Payload::Text(argument.into())),
            "close" => {
                websocket::close(socket, argument.parse().unwrap_or(1000), "bye");
                Ok(())
            }
            "flood-open" => flood(name, || websocket::open(argument, &[]).map(drop)),
            "flood-get" => flood(name, || http::request("GET", argument, &[], &[]).map(drop)),
            "flood-send" => {
                let bytes = vec![0; argument.parse().unwrap_or(1_024)];
                flood(name, || websocket::send(socket, &Payload::Binary(bytes.clone())))
            }
            "next" => {
                match next() {
                    Some(Told::Open(id)) => info!("reach next open {id}"),
                    Some(Told::Message(SocketMessage { payload: Payload::Text(text), .. })) => {
                        info!("reach next {text}")
                    }
                    Some(Told::Message(SocketMessage { payload: Payload::Binary(bytes), .. })) => {
                        info!("reach next binary {}", bytes.len());
                    }
                    Some(Told::Writable(id)) => info!("reach next writable {id}"),
                    Some(Told::Closed(SocketClosed { code, reason, .. })) => info!("reach next closed {code} {reason}"),
                    Some(Told::Head(head)) => info!("reach next head {} of {}", head.status, head.headers.len()),
                    Some(Told::Body(bytes)) => info!("reach next body {bytes}"),
                    Some(Told::End(end)) => info!("reach next end {}", code(&end.value)),
                    None => info!("reach next over"),
                }
                continue;
            }
            other => Err(Failure::new("UNKNOWN_STEP", format!("the list names `{other}`"))),
        };
        info!("reach {name} {}", code(&done));
    }
    info!("reach done");
}

fn flood(name: &str, mut one: impl FnMut() -> Result<(), Failure>) -> Result<(), Failure> {
    let mut codes = BTreeMap::<String, u32>::new();
    for _ in 0..1_000 {
        *codes.entry(code(&one()).to_owned()).or_default() += 1;
    }
    let codes: Vec<String> = codes.iter().map(|(code, count)| format!("{code}={count}")).collect();
    info!("reach {name} {}", codes.join(" "));
    Ok(())
}
