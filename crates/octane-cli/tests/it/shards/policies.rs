//! What the options of each shard mean for the last step.

use super::{export_from, merge, table, upload_with};
use crate::server::Server;

#[test]
fn a_shard_that_only_warns_does_not_make_a_missing_one_a_success() {
    let warn = ["--on-upload-error", "warn"];
    for lenient in ["1/3", "2/3"] {
        let server = Server::new();
        for shard in ["1/3", "2/3"] {
            let more = if shard == lenient { &warn[..] } else { &[] };
            let spool = shard.replace('/', "-");
            let done = upload_with(&server, shard, &table(shard), &spool, more);
            assert_eq!(done.code, 0, "{done:?}");
            export_from(&server, &spool);
        }
        let done = merge(&server, &[]);
        assert_eq!(done.code, 5, "{lenient}: {done:?}");
        assert_eq!(merge(&server, &warn).code, 0, "{lenient}");
    }
}

#[test]
fn the_last_shard_judges_all_of_them_as_strictly_as_the_strictest() {
    let failed = "name,status,jira\na,failed,SHOP-101\n";
    let unknown = "name,status,jira\na,passed,SHOP-99999\n";
    for (rows, option, code) in [
        (failed, ["--on-test-failure", "fail"], 9),
        (unknown, ["--on-unresolved", "fail"], 10),
    ] {
        let server = Server::new();
        upload_with(&server, "1/2", rows, "shared", &option);
        let last = upload_with(&server, "2/2", &table("2"), "shared", &[]);
        assert_eq!(last.code, code, "{last:?}");
    }
}
