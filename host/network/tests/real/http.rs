//! Requests: what comes back, piece by piece, and how they end.

use std::time::Duration;

use call::NetworkEvent;
use network::limits::{ANSWER_PIECE_BYTES_MAX, REQUEST_BODY_BYTES_MAX, REQUESTS_MAX};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::kit::{Handler, code, listen};

/// What is asked: the head in lower case, and the body of its length.
async fn asked(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).await.unwrap();
    (head, body)
}

/// Answers the next request with these bytes, and gives back what was asked.
fn answering(listener: TcpListener, answer: Vec<u8>) -> tokio::task::JoinHandle<(String, Vec<u8>)> {
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let asked = asked(&mut stream).await;
        // It may be given up in the midst of it.
        drop(stream.write_all(&answer).await);
        asked
    })
}

fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}/v1/x?y=1#part")
}

#[tokio::test]
async fn a_request_is_answered() {
    let (listener, port) = listen().await;
    let answer = b"HTTP/1.1 201 Created\r\nX-Name: Value\r\nContent-Length: 5\r\n\r\nhello".to_vec();
    let served = answering(listener, answer);
    let mut handler = Handler::plain(port);
    let headers = [("content-type".to_string(), "text/plain".to_string())];
    let request = handler.0.request("POST", &url(port), &headers, b"question".to_vec()).unwrap();
    let NetworkEvent::HttpHead(answered, 201, headers) = handler.next().await else { panic!("a head") };
    assert_eq!(answered, request);
    assert!(headers.contains(&("x-name".to_string(), "Value".to_string())), "{headers:?}");
    assert_eq!(handler.next().await, NetworkEvent::HttpBody(request, b"hello".to_vec()));
    assert_eq!(handler.next().await, NetworkEvent::HttpEnd(request, Ok(())));
    assert!(!handler.0.is_busy());
    let (head, body) = served.await.unwrap();
    assert!(head.starts_with("post /v1/x?y=1 http/1.1\r\n"), "{head}");
    assert!(
        head.contains(&format!("host: 127.0.0.1:{port}\r\n")) && head.contains("content-type: text/plain"),
        "{head}"
    );
    assert_eq!(body, b"question");
}

#[tokio::test]
async fn a_stream_comes_piece_by_piece() {
    let (listener, port) = listen().await;
    let (more, mut wait) = tokio::sync::mpsc::channel::<()>(1);
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        asked(&mut stream).await;
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
        stream.write_all(head).await.unwrap();
        for piece in ["one", "two"] {
            stream.write_all(format!("{:x}\r\n{piece}\r\n", piece.len()).as_bytes()).await.unwrap();
            wait.recv().await.unwrap();
        }
        stream.write_all(b"0\r\n\r\n").await.unwrap();
    });
    let mut handler = Handler::plain(port);
    let request = handler.0.request("GET", &url(port), &[], Vec::new()).unwrap();
    assert!(matches!(handler.next().await, NetworkEvent::HttpHead(_, 200, _)));
    for piece in ["one", "two"] {
        // The second is not there before the first was told.
        assert_eq!(handler.next().await, NetworkEvent::HttpBody(request, piece.into()));
        more.send(()).await.unwrap();
    }
    assert_eq!(handler.next().await, NetworkEvent::HttpEnd(request, Ok(())));
    served.await.unwrap();
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_nobody_follows_it() {
    let ((listener, port), (trap, trap_port)) = (listen().await, listen().await);
    let answer = format!("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{trap_port}/\r\nContent-Length: 0\r\n\r\n");
    let served = answering(listener, answer.into_bytes());
    let mut handler = Handler::plain(port);
    handler.0.request("GET", &url(port), &[], Vec::new()).unwrap();
    assert!(matches!(handler.next().await, NetworkEvent::HttpHead(_, 302, _)));
    assert!(matches!(handler.next().await, NetworkEvent::HttpEnd(_, Ok(()))));
    served.await.unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(100), trap.accept()).await.is_err());
}

#[tokio::test]
async fn what_breaks_or_is_too_much_ends_it() {
    let long = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(2 * ANSWER_PIECE_BYTES_MAX));
    for (answer, code) in [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort".to_vec(), "LINK_LOST"),
        (b"no http at all\r\n\r\n".to_vec(), "LINK_LOST"),
        (Vec::new(), "LINK_LOST"),
        (long.into_bytes(), "FULL"),
    ] {
        let (listener, port) = listen().await;
        let served = answering(listener, answer);
        let mut handler = Handler::plain(port);
        handler.0.request("GET", &url(port), &[], Vec::new()).unwrap();
        let end = loop {
            if let NetworkEvent::HttpEnd(_, end) = handler.next().await {
                break end;
            }
        };
        assert_eq!(end.unwrap_err().code, code);
        served.await.unwrap();
    }
}

#[tokio::test]
async fn a_request_is_given_up_by_its_handler_or_for_its_silence() {
    let (listener, port) = listen().await;
    let mut handler = Handler::plain(port);
    let request = handler.0.request("GET", &url(port), &[], Vec::new()).unwrap();
    // It is asked, and not answered.
    assert!(tokio::time::timeout(Duration::from_millis(100), handler.next()).await.is_err());
    let (mut stream, _) = listener.accept().await.unwrap();
    asked(&mut stream).await;
    handler.0.cancel(request);
    let NetworkEvent::HttpEnd(ended, Err(failure)) = handler.next().await else { panic!("an end") };
    assert_eq!((ended, failure.code.as_ref()), (request, "CANCELLED"));
    assert_eq!(stream.read(&mut [0]).await.unwrap_or(0), 0, "the connection is gone");

    handler.0.request("GET", &url(port), &[], Vec::new()).unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(100), handler.next()).await.is_err());
    let silent = listener.accept().await.unwrap();
    tokio::time::pause();
    let end = std::future::poll_fn(|cx| handler.0.poll_event(cx)).await;
    let NetworkEvent::HttpEnd(_, Err(failure)) = end else { panic!("{end:?}") };
    assert_eq!(failure.code, "TIMEOUT");
    drop(silent);
}

#[tokio::test]
async fn requests_have_a_number_methods_and_bodies() {
    let (_listener, port) = listen().await;
    let mut handler = Handler::plain(port);
    let mut ask = |method: &str, bytes: usize| code(handler.0.request(method, &url(port), &[], vec![0; bytes]));
    for method in ["CONNECT", "TRACE", "", "GE T"] {
        assert_eq!(ask(method, 0), "INVALID", "{method}");
    }
    assert_eq!(ask("POST", REQUEST_BODY_BYTES_MAX + 1), "INVALID");
    for _ in 0..REQUESTS_MAX {
        assert_eq!(ask("POST", REQUEST_BODY_BYTES_MAX), "OK");
    }
    assert_eq!(ask("GET", 0), "FULL");
}
