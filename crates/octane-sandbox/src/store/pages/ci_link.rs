//! Where a suite run was executed, decided from what its runs say.

use octane_results::is_safe_link;

/// Runs of a suite run with the same build and the same report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) runs: i64,
    /// Server, job and build in words; empty without a build.
    pub(crate) build: Vec<String>,
    pub(crate) server_url: Option<String>,
    pub(crate) report_url: Option<String>,
}

/// A CI run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CiLink {
    /// Such as `Jenkins · shop-nightly · 4711`; empty if nothing but a URL is known.
    pub(crate) build: Vec<String>,
    pub(crate) url: Option<String>,
}

/// The CI runs of a suite run with `total` runs, those with most runs first.
///
/// | build | report | shown |
/// | --- | --- | --- |
/// | named | the same for several runs, or of the only run | the build, linked to the report |
/// | named | another one for each run | the build, linked to the CI server |
/// | named | none | the build, linked to the CI server |
/// | – | the same for several runs, or of the only run | the report |
/// | – | another one for each run, or none | nothing: the runs have links of their own |
///
/// Only `http` and `https` URLs are linked, and nothing is shown twice.
pub(crate) fn ci_links(mut origins: Vec<Origin>, total: i64) -> Vec<CiLink> {
    origins.sort_by_key(|origin| std::cmp::Reverse(origin.runs));
    let mut links: Vec<CiLink> = Vec::new();
    for origin in origins {
        let is_shared = origin.runs > 1 || total == 1;
        let report = origin.report_url.filter(|_| is_shared);
        let server = origin.server_url.filter(|_| !origin.build.is_empty());
        let url = [report, server]
            .into_iter()
            .flatten()
            .find(|url| is_web(url));
        if url.is_none() && origin.build.is_empty() {
            continue;
        }
        let link = CiLink {
            build: origin.build,
            url,
        };
        // The build of a run with a report of its own is often that of others.
        let is_known = links.iter().any(|known| {
            known == &link || !link.build.is_empty() && known.build == link.build && !is_shared
        });
        if !is_known {
            links.push(link);
        }
    }
    links
}

fn is_web(url: &str) -> bool {
    is_safe_link(url)
        && ["http://", "https://"]
            .iter()
            .any(|scheme| url.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CI: &str = "https://ci.example/";
    const RUN: &str = "https://ci.example/job/7";

    fn origin(runs: i64, build: &[&str], report: Option<&str>) -> Origin {
        Origin {
            runs,
            build: build.iter().map(|&part| part.to_owned()).collect(),
            server_url: Some(CI.to_owned()),
            report_url: report.map(str::to_owned),
        }
    }

    fn shown(origins: &[Origin], total: i64) -> Vec<(String, Option<String>)> {
        let links = ci_links(origins.to_vec(), total).into_iter();
        links.map(|link| (link.build.join(" "), link.url)).collect()
    }

    #[test]
    fn the_build_is_linked_to_what_is_known_of_it() {
        let linked = |build: &str, url: &str| vec![(build.to_owned(), Some(url.to_owned()))];
        for (origins, total, expected) in [
            (
                vec![origin(9, &["job", "7"], Some(RUN))],
                9,
                linked("job 7", RUN),
            ),
            (
                vec![origin(1, &["job", "7"], Some(RUN))],
                1,
                linked("job 7", RUN),
            ),
            (
                vec![
                    origin(1, &["job"], Some(RUN)),
                    origin(1, &["job"], Some(CI)),
                ],
                2,
                linked("job", CI),
            ),
            (vec![origin(9, &["job"], None)], 9, linked("job", CI)),
            (vec![origin(9, &[], Some(RUN))], 9, linked("", RUN)),
            (vec![origin(1, &[], Some(RUN))], 9, Vec::new()),
            (vec![origin(9, &[], None)], 9, Vec::new()),
            (
                vec![
                    origin(1, &["job"], Some(CI)),
                    origin(8, &["job"], Some(RUN)),
                ],
                9,
                linked("job", RUN),
            ),
        ] {
            assert_eq!(shown(&origins, total), expected, "{origins:?}");
        }
    }

    #[test]
    fn only_web_pages_are_linked() {
        let mut origin = origin(9, &["job"], Some("javascript:alert(1)"));
        origin.server_url = Some("file:///etc/passwd".to_owned());
        assert_eq!(shown(&[origin], 9), [("job".to_owned(), None)]);
    }
}
