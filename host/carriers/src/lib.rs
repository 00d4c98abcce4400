//! The sockets that bring calls: Telcoflow's session manager and voice links.
