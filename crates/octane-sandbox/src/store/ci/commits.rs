//! SCM commits, and the backlog items that their comments mention.

use crate::ci_report::{Commit, ScmData};
use crate::error::ApiError;
use crate::store::writer::Writer;

/// What comments call each type, in lower case; longer names first.
const WORDS: [(&str, &str); 6] = [
    ("quality story", "quality_story"),
    ("user story", "story"),
    ("story", "story"),
    ("defect", "defect"),
    ("bug", "defect"),
    ("feature", "feature"),
];

/// No comment mentions more.
const MENTIONED_MAX: usize = 100;

/// The backlog items that a comment mentions: type and ID, such as `user story #3001`, `defect 17:` or `bug:17`.
pub(crate) fn mentioned(comment: &str) -> Vec<(&'static str, i64)> {
    let lower = comment.to_ascii_lowercase();
    let mut found = Vec::new();
    let mut at = 0;
    while at < lower.len() && found.len() < MENTIONED_MAX {
        let rest = &lower[at..];
        let is_start = !lower[..at].ends_with(|before: char| before.is_alphanumeric());
        let hit = WORDS
            .iter()
            .find(|(word, _)| is_start && rest.starts_with(word));
        let Some((word, entity_type)) = hit else {
            at += rest.chars().next().map_or(1, char::len_utf8);
            continue;
        };
        at += word.len();
        let after = lower[at..].trim_start_matches([' ', '#', ':', '-', '_']);
        let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
        if let Ok(id) = digits.parse()
            && !found.contains(&(*entity_type, id))
        {
            found.push((*entity_type, id));
        }
    }
    found
}

impl Writer<'_> {
    /// Adds the commits of a build.
    pub(crate) fn add_commits(self, build: i64, data: &ScmData) -> Result<(), ApiError> {
        for row_id in self.commits(data)? {
            self.connection
                .prepare_cached(
                    "INSERT OR IGNORE INTO ci_build_commits (ci_build, scm_commit) VALUES (?, ?)",
                )?
                .execute((build, row_id))?;
        }
        Ok(())
    }

    /// The row IDs of commits; those that are not known are created.
    pub(super) fn commits(self, data: &ScmData) -> Result<Vec<i64>, ApiError> {
        self.branch(&data.repository)?;
        let named = data
            .commits
            .iter()
            .filter_map(|commit| Some((commit.rev_id.as_ref()?, commit)));
        named
            .map(|(revision, commit)| self.commit(revision, commit, data))
            .collect()
    }

    fn commit(self, revision: &str, commit: &Commit, data: &ScmData) -> Result<i64, ApiError> {
        let url = &data.repository.url;
        let sql = "SELECT id FROM scm_commits WHERE rev_id = ? AND repository_url IS ?";
        if let Some(known) = self.number(sql, (revision, url))? {
            return Ok(known);
        }
        let name: String = revision.chars().take(255).collect();
        self.connection
            .prepare_cached(
                "INSERT INTO scm_commits (name, rev_id, parent_rev_id, comment, user_name, user_email, commit_time,
                 repository_url, branch, changes, creation_time, last_modified)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11)",
            )?
            .execute(rusqlite::params![
                name,
                revision,
                commit.parent_rev_id,
                commit.comment,
                commit.user,
                commit.user_email,
                commit.time,
                url,
                data.repository.branch,
                commit.changes.as_ref().map(ToString::to_string),
                self.now,
            ])?;
        let row_id = self.connection.last_insert_rowid();
        for (entity_type, id) in mentioned(commit.comment.as_deref().unwrap_or_default()) {
            self.connection
                .prepare_cached(
                    "INSERT OR IGNORE INTO scm_commit_work_items (scm_commit, work_item)
                     SELECT ?1, id FROM work_items WHERE id = ?2 AND subtype = ?3",
                )?
                .execute((row_id, id, entity_type))?;
        }
        Ok(row_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_mention_backlog_items_by_type_and_number() {
        for (comment, expected) in [
            ("user story #3001: pay", vec![("story", 3001)]),
            (
                "Bug 17, quality story:18",
                vec![("defect", 17), ("quality_story", 18)],
            ),
            ("fixes DEFECT-9 and defect 9", vec![("defect", 9)]),
            ("feature #5", vec![("feature", 5)]),
            ("history 7, debug 8, story", vec![]),
            ("ä story 4", vec![("story", 4)]),
        ] {
            assert_eq!(mentioned(comment), expected, "{comment}");
        }
    }
}
