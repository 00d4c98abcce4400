//! Looks for a way out: files, sockets, names, the environment. Logs `pry shut WHAT` or `pry open WHAT` for each.

use std::net::{TcpStream, ToSocketAddrs, UdpSocket};

use switchhook_guest::{Failure, info};

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
