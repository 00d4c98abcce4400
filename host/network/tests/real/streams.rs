//! Requests whose body and answer are streams: moved on by whoever asks, bounded as all others.

use std::future::poll_fn;
use std::task::{Context, Poll};

use call::{Failure, Pieces, StreamAnswer, StreamRequest};
use network::limits::{ANSWER_BODY_BYTES_MAX, REQUEST_BODY_BYTES_MAX, REQUESTS_MAX, STREAM_PIECE_BYTES_MAX};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::kit::{Handler, code, listen};

fn asking(port: u16, body: Option<Box<dyn Pieces>>) -> StreamRequest {
    StreamRequest {
        method: "POST".into(),
        url: format!("http://127.0.0.1:{port}/v1"),
        headers: Vec::new(),
        body,
        body_bytes: None,
        opens_within: None,
        answers_within: None,
        goes_on_within: None,
    }
}

/// Pieces that are there at once, or never.
struct Ready(Vec<Vec<u8>>, bool);

impl Pieces for Ready {
    fn poll_piece(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Vec<u8>, Failure>>> {
        match self.0.pop() {
            Some(piece) => Poll::Ready(Some(Ok(piece))),
            None if self.1 => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}

async fn next(body: &mut Box<dyn Pieces>) -> Option<Result<Vec<u8>, Failure>> {
    poll_fn(|cx| body.poll_piece(cx)).await
}

/// The server answers before the body is whole, and both go on.
#[tokio::test]
async fn both_directions_go_on_at_once() {
    let (listener, port) = listen().await;
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"5\r\nfirst\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes").await.unwrap();
        String::from_utf8(head).unwrap().to_lowercase()
    });
    let mut handler = Handler::plain(port);
    let body = Box::new(Ready(vec![b"first".to_vec()], false));
    let answering = handler.0.stream(asking(port, Some(body))).unwrap();
    let StreamAnswer { status, mut body, connection, .. } = answering.await.unwrap();
    assert_eq!(status, 200);
    let driving = tokio::spawn(connection);
    assert_eq!(next(&mut body).await.unwrap().unwrap(), b"yes");
    assert!(next(&mut body).await.is_none());
    assert!(served.await.unwrap().contains("transfer-encoding: chunked\r\n"));
    driving.abort();
}

#[tokio::test]
async fn an_answer_comes_in_small_pieces_and_ends_at_its_limit() {
    let (listener, port) = listen().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", ANSWER_BODY_BYTES_MAX + 1);
        stream.write_all(head.as_bytes()).await.unwrap();
        // It is given up in the midst of it.
        while stream.write_all(&[7; 1 << 16]).await.is_ok() {}
    });
    let mut handler = Handler::plain(port);
    let StreamAnswer { mut body, connection, .. } = handler.0.stream(asking(port, None)).unwrap().await.unwrap();
    let driving = tokio::spawn(connection);
    let mut bytes = 0;
    let failure = loop {
        match next(&mut body).await.expect("it does not end by itself") {
            Ok(piece) => {
                assert!(piece.len() <= STREAM_PIECE_BYTES_MAX);
                bytes += piece.len() as u64;
            }
            Err(failure) => break failure,
        }
    };
    assert_eq!(failure.code, "FULL");
    assert!((ANSWER_BODY_BYTES_MAX - (1 << 20)..=ANSWER_BODY_BYTES_MAX).contains(&bytes), "{bytes}");
    driving.abort();
}

#[tokio::test]
async fn a_body_ends_at_its_limit() {
    let (listener, port) = listen().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        while stream.read(&mut [0; 1 << 16]).await.is_ok_and(|bytes| bytes > 0) {}
    });
    let mut handler = Handler::plain(port);
    let long = Box::new(Ready(vec![vec![7; 1 << 16]; 1 + (REQUEST_BODY_BYTES_MAX >> 16)], true));
    assert_eq!(code(handler.0.stream(asking(port, Some(long))).unwrap().await), "INVALID");
    let told = StreamRequest { body_bytes: Some(1 + REQUEST_BODY_BYTES_MAX as u64), ..asking(port, None) };
    assert_eq!(code(handler.0.stream(told)), "INVALID");
}

#[tokio::test]
async fn they_count_among_the_requests_until_they_are_dropped() {
    let (_listener, port) = listen().await;
    let mut handler = Handler::plain(port);
    let url = format!("http://127.0.0.1:{port}/");
    let mut begun = Vec::new();
    for _ in 1..REQUESTS_MAX {
        begun.push(handler.0.stream(asking(port, None)).unwrap());
    }
    handler.0.request("GET", &url, &[], Vec::new()).unwrap();
    assert_eq!(code(handler.0.request("GET", &url, &[], Vec::new())), "FULL");
    assert_eq!(code(handler.0.stream(asking(port, None))), "FULL");
    begun.pop();
    assert_eq!(code(handler.0.request("GET", &url, &[], Vec::new())), "OK");
    let elsewhere = StreamRequest { url: "https://example.com/".into(), ..asking(port, None) };
    assert_eq!(code(handler.0.stream(elsewhere)), "NOT_GRANTED");
}
