//! Lets the extension leave Python's symbols undefined on macOS, where the linker has to be told.

fn main() {
    pyo3_build_config::add_extension_module_link_args();
}
