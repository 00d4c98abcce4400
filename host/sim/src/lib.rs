//! A Telcoflow server with scripted callers and seeded faults.
