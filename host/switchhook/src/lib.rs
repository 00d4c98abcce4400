//! The switchhook binary: command line and configuration; composes everything.
