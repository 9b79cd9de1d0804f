//! The memory that a relay keeps.

/// Starts the program once more, with at most two arenas.
///
/// The allocator of glibc keeps what was freed in an arena of each thread, and other threads do not use it: with up to eight for each
/// processor, a relay keeps twice as much memory as with two. How many there may be is read from a variable when a program starts, so
/// it is set for the same process, with the same arguments, before anything else is done. If the variable is set, it counts.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn bound() {
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    use crate::env::{MALLOC_ARENA_MAX, read};

    if read(MALLOC_ARENA_MAX).is_some() {
        return;
    }
    let mut arguments = std::env::args_os();
    let mut again = Command::new("/proc/self/exe");
    if let Some(name) = arguments.next() {
        again.arg0(name);
    }
    // It returns only if that is not possible, and then the relay just keeps more.
    let _ = again.args(arguments).env(MALLOC_ARENA_MAX, "2").exec();
}

/// Other allocators have no arenas of that kind.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn bound() {}
