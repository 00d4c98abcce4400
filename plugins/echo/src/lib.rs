//! Echo
