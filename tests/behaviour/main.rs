//! The handler's behaviour, seen from outside.
