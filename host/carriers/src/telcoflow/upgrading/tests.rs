use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::*;

/// Upgrades; `answer` makes the server's answer from the request's key, which comes in steps of so many bytes.
async fn upgrade(
    answer: impl FnOnce(&str) -> Vec<u8> + Send + 'static,
    step: usize,
) -> Result<(DuplexStream, Vec<u8>), Error> {
    let (near, mut far) = duplex(1 << 16);
    let serving = tokio::spawn(async move {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            assert_ne!(far.read_buf(&mut request).await.expect("a request"), 0);
        }
        let request = String::from_utf8(request).expect("text");
        let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).expect("a key");
        for part in answer(key).chunks(step) {
            far.write_all(part).await.expect("somebody reads");
            tokio::task::yield_now().await;
        }
        far
    });
    let upgraded = client_async("ws://server/voice", Upgrading::new(near)).await;
    let mut far = serving.await.expect("the server did its part");
    let (mut near, mut arrived) = upgraded?.0.into_inner().into_parts();
    // What had not arrived by then.
    far.shutdown().await.expect("the pipe is whole");
    near.read_to_end(&mut arrived).await.expect("the pipe is whole");
    Ok((near, arrived))
}

fn accepting(key: &str, line_end: &str) -> String {
    let accept = derive_accept_key(key.as_bytes());
    let lines =
        ["HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Accept: "];
    [lines.join(line_end), accept, line_end.repeat(2)].concat()
}

#[tokio::test]
async fn what_comes_behind_the_head_is_kept() {
    let behind = b"\x82\x03a\n\n\x82\x01d";
    // The library takes smaller steps for an attack.
    for (line_end, step) in [("\r\n", 4_096), ("\n", 4_096), ("\r\n", 3), ("\n", 3), ("\r\n", 7)] {
        let answer = move |key: &str| [accepting(key, line_end).as_bytes(), behind].concat();
        let (_, arrived) = upgrade(answer, step).await.expect("accepted");
        assert_eq!(arrived, behind, "line end {line_end:?} in steps of {step}");
    }
}

#[tokio::test]
async fn a_refusal_passes_whole() {
    let answer = |_: &str| b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 9\r\n\r\nwho is it".to_vec();
    let Err(Error::Http(response)) = upgrade(answer, 4_096).await else { panic!("it is refused") };
    assert_eq!(response.body().as_deref(), Some(b"who is it".as_slice()));
}

#[test]
fn heads_end_at_the_first_empty_line() {
    let head = accepting(&generate_key(), "\r\n");
    assert_eq!(head_bytes(head.as_bytes()), Some(head.len()));
    assert_eq!(head_bytes(&head.as_bytes()[..head.len() - 1]), None);
    assert_eq!(head_bytes(b"HTTP/1.1 101 x\n\nrest"), Some(16));
    assert!(accepts(head.as_bytes()) && !accepts(b"HTTP/1.1 401 101\r\n\r\n") && !accepts(b""));
}
