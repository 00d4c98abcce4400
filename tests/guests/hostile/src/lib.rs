//! Hostile
