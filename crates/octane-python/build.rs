//! Passes the linker options that an extension module needs on macOS, where Python's symbols stay undefined.

fn main() {
    pyo3_build_config::add_extension_module_link_args();
}
