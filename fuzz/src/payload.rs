//! Payloads of test results.

use octane_results::{Schema, check_with, read_payload_with};

/// Checking and reading report the same problems, which have positions, and the lenient schema accepts
/// everything that the official one accepts.
///
/// # Panics
///
/// If that does not hold.
pub fn payload(bytes: &[u8]) {
    let read = [Schema::Official, Schema::OfficialOrEvidence].map(|schema| {
        let checked = check_with(bytes, schema);
        let read = read_payload_with(bytes, schema);
        match (&checked, &read) {
            (Ok(()), Ok(_)) => {}
            (Err(checked), Err(read)) => {
                assert_eq!(checked, read);
                assert!(!read.problems().is_empty());
                for problem in read.problems() {
                    assert!(problem.line >= 1 && problem.column >= 1, "{problem}");
                }
            }
            disagreement => panic!("{schema:?}: {disagreement:?}"),
        }
        read.ok()
    });
    if let [Some(strict), lenient] = &read {
        assert_eq!(Some(strict), lenient.as_ref());
    }
}
