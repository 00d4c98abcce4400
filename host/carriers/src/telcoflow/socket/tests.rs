use std::future::poll_fn;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncWriteExt, DuplexStream, duplex};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Bytes;
use tokio_tungstenite::tungstenite::protocol::frame::coding::Control;

use super::*;
use crate::limits::{MESSAGE_BYTES_MAX, VOICE_READ_BYTES};

fn config() -> WebSocketConfig {
    let config = WebSocketConfig::default().read_buffer_size(VOICE_READ_BYTES);
    config.max_frame_size(Some(MESSAGE_BYTES_MAX)).max_message_size(Some(MESSAGE_BYTES_MAX))
}

fn socket(stream: DuplexStream) -> VoiceSocket<DuplexStream> {
    VoiceSocket::new(stream, Vec::new(), config())
}

/// What a socket told: messages, then the word for its end.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    messages: Vec<Message>,
    end: String,
}

/// Looks until there is nothing more for now, `turn_max` messages a turn. True once it is over.
async fn look(socket: &mut VoiceSocket<DuplexStream>, told: &mut Told, turn_max: usize) -> bool {
    // Pending is to mean that there is nothing, not that the task has had its share.
    tokio::task::unconstrained(poll_fn(|cx| {
        loop {
            let mut memory = [const { MaybeUninit::uninit() }; VOICE_RECEIVE_BYTES];
            let mut space = Space::new(&mut memory);
            for _ in 0..turn_max {
                match socket.poll_next(cx, &mut space) {
                    Poll::Pending => return Poll::Ready(false),
                    Poll::Ready(Some(Ok(Received::Audio(frame)))) => {
                        told.messages.push(Message::binary(frame.to_vec()));
                    }
                    Poll::Ready(Some(Ok(Received::Message(message)))) => told.messages.push(message),
                    Poll::Ready(Some(Err(error))) => {
                        told.end = error.to_string();
                        return Poll::Ready(true);
                    }
                    Poll::Ready(None) => {
                        told.end = "closed".into();
                        return Poll::Ready(true);
                    }
                }
            }
            socket.keep(&space);
        }
    }))
    .await
}

async fn send_audio(socket: &mut VoiceSocket<DuplexStream>, payload: &[u8]) {
    poll_fn(|cx| socket.poll_ready(cx)).await.expect("it is open");
    let mut left = Some(payload);
    let sent = poll_fn(|cx| {
        let next = |frame: &mut Vec<u8>| left.take().map(|payload| frame.extend_from_slice(payload)).is_some();
        Poll::Ready(socket.send_audio(cx, next))
    });
    assert!(sent.await.expect("it is taken"));
}

fn header(opcode: OpCode, is_final: bool) -> FrameHeader {
    FrameHeader { is_final, opcode, ..FrameHeader::default() }
}

fn put(bytes: &mut Vec<u8>, header: &FrameHeader, payload: &[u8]) {
    header.format(payload.len() as u64, bytes).expect("a vector takes all");
    let start = bytes.len();
    bytes.extend_from_slice(payload);
    if let Some(key) = header.mask {
        mask(&mut bytes[start..], key);
    }
}

/// What a server may send: mostly audio, with everything else between, sometimes an offence, sometimes a goodbye.
fn served(random: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = Vec::new();
    let payload = |random: &mut fastrand::Rng, most: usize| -> Vec<u8> {
        let sizes = [0, 1, 125, 126, 641, 641, 641, 641, 1_281, 4_087, 4_088, 4_092, 4_093, 5_000, 70_000];
        let size = sizes[random.usize(..sizes.len())].min(most);
        std::iter::repeat_with(|| random.u8(b'a'..=b'z')).take(size).collect()
    };
    for _ in 0..random.usize(1..40) {
        match random.u32(..100) {
            0..60 => {
                let audio = payload(random, usize::MAX);
                put(&mut bytes, &header(OpCode::Data(Data::Binary), true), &audio);
            }
            60..75 => {
                let text = payload(random, 5_000);
                put(&mut bytes, &header(OpCode::Data(Data::Text), true), &text);
            }
            75..83 => {
                let control = [Control::Ping, Control::Pong][random.usize(..2)];
                let payload = payload(random, 125);
                put(&mut bytes, &header(OpCode::Control(control), true), &payload);
            }
            83..93 => {
                // In parts, with something between them that may or may not stand there.
                let kind = [Data::Binary, Data::Text][random.usize(..2)];
                let parts = random.usize(2..4);
                for part in 0..parts {
                    let kind = if part == 0 { kind } else { Data::Continue };
                    let payload = payload(random, 700);
                    put(&mut bytes, &header(OpCode::Data(kind), part + 1 == parts), &payload);
                    if random.u32(..3) == 0 {
                        put(&mut bytes, &header(OpCode::Control(Control::Ping), true), b"between");
                    }
                    if random.u32(..20) == 0 {
                        put(&mut bytes, &header(OpCode::Data(Data::Binary), true), b"an offence within parts");
                    }
                }
            }
            93..95 => put(&mut bytes, &header(OpCode::Control(Control::Close), true), &[3, 0xe8]),
            95 => {
                let masked = FrameHeader { mask: Some([1, 2, 3, 4]), ..header(OpCode::Data(Data::Binary), true) };
                put(&mut bytes, &masked, b"servers do not mask");
            }
            96 => {
                let odd = FrameHeader { rsv2: true, ..header(OpCode::Data(Data::Binary), true) };
                put(&mut bytes, &odd, b"a bit that means nothing");
            }
            97 => bytes.extend(std::iter::repeat_with(|| random.u8(..)).take(20)),
            98 => put(&mut bytes, &header(OpCode::Data(Data::Binary), true), &vec![7; MESSAGE_BYTES_MAX + 1]),
            _ => put(&mut bytes, &header(OpCode::Data(Data::Continue), true), b"of nothing"),
        }
    }
    bytes
}

/// What the library alone makes of it.
async fn judged(bytes: &[u8], goodbye: bool) -> Told {
    let (near, mut far) = duplex(1 << 23);
    far.write_all(bytes).await.expect("there is room");
    far.shutdown().await.expect("the pipe is whole");
    let mut library = WebSocketStream::from_raw_socket(near, Role::Client, Some(config())).await;
    if goodbye {
        library.send(Message::Close(None)).await.expect("it leaves");
    }
    let mut told = Told::default();
    loop {
        match library.next().await {
            Some(Ok(message)) => told.messages.push(message),
            Some(Err(error)) => told.end = error.to_string(),
            None => {
                if told.end.is_empty() {
                    told.end = "closed".into();
                }
                return told;
            }
        }
    }
}

/// The quick lane is invisible: whatever a server sends, cut wherever the network cuts it and taken in turns of any size, comes
/// out as the library alone tells it, up to the same end.
#[tokio::test]
async fn everything_comes_as_the_library_tells_it() {
    for seed in 0..3_000 {
        let mut random = fastrand::Rng::with_seed(seed);
        let bytes = served(&mut random);
        let goodbye = random.u32(..10) == 0;
        let expected = judged(&bytes, goodbye).await;
        let (near, mut far) = duplex(1 << 23);
        let mut socket = socket(near);
        if goodbye {
            poll_fn(|cx| Poll::Ready(socket.send(cx, Message::Close(None)))).await.expect("it is taken");
        }
        let mut told = Told::default();
        let mut rest = bytes.as_slice();
        let mut over = false;
        while !over && !rest.is_empty() {
            let most = [3, 100, 700, 5_000, 100_000][random.usize(..5)];
            let (now, later) = rest.split_at(random.usize(1..=most).min(rest.len()));
            far.write_all(now).await.expect("there is room");
            rest = later;
            let turn_max = random.usize(1..70);
            over = look(&mut socket, &mut told, turn_max).await;
            let kept = socket.arrived.len();
            assert!(kept <= VOICE_RECEIVE_BYTES, "seed {seed}: {kept} bytes are kept");
        }
        if !over {
            far.shutdown().await.expect("the pipe is whole");
            assert!(look(&mut socket, &mut told, 64).await, "seed {seed}");
        }
        assert!(told == expected, "seed {seed}: {} and {}", told.end, expected.end);
    }
}

/// Through a pipe that takes a few hundred bytes at a time, with pings to be answered between them: audio of all sizes comes
/// whole and in order, every ping is answered, and both sides say goodbye.
#[tokio::test]
async fn audio_leaves_whole_through_a_narrow_pipe() {
    let (near, far) = duplex(300);
    let mut socket = socket(near);
    let echo = tokio::spawn(async move {
        let mut server = WebSocketStream::from_raw_socket(far, Role::Server, None).await;
        let mut pongs = 0;
        while let Some(Ok(message)) = server.next().await {
            match message {
                Message::Binary(_) => {
                    server.send(Message::Ping(Bytes::from_static(b"there?"))).await.expect("open");
                    server.send(message).await.expect("open");
                }
                Message::Pong(_) => pongs += 1,
                _ => {}
            }
        }
        pongs
    });
    let sizes = [0, 1, 125, 126, 640, 641, 1_279, 1_280, 1_281, 4_095, 4_096, 4_097, 9_000, 65_535, 65_536, 70_000];
    for size in sizes {
        let payload: Vec<u8> = (0..size).map(|at| (at * 7 + size) as u8).collect();
        send_audio(&mut socket, &payload).await;
        let mut told = Told::default();
        let (mut flushed, mut memory) = (false, [const { MaybeUninit::uninit() }; VOICE_RECEIVE_BYTES]);
        poll_fn(|cx| {
            flushed = flushed || socket.poll_flush(cx)?.is_ready();
            let mut space = Space::new(&mut memory);
            loop {
                match socket.poll_next(cx, &mut space) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Some(Ok(Received::Audio(frame)))) => {
                        told.messages.push(Message::binary(frame.to_vec()))
                    }
                    Poll::Ready(Some(Ok(Received::Message(message)))) => told.messages.push(message),
                    Poll::Ready(other) => panic!("{size} bytes: {other:?}"),
                }
                if told.messages.len() == 2 {
                    socket.keep(&space);
                    return Poll::Ready(Ok::<_, Error>(()));
                }
            }
        })
        .await
        .expect("open");
        let expected = [Message::Ping(Bytes::from_static(b"there?")), Message::Binary(payload.into())];
        assert!(flushed && told.messages == expected, "{size} bytes");
        poll_fn(|cx| socket.poll_flush(cx)).await.expect("the answer leaves");
    }
    poll_fn(|cx| socket.poll_ready(cx)).await.expect("open");
    poll_fn(|cx| Poll::Ready(socket.send(cx, Message::Close(None)))).await.expect("it is taken");
    poll_fn(|cx| socket.poll_flush(cx)).await.expect("it leaves");
    let refused = poll_fn(|cx| Poll::Ready(socket.send_audio(cx, |_| true))).await;
    assert!(matches!(refused, Err(Error::Protocol(ProtocolError::SendAfterClosing))));
    assert_eq!(echo.await.expect("the server saw the goodbye"), sizes.len());
    let mut told = Told::default();
    assert!(look(&mut socket, &mut told, 64).await);
    assert_eq!((told.messages.as_slice(), told.end.as_str()), (&[Message::Close(None)][..], "closed"));
}

/// Audio and texts in any order, with pings that come while something is half out, over a pipe that takes a few bytes at a time:
/// no frame stands within another, and what was sent arrives in its order.
#[tokio::test]
async fn what_leaves_is_never_cut_by_something_else() {
    let mut answered = 0;
    for seed in 0..500 {
        // Pending is to mean that the pipe is full or empty, not that the task has had its share.
        answered += tokio::task::unconstrained(answered_in(seed)).await;
    }
    assert!(answered > 100, "{answered}");
}

/// One run of it. How many pings were answered.
async fn answered_in(seed: u64) -> u32 {
    let mut answered = 0;
    let mut random = fastrand::Rng::with_seed(seed);
    let (near, mut far) = duplex(random.usize(1..200));
    let mut socket = socket(near);
    let (mut sent, mut seen) = (Vec::new(), Vec::new());
    let mut cx = Context::from_waker(std::task::Waker::noop());
    let mut ping = Vec::new();
    put(&mut ping, &header(OpCode::Control(Control::Ping), true), b"there?");
    let mut pings = ping.as_slice();
    for _ in 0..random.usize(20..200) {
        match random.u32(..5) {
            0 if socket.poll_ready(&mut cx).is_ready() => {
                let payload: Vec<u8> = std::iter::repeat_with(|| random.u8(b'a'..=b'z')).take(300).collect();
                if random.bool() {
                    let text = String::from_utf8(payload).expect("letters");
                    socket.send(&mut cx, Message::text(text.clone())).expect("it is taken");
                    sent.push(Message::text(text));
                } else {
                    let mut left = Some(&payload);
                    let next = |frame: &mut Vec<u8>| left.take().map(|audio| frame.extend(audio)).is_some();
                    assert!(socket.send_audio(&mut cx, next).expect("open"));
                    sent.push(Message::binary(payload));
                }
            }
            1 => {
                if let Poll::Ready(Ok(bytes)) = Pin::new(&mut far).poll_write(&mut cx, pings) {
                    pings = &pings[bytes..];
                    pings = if pings.is_empty() { &ping } else { pings };
                }
            }
            2 => {
                let mut memory = [const { MaybeUninit::uninit() }; VOICE_RECEIVE_BYTES];
                let mut space = Space::new(&mut memory);
                while let Poll::Ready(next) = socket.poll_next(&mut cx, &mut space) {
                    assert!(matches!(next, Some(Ok(Received::Message(Message::Ping(_))))), "{next:?}");
                }
            }
            3 => drop(socket.poll_flush(&mut cx)),
            _ => {
                take(&mut far, &mut cx, &mut seen);
            }
        }
    }
    while socket.poll_flush(&mut cx).is_pending() {
        take(&mut far, &mut cx, &mut seen);
    }
    while take(&mut far, &mut cx, &mut seen) > 0 {}
    let (mut wire, server) = duplex(1 << 20);
    wire.write_all(&seen).await.expect("there is room");
    drop(wire);
    let mut server = WebSocketStream::from_raw_socket(server, Role::Server, None).await;
    let mut arrived = Vec::new();
    while let Some(Ok(message)) = server.next().await {
        if matches!(message, Message::Pong(_)) {
            answered += 1;
        } else {
            arrived.push(message);
        }
    }
    assert!(arrived == sent, "seed {seed}: {} of {} arrived", arrived.len(), sent.len());
    answered
}

/// Takes what there is, in one step. How many bytes.
fn take(far: &mut DuplexStream, cx: &mut Context<'_>, seen: &mut Vec<u8>) -> usize {
    let mut memory = [0; 150];
    let mut space = ReadBuf::new(&mut memory);
    if Pin::new(far).poll_read(cx, &mut space).is_ready() {
        seen.extend_from_slice(space.filled());
    }
    space.filled().len()
}

/// Several frames that may leave at once leave in one write, up to a bound.
#[tokio::test]
async fn a_lot_leaves_at_once() {
    let (near, far) = duplex(1 << 20);
    let mut socket = socket(near);
    let mut left = 100_u8;
    let mut rounds = 0;
    while left > 0 {
        let sent = poll_fn(|cx| {
            let next = |frame: &mut Vec<u8>| {
                let more = left > 0;
                if more {
                    frame.extend_from_slice(&[left; 641]);
                    left -= 1;
                }
                more
            };
            Poll::Ready(socket.send_audio(cx, next))
        });
        assert!(sent.await.expect("open"));
        rounds += 1;
    }
    assert_eq!(rounds, 100_usize.div_ceil(VOICE_WRITE_BYTES.div_ceil(649)));
    drop(socket);
    let mut server = WebSocketStream::from_raw_socket(far, Role::Server, None).await;
    for expected in (1..=100).rev() {
        let message = server.next().await.expect("open").expect("a message");
        assert_eq!(message, Message::binary(vec![expected; 641]));
    }
}
