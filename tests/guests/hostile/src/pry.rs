//! Looks for a way out: files, sockets, names, the environment. Logs `pry shut WHAT` or `pry open WHAT` for each.

use std::net::{TcpStream, ToSocketAddrs, UdpSocket};

use switchhook_guest::{Failure, Payload, config, http, info, timers, websocket};

use crate::support::{answered, until_the_end};

pub(crate) fn pry() -> Result<(), Failure> {
    answered()?;
    tell(
        "file",
        std::fs::read("/etc/passwd").is_ok() || std::fs::read_dir("/").is_ok() || std::fs::read_dir(".").is_ok(),
    );
    tell("tcp", TcpStream::connect("127.0.0.1:22").is_ok());
    tell("udp", UdpSocket::bind("127.0.0.1:0").is_ok());
    tell("names", "localhost:80".to_socket_addrs().is_ok());
    tell("environment", std::env::vars().next().is_some() || std::env::args().next().is_some());
    until_the_end();
    Ok(())
}

fn tell(what: &str, open: bool) {
    info!("pry {} {what}", if open { "open" } else { "shut" });
}

/// Reads the comma-separated keys in the key `wanted`. Logs `pry config KEY VALUE`, or `pry config KEY -`.
pub(crate) fn config() -> Result<(), Failure> {
    answered()?;
    for key in config::get("wanted").unwrap_or_default().split(',') {
        info!("pry config {key} {}", config::get(key).unwrap_or_else(|| "-".to_owned()));
    }
    until_the_end();
    Ok(())
}

/// Guesses the numbers of others' timers, sockets and requests, and does away with them. Logs `meddle done`.
pub(crate) fn meddle() -> Result<(), Failure> {
    answered()?;
    for id in 0..1_000 {
        timers::cancel(id);
        websocket::close(id, 1000, "mine");
        http::cancel(id);
        if websocket::send(id, &Payload::Text("mine".to_owned())).is_ok() {
            info!("meddle sent to {id}");
        }
    }
    info!("meddle done");
    until_the_end();
    Ok(())
}

/// Waits for an hour, elsewhere than for an event.
pub(crate) fn sleep() -> Result<(), Failure> {
    answered()?;
    std::thread::sleep(std::time::Duration::from_secs(3_600));
    Ok(())
}
