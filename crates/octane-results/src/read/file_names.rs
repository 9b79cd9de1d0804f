//! Names of files, which depend on the system that a test ran on.

use std::borrow::Cow;

use memchr::memchr;

/// Extensions of files with tests, as in the `classname` of JavaScript tools, and of pytest for tests that are not in Python.
const EXTENSIONS: [&str; 33] = [
    "bats", "c", "cc", "cjs", "cpp", "cs", "cts", "dart", "ex", "exs", "feature", "go", "java",
    "js", "jsx", "kt", "lua", "md", "mjs", "mts", "php", "pl", "py", "rb", "robot", "rs", "rst",
    "sh", "ts", "tsx", "txt", "yaml", "yml",
];

/// The last segment of a path, of whichever system.
pub(crate) fn base_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// Whether the last segment of a name with dots is a file extension.
pub(crate) fn is_file_extension(segment: &str) -> bool {
    segment.len() <= "feature".len() && EXTENSIONS.contains(&segment)
}

/// The name with `/` instead of `\` if it is the path of a test file, so that a test is the same one on Windows and
/// elsewhere. Other names, such as the classes `Shop\Cart` of PHP, stay as they are.
pub(crate) fn with_slashes(name: &str) -> Cow<'_, str> {
    let is_path = memchr(b'\\', name.as_bytes()).is_some()
        && name
            .rsplit_once('.')
            .is_some_and(|(_, extension)| is_file_extension(extension));
    if is_path {
        Cow::Owned(name.replace('\\', "/"))
    } else {
        Cow::Borrowed(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_files_get_slashes() {
        for (name, expected) in [
            (r"tests\cart\total.spec.ts", "tests/cart/total.spec.ts"),
            (r"C:\work/tests\a.py", "C:/work/tests/a.py"),
            (r"Shop\Cart\TaxTest", r"Shop\Cart\TaxTest"),
            (r"a\b.c\d", r"a\b.c\d"),
            (r"tests\a_test.sh", "tests/a_test.sh"),
            ("tests/a.py", "tests/a.py"),
            ("", ""),
        ] {
            assert_eq!(with_slashes(name), expected);
        }
    }
}
