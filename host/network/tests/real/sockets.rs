//! Messages both ways, back-pressure, ends and limits.

use std::time::Duration;

use call::{NetworkEvent, Payload};
use futures_util::{SinkExt, StreamExt};
use network::limits::{BEGINS_BURST_MAX, MESSAGE_IN_BYTES_MAX, MESSAGE_OUT_BYTES_MAX, SOCKETS_MAX};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{WebSocketStream, accept_async};

use crate::kit::{Handler, code, listen, text};

/// A handler with an open socket, and the other end of it.
async fn pair() -> (Handler, u32, WebSocketStream<TcpStream>) {
    let (listener, port) = listen().await;
    let mut handler = Handler::plain(port);
    let accepted = tokio::spawn(async move { accept_async(listener.accept().await.unwrap().0).await.unwrap() });
    let socket = handler.open(&format!("ws://127.0.0.1:{port}/talk?x=1")).await;
    (handler, socket, accepted.await.unwrap())
}

#[tokio::test]
async fn messages_go_both_ways_and_a_close_is_told() {
    let (mut handler, socket, mut peer) = pair().await;
    handler.0.send(socket, text("hello")).unwrap();
    handler.0.send(socket, Payload::Binary(vec![1, 2, 3])).unwrap();
    let served = tokio::spawn(async move {
        assert_eq!(peer.next().await.unwrap().unwrap(), Message::text("hello"));
        let binary = peer.next().await.unwrap().unwrap();
        peer.send(binary).await.unwrap();
        peer.send(Message::Ping("p".into())).await.unwrap();
        peer.send(Message::text("text")).await.unwrap();
        assert_eq!(peer.next().await.unwrap().unwrap(), Message::Pong("p".into()));
        let Message::Close(Some(frame)) = peer.next().await.unwrap().unwrap() else { panic!("a close") };
        assert_eq!((u16::from(frame.code), frame.reason.as_str()), (4001, "enough"));
        assert!(peer.next().await.is_none());
    });
    assert_eq!(handler.next().await, NetworkEvent::SocketMessage(socket, Payload::Binary(vec![1, 2, 3])));
    assert_eq!(handler.next().await, NetworkEvent::SocketMessage(socket, text("text")));
    handler.0.close(socket, 4001, "enough");
    assert_eq!(code(handler.0.send(socket, text("late"))), "NOT_NOW");
    assert_eq!(handler.next().await, NetworkEvent::SocketClosed(socket, 4001, "enough".into()));
    assert!(!handler.0.is_busy());
    served.await.unwrap();
}

#[tokio::test]
async fn the_other_side_closes_or_goes_away() {
    let (mut handler, socket, mut peer) = pair().await;
    let frame = CloseFrame { code: 1013.into(), reason: "later".into() };
    let served = tokio::spawn(async move {
        peer.close(Some(frame)).await.unwrap();
        while let Some(Ok(_)) = peer.next().await {}
    });
    assert_eq!(handler.next().await, NetworkEvent::SocketClosed(socket, 1013, "later".into()));
    served.await.unwrap();
    let (mut handler, socket, peer) = pair().await;
    drop(peer);
    let NetworkEvent::SocketClosed(closed, 1006, reason) = handler.next().await else { panic!("a close") };
    assert!(closed == socket && reason.starts_with("LINK_LOST: "), "{reason}");
}

#[tokio::test]
async fn who_does_not_read_is_felt_and_nothing_is_lost() {
    let (mut handler, socket, mut peer) = pair().await;
    let message = |number: u32| Payload::Binary(number.to_be_bytes().repeat(1_000));
    let mut sent = 0;
    let full = loop {
        match handler.0.send(socket, message(sent)) {
            Ok(()) => sent += 1,
            Err(failure) => {
                // The kernel's buffers take some first.
                let waiting = tokio::time::timeout(Duration::from_millis(200), handler.next()).await;
                match waiting {
                    Ok(NetworkEvent::SocketWritable(_)) => continue,
                    Ok(other) => panic!("{other:?}"),
                    Err(_) => break failure,
                }
            }
        }
        assert!(sent < 100_000, "it is never full");
    };
    assert_eq!(full.code, "FULL");
    let reading = tokio::spawn(async move {
        for number in 0..sent {
            assert_eq!(peer.next().await.unwrap().unwrap().into_data(), number.to_be_bytes().repeat(1_000));
        }
    });
    assert_eq!(handler.next().await, NetworkEvent::SocketWritable(socket));
    assert_eq!(code(handler.0.send(socket, message(sent))), "OK");
    // Its turns go on while the other side reads the rest.
    let turns = async {
        loop {
            let event = handler.next().await;
            assert!(matches!(event, NetworkEvent::SocketClosed(..)), "{event:?}");
            std::future::pending::<()>().await;
        }
    };
    tokio::select! { read = reading => read.unwrap(), () = turns => {} }
}

#[tokio::test]
async fn messages_have_lengths() {
    let (mut handler, socket, mut peer) = pair().await;
    assert_eq!(code(handler.0.send(socket, Payload::Binary(vec![0; MESSAGE_OUT_BYTES_MAX + 1]))), "INVALID");
    assert_eq!(code(handler.0.send(socket, Payload::Binary(vec![0; MESSAGE_OUT_BYTES_MAX]))), "OK");
    let served = tokio::spawn(async move {
        assert_eq!(peer.next().await.unwrap().unwrap().len(), MESSAGE_OUT_BYTES_MAX);
        peer.send(Message::binary(vec![0; MESSAGE_IN_BYTES_MAX])).await.unwrap();
        // It may be closed in the midst of it.
        drop(peer.send(Message::binary(vec![0; MESSAGE_IN_BYTES_MAX + 1])).await);
    });
    let NetworkEvent::SocketMessage(_, payload) = handler.next().await else { panic!("a message") };
    assert_eq!(payload.len(), MESSAGE_IN_BYTES_MAX);
    let NetworkEvent::SocketClosed(_, 1009, reason) = handler.next().await else { panic!("a close") };
    assert!(reason.starts_with("FULL: "), "{reason}");
    served.await.unwrap();
}

#[tokio::test]
async fn sockets_have_a_number_and_a_pace() {
    let (_listener, port) = listen().await;
    let mut handler = Handler::plain(port);
    let url = format!("ws://127.0.0.1:{port}/");
    let mut begun = 0;
    // Those that are given up at once make room, and yet there is a pace.
    let refused = loop {
        match handler.0.open(&url, &[]) {
            Ok(socket) => {
                begun += 1;
                handler.0.close(socket, 1000, "");
                let NetworkEvent::SocketClosed(closed, 1006, reason) = handler.next().await else { panic!("a close") };
                assert!(closed == socket && reason.starts_with("CANCELLED: "), "{reason}");
            }
            Err(failure) => break failure,
        }
    };
    assert_eq!((refused.code.as_ref(), begun), ("FULL", BEGINS_BURST_MAX));
    let mut handler = Handler::plain(port);
    for _ in 0..SOCKETS_MAX {
        handler.0.open(&url, &[]).unwrap();
    }
    assert_eq!(code(handler.0.open(&url, &[])), "FULL");
}

#[tokio::test]
async fn who_never_answers_is_given_up() {
    let (listener, port) = listen().await;
    let mut handler = Handler::plain(port);
    let silent = tokio::spawn(async move { listener.accept().await.unwrap() });
    handler.0.open(&format!("ws://127.0.0.1:{port}/"), &[]).unwrap();
    // It stands, and says nothing.
    assert!(tokio::time::timeout(Duration::from_millis(50), handler.next()).await.is_err());
    let silent = silent.await.unwrap();
    tokio::time::pause();
    let NetworkEvent::SocketClosed(_, 1006, reason) = handler.next().await else { panic!("a close") };
    assert!(reason.starts_with("TIMEOUT: "), "{reason}");
    drop(silent);
}

#[tokio::test]
async fn a_socket_on_which_nothing_is_heard_is_pinged_and_then_closed() {
    let (mut handler, socket, peer) = pair().await;
    tokio::time::pause();
    let closed = std::future::poll_fn(|cx| handler.0.poll_event(cx)).await;
    let NetworkEvent::SocketClosed(closed, 1006, reason) = closed else { panic!("{closed:?}") };
    assert!(closed == socket && reason.starts_with("TIMEOUT: nothing was heard"), "{reason}");
    drop(peer);
}
