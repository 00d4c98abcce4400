//! What the host puts in: for the named hosts, over TLS, and nobody's to set or see.

use network::{Policy, SecretHeader, SecretRule};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::kit::{Authority, Handler, NAME, Names, Stream, code, listen, rules, with_secrets};

fn keyed(hosts: &[String], prefix: &str) -> SecretRule {
    SecretRule { header: SecretHeader::new("authorization", prefix, "hunter2").unwrap(), hosts: rules(hosts) }
}

/// The head of what is asked, up to the empty line.
async fn head(stream: &mut (dyn Stream + '_)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap().to_lowercase()
}

/// Two servers behind two ports of one name; the secret is for the first.
#[tokio::test]
async fn a_secret_goes_to_its_host_alone() {
    let authority = Authority::new();
    let ((first, first_port), (second, second_port)) = (listen().await, listen().await);
    let hosts = [format!("{NAME}:{first_port}"), format!("{NAME}:{second_port}")];
    let policy = Policy { private_hosts: rules(&hosts), ..Policy::default() };
    let policy = with_secrets(policy, vec![keyed(&hosts[..1], "Bearer ")]);
    let mut handler = Handler::new(authority.trust(), Names::leading(&[(NAME, &[&["127.0.0.1"]])]), policy);
    let served = tokio::spawn(async move {
        let mut heads = Vec::new();
        for listener in [&first, &second, &first] {
            let (tcp, _) = listener.accept().await.unwrap();
            let mut stream = authority.accept(tcp).await.unwrap();
            heads.push(head(&mut *stream).await);
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        }
        heads
    });
    let url = |port: u16| format!("https://{NAME}:{port}/v1");
    for port in [first_port, second_port] {
        handler.0.request("GET", &url(port), &[("x-mine".into(), "yes".into())], Vec::new()).unwrap();
        assert!(matches!(handler.next().await, call::NetworkEvent::HttpHead(_, 204, _)));
        assert!(matches!(handler.next().await, call::NetworkEvent::HttpEnd(_, Ok(()))));
    }
    let reason = handler.closed(&format!("wss://{NAME}:{first_port}/")).await;
    assert!(reason.starts_with("REFUSED: ") && reason.contains("204"), "{reason}");
    let heads = served.await.unwrap();
    assert!(heads[0].contains("authorization: bearer hunter2\r\n") && heads[0].contains("x-mine: yes"), "{}", heads[0]);
    assert!(!heads[1].contains("hunter2"), "{}", heads[1]);
    assert!(heads[2].contains("authorization: bearer hunter2\r\n") && heads[2].contains("upgrade: websocket"));
}

#[tokio::test]
async fn a_handler_cannot_set_a_secrets_header_nor_have_it_sent_in_the_clear() {
    let hosts = [format!("{NAME}:1")];
    let policy = Policy { private_hosts: rules(&[hosts[0].clone(), "other.test:1".into()]), ..Policy::default() };
    let policy = with_secrets(policy, vec![keyed(&hosts, "")]);
    let mut handler = Handler::new(Authority::new().trust(), Names::leading(&[]), policy);
    let mine = [("Authorization".to_string(), "mine".to_string())];
    assert_eq!(code(handler.0.open(&format!("wss://{NAME}:1/"), &mine)), "INVALID");
    assert_eq!(code(handler.0.request("GET", &format!("https://{NAME}:1/"), &mine, Vec::new())), "INVALID");
    assert_eq!(code(handler.0.request("GET", "https://other.test:1/", &mine, Vec::new())), "OK", "no secret is there");
    assert_eq!(code(handler.0.open(&format!("ws://{NAME}:1/"), &[])), "INVALID");
    assert_eq!(code(handler.0.request("GET", &format!("http://{NAME}:1/"), &[], Vec::new())), "INVALID");
}
