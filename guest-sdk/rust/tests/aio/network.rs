//! Sockets and requests that are awaited, and a memory.

use std::time::Duration;

use switchhook_guest::aio::{Call, Either, Request, Socket, join, select, sleep};
use switchhook_guest::testing::{Answer, Caller, Peer};
use switchhook_guest::{Event, Failure, Payload, code, http, key_value, websocket};

const WORDS: &str = "wss://words.example.com/";
const ASK: &str = "https://ask.example.com/";

fn text(text: &str) -> Payload {
    Payload::Text(text.to_owned())
}

#[test]
fn a_socket_says_and_hears_while_other_things_are_awaited() {
    let peer = Peer::new().hears(1).waits_ms(1_000).says(text("one")).says(text("two")).hears(1).closes(1000, "done");
    let report = Caller::new().socket_to(WORDS, peer).run(async |_call: Call| {
        let mut socket = Socket::open(WORDS, &[("x-a", "1")]).await?;
        socket.send(text("first")).await?;
        assert!(matches!(select(socket.next(), sleep(Duration::from_millis(500))).await, Either::Second(())));
        assert_eq!(socket.next().await, Some(text("one")));
        assert_eq!(socket.next().await, Some(text("two")));
        assert!(socket.closed().is_none());
        socket.send(Payload::Binary(vec![1])).await?;
        assert_eq!(socket.next().await, None);
        let closed = socket.closed().expect("it is closed");
        assert_eq!((closed.code, closed.reason.as_str()), (1000, "done"));
        assert!(socket.send(text("late")).await.is_err_and(|failure| failure.is(code::LINK_LOST)));
        Ok(())
    });
    assert_eq!(report.result, Ok(()));
    let [socket] = &report.sockets[..] else { panic!("one socket: {:?}", report.sockets) };
    assert_eq!(socket.heard, [text("first"), Payload::Binary(vec![1])]);
    assert_eq!((socket.headers[0].name.as_str(), &socket.closed), ("x-a", &None));
}

#[test]
fn a_socket_that_does_not_open_says_why_and_one_that_is_dropped_is_closed() {
    let caller =
        Caller::new().socket_to(WORDS, Peer::refuses(code::UNREACHABLE, "nobody")).socket_to(WORDS, Peer::new());
    let report = caller.socket_to(WORDS, Peer::new()).run(async |_call: Call| {
        let failure = Socket::open(WORDS, &[]).await.expect_err("nobody is there");
        assert_eq!((failure.code.as_str(), failure.message.as_str()), (code::UNREACHABLE, "nobody"));
        drop(Socket::open(WORDS, &[]).await?);
        let closed = Socket::open(WORDS, &[]).await?.close(4000, "enough").await.expect("it is closed");
        assert_eq!((closed.code, closed.reason.as_str()), (4000, "enough"));
        assert!(Socket::open("wss://other/", &[]).await.is_err_and(|failure| failure.is(code::NOT_GRANTED)));
        Ok(())
    });
    assert_eq!(report.result, Ok(()));
    let closed: Vec<_> = report.sockets.iter().map(|socket| socket.closed.as_ref().map(|(code, _)| *code)).collect();
    assert_eq!(closed, [None, Some(1000), Some(4000)]);
}

#[test]
fn what_waits_ends_with_the_call() {
    let report = Caller::new().waits_ms(200).hangs_up().socket_to(WORDS, Peer::new()).run(async |call: Call| {
        call.answer().await?;
        let mut socket = Socket::open(WORDS, &[]).await?;
        assert_eq!(socket.next().await, None);
        assert!(socket.send(text("late")).await.is_err_and(|failure| failure.is(code::ENDED)));
        Ok(())
    });
    assert_eq!((report.result, report.end.as_str()), (Ok(()), "terminated"));
}

#[test]
fn answers_come_piece_by_piece_and_side_by_side() {
    let stream = Answer::new(200).header("X-Kind", "stream").piece("a").waits_ms(2_000).piece("b");
    let caller = Caller::new().request_to(ASK, stream).request_to(ASK, Answer::new(404).piece("no"));
    let report = caller.run(async |_call: Call| {
        let mut answer = Request::post(ASK, "question").header("x-a", "1").send().await?;
        assert_eq!((answer.status, answer.header("x-kind")), (200, Some("stream")));
        let (first, other) = join(answer.next(), Request::get(ASK).send()).await;
        assert_eq!(first, Some(Ok(b"a".to_vec())));
        let other = other?;
        assert_eq!(other.status, 404);
        assert_eq!(other.body().await?, b"no");
        assert_eq!(answer.body().await?, b"b");
        Ok(())
    });
    assert_eq!(report.result, Ok(()));
    let [post, get] = &report.requests[..] else { panic!("two requests: {:?}", report.requests) };
    assert_eq!((post.method.as_str(), post.body.as_slice(), get.method.as_str()), ("POST", &b"question"[..], "GET"));
    assert!(!post.cancelled && !get.cancelled);
}

#[test]
fn a_request_that_fails_says_why_and_one_that_is_dropped_is_given_up() {
    let caller = Caller::new().request_to(ASK, Answer::new(200).fails(code::TIMEOUT, "late"));
    let caller = caller.request_to(ASK, Answer::new(200).piece("a").fails(code::LINK_LOST, "broke"));
    let report = caller.request_to(ASK, Answer::new(200).waits_ms(60_000)).run(async |_call: Call| {
        let failed = Request::get(ASK).send().await.map(drop);
        assert!(failed.is_err_and(|failure| failure.is(code::TIMEOUT)));
        let mut answer = Request::get(ASK).send().await?;
        assert_eq!(answer.next().await, Some(Ok(b"a".to_vec())));
        assert!(answer.next().await.is_some_and(|piece| piece.is_err_and(|failure| failure.is(code::LINK_LOST))));
        assert_eq!(answer.next().await, None);
        drop(Request::get(ASK).send().await?);
        let refused = Request::get("https://other/").send().await.map(drop);
        assert!(refused.is_err_and(|failure| failure.is(code::NOT_GRANTED)));
        Ok(())
    });
    assert_eq!(report.result, Ok(()));
    assert_eq!(report.requests.iter().map(|request| request.cancelled).collect::<Vec<_>>(), [false, false, true]);
}

#[test]
fn plain_handlers_get_events_and_refusals() {
    let report = Caller::new().socket_to(WORDS, Peer::new().says(text("hi"))).run_plain(|_call| {
        let socket = websocket::open(WORDS, &[])?;
        assert_eq!(switchhook_guest::next(), Some(Event::SocketOpen(socket)));
        assert!(
            matches!(switchhook_guest::next(), Some(Event::SocketMessage(message)) if message.payload == text("hi"))
        );
        websocket::close(socket, 1000, "");
        assert!(matches!(switchhook_guest::next(), Some(Event::SocketClosed(_))));
        assert!(websocket::send(socket, &text("late")).is_err_and(|failure| failure.is(code::NOT_NOW)));
        Ok(())
    });
    assert_eq!(report.result, Ok(()));
    let refused = Caller::new().run_plain(|_call| {
        let codes = [
            websocket::open(WORDS, &[]).map(drop),
            websocket::send(1, &text("x")),
            http::request("GET", ASK, &[], &[]).map(drop),
            key_value::set("k", b"v", None),
        ];
        match codes
            .into_iter()
            .find(|refused: &Result<(), Failure>| !refused.as_ref().is_err_and(|failure| failure.is(code::NOT_GRANTED)))
        {
            Some(other) => Err(Failure::new("OTHER", format!("{other:?}"))),
            None => Ok(()),
        }
    });
    assert_eq!(refused.result, Ok(()));
}

#[test]
fn a_memory_forgets_in_time_and_compares() {
    let report = Caller::new().remembers("old", b"1").run(async |_call: Call| {
        assert_eq!(key_value::get("old")?.as_deref(), Some(&b"1"[..]));
        key_value::set("brief", b"x", Some(Duration::from_millis(1_500)))?;
        assert!(!key_value::compare_and_set("old", Some(b"2"), b"3", None)?);
        assert_eq!(key_value::update("old", None, |before| [before.unwrap_or_default(), b"1"].concat())?, b"11");
        sleep(Duration::from_millis(1_900)).await;
        assert!(key_value::get("brief")?.is_some(), "two seconds, rounded up");
        sleep(Duration::from_millis(200)).await;
        assert!(key_value::get("brief")?.is_none());
        assert!(key_value::get(&"k".repeat(513)).is_err_and(|failure| failure.is(code::INVALID)));
        key_value::delete("gone")
    });
    assert_eq!(report.result, Ok(()));
    assert_eq!(report.remembered.into_iter().collect::<Vec<_>>(), [("old".to_owned(), b"11".to_vec())]);
}
