//! Names and addresses: what is dialled is what was checked.

use std::sync::atomic::Ordering;
use std::time::Duration;

use network::{Policy, Trust};
use tokio_tungstenite::accept_async;

use crate::kit::{Authority, Handler, NAME, Names, code, listen, private, rules};

/// Nobody came.
async fn is_untouched(listener: &tokio::net::TcpListener) -> bool {
    tokio::time::timeout(Duration::from_millis(100), listener.accept()).await.is_err()
}

#[tokio::test]
async fn a_listed_name_that_leads_inside_is_refused_and_nothing_is_dialled() {
    let (listener, port) = listen().await;
    let inside: [&[&str]; 7] = [
        &["127.0.0.1"],
        &["::ffff:127.0.0.1"],
        &["169.254.169.254"],
        &["10.0.0.1", "192.168.0.1"],
        &["fd00:ec2::254"],
        &["0.0.0.0"],
        &["::1", "fe80::1", "127.0.0.1"],
    ];
    for addresses in inside {
        let names = Names::leading(&[("api.example.com", &[addresses])]);
        let policy = Policy { hosts: rules(&[format!("api.example.com:{port}")]), ..Policy::default() };
        let mut handler = Handler::new(Trust::Roots(Vec::new()), names.clone(), policy);
        let reason = handler.closed(&format!("wss://api.example.com:{port}/")).await;
        assert!(reason.starts_with("NOT_GRANTED: "), "{addresses:?}: {reason}");
        assert!(!addresses.iter().any(|address| reason.contains(address)), "{reason}");
        assert!(!handler.0.is_busy());
    }
    assert!(is_untouched(&listener).await);
}

#[tokio::test]
async fn the_machines_own_resolver_is_checked_too() {
    let (listener, port) = listen().await;
    let policy = Policy { hosts: rules(&[format!("localhost:{port}")]), ..Policy::default() };
    let networks = network::Networks::new(Trust::Roots(Vec::new()), std::sync::Arc::new(network::SystemResolver));
    let mut handler = Handler(networks.unwrap().plugin("acme", "test", policy).begin());
    let reason = handler.closed(&format!("wss://localhost:{port}/")).await;
    assert!(reason.starts_with("NOT_GRANTED: "), "{reason}");
    assert!(is_untouched(&listener).await);
}

#[tokio::test]
async fn a_name_is_looked_up_once_and_a_private_one_leads_to_no_metadata() {
    let authority = Authority::new();
    let (listener, port) = listen().await;
    // Whoever asked again would be led to the metadata.
    let names = Names::leading(&[(NAME, &[&["169.254.169.254", "127.0.0.1"], &["169.254.169.254"]])]);
    let mut handler = Handler::new(authority.trust(), names.clone(), private(NAME, port));
    let served = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        drop(accept_async(authority.accept(tcp).await.unwrap()).await.unwrap());
    });
    handler.open(&format!("wss://{NAME}:{port}/")).await;
    assert_eq!(names.asked.load(Ordering::SeqCst), 1);
    served.await.unwrap();
    let reason = handler.closed(&format!("wss://{NAME}:{port}/")).await;
    assert!(reason.starts_with("LINK_LOST") || reason.starts_with("NOT_GRANTED"), "{reason}");
}

#[tokio::test]
async fn what_is_not_listed_is_refused_at_once() {
    let mut handler = Handler::plain(1);
    let mut open = |url: &str| code(handler.0.open(url, &[]));
    assert_eq!(open("wss://example.com/"), "NOT_GRANTED");
    assert_eq!(open("ws://127.0.0.1:2/"), "NOT_GRANTED");
    assert_eq!(open("ws://localhost:1/"), "NOT_GRANTED");
    assert_eq!(open("http://127.0.0.1:1/"), "INVALID");
    assert_eq!(open("no url"), "INVALID");
    assert!(!handler.0.is_busy());
}

#[tokio::test]
async fn a_certificate_must_be_trusted_and_be_for_the_name() {
    let (authority, other) = (Authority::new(), Authority::new());
    let (listener, port) = listen().await;
    let names = Names::leading(&[(NAME, &[&["127.0.0.1"]]), ("other.test", &[&["127.0.0.1"]])]);
    let strangers = other.trust();
    let trusted = authority.trust();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            // It is refused here, and that is what the test is about.
            drop(authority.accept(tcp).await);
        }
    });
    for (name, trust) in [(NAME, strangers), ("other.test", trusted)] {
        let mut handler = Handler::new(trust, names.clone(), private(name, port));
        let reason = handler.closed(&format!("wss://{name}:{port}/")).await;
        assert!(reason.starts_with("TLS: the host's certificate"), "{name}: {reason}");
    }
}

#[tokio::test]
async fn nobody_and_no_name_are_unreachable() {
    let (listener, port) = listen().await;
    drop(listener);
    let mut handler = Handler::plain(port);
    let reason = handler.closed(&format!("ws://127.0.0.1:{port}/")).await;
    assert!(reason.starts_with("UNREACHABLE: ") && !reason.contains("127.0.0.1"), "{reason}");
    let mut handler = Handler::new(Trust::Roots(Vec::new()), Names::leading(&[]), private("nowhere.test", 1));
    assert!(handler.closed("ws://nowhere.test:1/").await.starts_with("UNREACHABLE: "));
}
