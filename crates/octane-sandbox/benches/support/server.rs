//! A sandbox in a process of its own, which is the benchmark itself once more.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use octane_sandbox::{Running, Sandbox, Settings, Storage};

/// Makes the program the process that is measured, with this file; in memory if that is empty.
const SERVE: &str = "SANDBOX_BENCH_SERVE";

/// The file that this process has to serve, if it was started for that.
pub(crate) fn served_file() -> Option<PathBuf> {
    std::env::var_os(SERVE).map(PathBuf::from)
}

/// Starts a process that serves a file until its standard input ends, and reads the line that it prints.
pub(crate) fn started(file: &Path) -> (Child, String) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .env(SERVE, file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    (child, line.trim().to_owned())
}

/// Serves until the standard input ends; `line` is what to print, once it listens.
pub(crate) fn serve(file: PathBuf, line: impl FnOnce(&Running) -> String) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let storage = if file.as_os_str().is_empty() {
        Storage::Memory
    } else {
        Storage::File(file)
    };
    let running = runtime.block_on(Sandbox::start_with(Settings::default().storage(storage)));
    let running = running.unwrap();
    println!("{}", line(&running));
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).unwrap();
    runtime.block_on(running.shutdown());
}
