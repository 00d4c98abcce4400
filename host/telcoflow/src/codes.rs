//! Failure codes that this host makes itself. Codes of the server pass unchanged beside them.

/// No answer within the deadline. The server uses the same word for its own deadline.
pub const TIMEOUT: &str = "TIMEOUT";

/// The socket was lost before the answer came.
pub const LINK_LOST: &str = "LINK_LOST";

/// The server granted a request with contents that make no sense.
pub const BAD_RESPONSE: &str = "BAD_RESPONSE";

/// The server refused without saying why.
pub const UNKNOWN: &str = "UNKNOWN";

/// A session with this address is open already: the server answered `session.create` with `created` false. The word is
/// the public SDK's.
pub const SESSION_ALREADY_EXISTS: &str = "SESSION_ALREADY_EXISTS";
