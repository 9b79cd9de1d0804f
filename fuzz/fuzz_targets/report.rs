#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use octane_results::Format;

/// With `OCTANE_FUZZ_FORMAT=junit`, everything is read as this format, whatever the first byte is.
static FORMAT: LazyLock<Option<Format>> = LazyLock::new(|| {
    let name = std::env::var("OCTANE_FUZZ_FORMAT").ok()?;
    Some(name.parse().expect("the name of a format"))
});

fuzz_target!(|bytes: &[u8]| match (*FORMAT, bytes) {
    (Some(format), [_, bytes @ ..]) => octane_fuzz::report_as(Some(format), bytes),
    (_, bytes) => octane_fuzz::report(bytes),
});
