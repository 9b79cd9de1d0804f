//! Payloads of test results.

use octane_results::{Leniency, check_with, read_payload_with};

/// Checking and reading agree about what is wrong, problems have a place, and the lenient reader takes
/// whatever the strict one takes.
///
/// # Panics
///
/// Where that does not hold.
pub fn payload(bytes: &[u8]) {
    let read = [Leniency::Official, Leniency::AcceptEvidence].map(|leniency| {
        let checked = check_with(bytes, leniency);
        let read = read_payload_with(bytes, leniency);
        match (&checked, &read) {
            (Ok(()), Ok(_)) => {}
            (Err(checked), Err(read)) => {
                assert_eq!(checked, read);
                assert!(!read.problems().is_empty());
                for problem in read.problems() {
                    assert!(problem.line >= 1 && problem.column >= 1, "{problem}");
                }
            }
            disagreement => panic!("{leniency:?}: {disagreement:?}"),
        }
        read.ok()
    });
    if let [Some(strict), lenient] = &read {
        assert_eq!(Some(strict), lenient.as_ref());
    }
}
