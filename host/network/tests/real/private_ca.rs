//! A CA of the operator's own: it vouches for the private hosts of its plugin, and for nobody else.

use network::{Policy, PrivateCa, PrivateCaError, Trust};

use crate::kit::{Authority, Handler, NAME, Names, listen, private, rules};

async fn answers(authority: &Authority, policy: impl FnOnce(u16) -> Policy) -> String {
    let (listener, port) = listen().await;
    let serving = async {
        let (tcp, _) = listener.accept().await.unwrap();
        // Refused on the other side: no handshake.
        let Ok(stream) = authority.accept(tcp).await else { return std::future::pending().await };
        let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
        while futures_util::StreamExt::next(&mut socket).await.is_some() {}
    };
    let names = Names::leading(&[(NAME, &[&["127.0.0.1"]])]);
    let mut handler = Handler::new(Trust::Roots(Vec::new()), names, policy(port));
    let asking = async {
        handler.0.open(&format!("wss://{NAME}:{port}/"), &[]).unwrap();
        format!("{:?}", handler.next().await)
    };
    tokio::select! {
        () = serving => panic!("it serves until it is asked no more"),
        told = asking => told,
    }
}

#[tokio::test]
async fn it_vouches_for_private_hosts_alone() {
    let (authority, other) = (Authority::new(), Authority::new());
    let with = |ca: &Authority| Some(PrivateCa::from_pem(ca.pem().as_bytes()).unwrap());
    let (good, bad) = (with(&authority), with(&other));
    let told = answers(&authority, |port| Policy { private_ca: good.clone(), ..private(NAME, port) }).await;
    assert_eq!(told, "SocketOpen(1)");
    for ca in [None, bad] {
        let told = answers(&authority, |port| Policy { private_ca: ca, ..private(NAME, port) }).await;
        assert_eq!(told, "SocketClosed(1, 1006)");
    }
    // A host of the public list is not vouched for, wherever it leads; and this one leads inside.
    let public = |port| Policy { hosts: rules(&[format!("{NAME}:{port}")]), private_ca: good, ..Policy::default() };
    let (listener, port) = listen().await;
    let names = Names::leading(&[(NAME, &[&["127.0.0.1"]])]);
    let reason =
        Handler::new(Trust::Roots(Vec::new()), names, public(port)).closed(&format!("wss://{NAME}:{port}/")).await;
    assert!(reason.starts_with("NOT_GRANTED"), "{reason}");
    drop(listener);
}

#[test]
fn what_is_no_certificate_is_refused() {
    assert!(matches!(PrivateCa::from_pem(b""), Err(PrivateCaError::Empty)));
    let broken = "-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n";
    assert!(matches!(PrivateCa::from_pem(broken.as_bytes()), Err(PrivateCaError::Pem)));
}
