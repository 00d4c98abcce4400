use std::io;
use std::sync::Mutex;

use telcoflow::frame::AudioMode;
use telcoflow::link::LinkConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::oneshot;

use super::*;
use crate::dial::{ByteStream, Dialed};
use crate::telcoflow::{Credentials, Secret};

const KEY: &str = "the-key-that-is-secret";

/// Gives out one end of a pipe, once.
struct Pipe(Mutex<Option<DuplexStream>>);

impl Dial for Pipe {
    fn dial(&self, _: &Url) -> Dialed {
        let stream = self.0.lock().expect("no panic under the lock").take();
        Box::pin(async move {
            let refused = |error| DialError::Unreachable { address: "pipe".into(), error };
            let stream = stream.ok_or_else(|| refused(io::ErrorKind::ConnectionRefused.into()))?;
            Ok(Box::new(stream) as Box<dyn ByteStream>)
        })
    }
}

fn client(stream: Option<DuplexStream>, base_url: &str) -> RestClient {
    let credentials =
        Credentials { api_key: Secret::new(KEY), connector_uuid: "00000000-0000-4000-8000-000000000001".into() };
    let manager = ManagerConfig {
        base_url: Url::parse(base_url).expect("a URL"),
        credentials: Some(credentials),
        sdk_version: "1.0.0".into(),
        link: LinkConfig { sample_rate_hz: 16_000, audio_mode: AudioMode::Mixed, call_flow: None },
    };
    RestClient::new(manager, Arc::new(Pipe(Mutex::new(stream))))
}

/// A client whose server reads one request and writes this; what it read.
fn served(answer: Vec<u8>) -> (RestClient, oneshot::Receiver<String>) {
    let (near, mut far) = tokio::io::duplex(4 << 20);
    let (told, request) = oneshot::channel();
    tokio::spawn(async move {
        let mut read = Vec::new();
        while !read.ends_with(b"\r\n\r\n") {
            read.push(far.read_u8().await.expect("a request comes whole"));
        }
        far.write_all(&answer).await.expect("a pipe");
        let _ = told.send(String::from_utf8(read).expect("text"));
    });
    (client(Some(near), "wss://telcoflow.example:8443/"), request)
}

fn answer(status: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn on_a_clock<T>(test: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().start_paused(true).build().expect("a runtime").block_on(test)
}

#[test]
fn a_list_asks_as_the_sdk_does() {
    on_a_clock(async {
        let (client, request) = served(answer("200 OK", r#"{"items":[{"id":"s1","channel":"TELCO"}]}"#));
        let filter = SessionFilter { channel: Some(Channel::Telco), remote_address: Some("+15550123".into()) };
        let sessions = client.sessions(&filter).await.expect("a list");
        assert_eq!((sessions.len(), sessions[0].id.as_str()), (1, "s1"));
        let expected = [
            "GET /public/v1/sessions?channel=TELCO&remoteAddress=%2B15550123&state=OPEN HTTP/1.1",
            "host: telcoflow.example:8443",
            "accept: */*",
            &format!("x-api-key: {KEY}"),
            "x-connector-uuid: 00000000-0000-4000-8000-000000000001",
            "x-sdk-version: 1.0.0",
            "",
            "",
        ];
        assert_eq!(request.await.expect("it was read"), expected.join("\r\n"));
    });
}

#[test]
fn a_close_tells_closed_from_gone() {
    on_a_clock(async {
        let (client, request) = served(answer("200 OK", r#"{"closedAt":5,"reason":"SDK_REQUEST"}"#));
        let closed = client.close("s/1 ?").await.expect("closed");
        let expected = SessionClosed { closed_at_s: Some(5), reason: "SDK_REQUEST".into() };
        assert_eq!(closed, Closing::Closed(expected));
        let request = request.await.expect("it was read");
        assert!(request.starts_with("POST /public/v1/sessions/s%2F1%20%3F/close HTTP/1.1\r\n"), "{request}");
        assert!(request.contains("\r\ncontent-length: 0\r\n"), "{request}");

        let (client, _request) = served(answer("404 Not Found", r#"{"code":"SESSION_NOT_FOUND","message":"no"}"#));
        assert_eq!(client.close("s1").await.expect("no error"), Closing::Gone);
    });
}

#[test]
fn an_id_that_would_change_the_path_is_not_sent() {
    on_a_clock(async {
        for id in ["", ".", ".."] {
            let refused = client(None, "ws://telcoflow.example").close(id).await;
            assert!(matches!(refused, Err(RestError::BadRequest(_))), "{refused:?}");
        }
    });
}

#[test]
fn a_refusal_carries_its_code_and_shows_no_words() {
    on_a_clock(async {
        let body = r#"{"code":"FORBIDDEN","message":"not for +15550123"}"#;
        let (client, _request) = served(answer("403 Forbidden", body));
        let error = client.sessions(&SessionFilter::default()).await.expect_err("refused");
        assert_eq!(error.to_string(), "the server refuses the request with FORBIDDEN (status 403)");
        let RestError::Refused { status: 403, code, message } = error else { panic!("{error:?}") };
        assert_eq!((code.as_str(), message.as_str()), ("FORBIDDEN", "not for +15550123"));

        let (client, _request) = served(answer("302 Found", "elsewhere"));
        let error = client.close("s1").await.expect_err("not followed");
        assert!(matches!(&error, RestError::Refused { status: 302, code, .. } if code == "UNKNOWN"), "{error:?}");
    });
}

#[test]
fn what_is_too_long_or_no_http_is_the_servers_fault() {
    on_a_clock(async {
        let long_body = answer("200 OK", &" ".repeat(REST_BODY_BYTES_MAX + 1));
        let long_head = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(REST_HEAD_BYTES_MAX + 1)).into_bytes();
        for odd in [long_body, long_head, b"220 smtp ready\r\n\r\n".to_vec(), answer("200 OK", "[]")] {
            let (client, _request) = served(odd);
            let error = client.sessions(&SessionFilter::default()).await.expect_err("not usable");
            assert!(matches!(error, RestError::BadAnswer(_)), "{error:?}");
        }
    });
}

#[test]
fn a_server_that_breaks_off_or_is_not_there_is_unreachable() {
    on_a_clock(async {
        let half = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{".to_vec();
        for cut in [half, Vec::new()] {
            let (client, _request) = served(cut);
            let error = client.sessions(&SessionFilter::default()).await.expect_err("cut");
            assert!(matches!(error, RestError::Unreachable(_)), "{error:?}");
        }
        let error = client(None, "ws://telcoflow.example").close("s1").await.expect_err("nobody");
        assert!(matches!(error, RestError::Unreachable(_)), "{error:?}");
    });
}

#[test]
fn everything_together_has_one_deadline() {
    on_a_clock(async {
        let (near, mut far) = tokio::io::duplex(1 << 16);
        let client = client(Some(near), "ws://telcoflow.example");
        let began = tokio::time::Instant::now();
        let drip = async move {
            let mut read = Vec::new();
            while !read.ends_with(b"\r\n\r\n") {
                read.push(far.read_u8().await.expect("a request comes whole"));
            }
            far.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n").await.expect("a pipe");
            let mut second = tokio::time::interval(Duration::from_secs(1));
            loop {
                second.tick().await;
                far.write_all(b" ").await.expect("a pipe");
            }
        };
        let error = tokio::select! {
            closed = client.close("s1") => closed.expect_err("too slow"),
            () = drip => unreachable!("it drips for ever"),
        };
        assert!(matches!(error, RestError::Late), "{error:?}");
        assert_eq!(began.elapsed(), Duration::from_millis(REST_MS_MAX));
    });
}
