//! The program `octane`.
fn main() {}
