//! A simulated call for unit tests of handlers, in Node.js: a caller with a script, a host in memory, virtual time.
//!
//! ```js
//! const report = await new Caller().hearsOut().presses("1").nobodyAnswers().run(menu);
//! assert.deepEqual(report.commands, ["answer", "connect 20", "close"]);
//! ```
//!
//! Time passes only while the handler waits; a call of a minute takes milliseconds. What is played is heard at once, at the pace
//! of speech. Codes and states are those of the contract; what needs a grant answers `NOT_GRANTED`, but for recordings when
//! they are granted. A handler that spins without awaiting hangs.

export { Caller, Report } from "./caller.js";
