//! The carrier-neutral telephone call: inbox, playout, states, commands and timers; no IO, no clock.
