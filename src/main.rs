//! The binary that the Functions host starts.
fn main() {}
