//! Pull requests, and the repositories and branches that they name.

use crate::ci_report::{PullRequest, Repository, ScmData};
use crate::error::ApiError;
use crate::store::writer::Writer;

/// How the product numbers version control systems.
const GIT: i64 = 2;

impl Writer<'_> {
    /// Stores what is reported of a pull request; it is the same one if number and target are.
    pub(crate) fn report_pull_request(self, request: &PullRequest) -> Result<(), ApiError> {
        let (source, target) = (&request.source_repository, &request.target_repository);
        self.branch(source)?;
        self.branch(target)?;
        let sql = "SELECT id FROM pull_requests WHERE number IS ? AND target_url IS ?";
        let row_id = match self.number(sql, (&request.id, &target.url))? {
            Some(row_id) => row_id,
            None => {
                let sql = "INSERT INTO pull_requests (number, target_url, creation_time) VALUES (?, ?, ?)";
                self.connection.prepare_cached(sql)?.execute((
                    &request.id,
                    &target.url,
                    self.now,
                ))?;
                self.connection.last_insert_rowid()
            }
        };
        self.connection
            .prepare_cached(
                "UPDATE pull_requests SET name = ?2, description = ?3, state = ?4, author_name = ?5, author_email = ?6,
                 url = ?7, source_url = ?8, source_branch = ?9, target_branch = ?10, created_time = ?11,
                 updated_time = ?12, merged_time = ?13, closed_time = ?14, is_merged = ?15, last_modified = ?16
                 WHERE id = ?1",
            )?
            .execute(rusqlite::params![
                row_id,
                request.title,
                request.description,
                request.state,
                request.author_name,
                request.author_email,
                request.self_url,
                source.url,
                source.branch,
                target.branch,
                request.created_time,
                request.updated_time,
                request.merged_time,
                request.closed_time,
                request.merged.unwrap_or_default(),
                self.now,
            ])?;
        let data = ScmData {
            repository: source.clone(),
            commits: request.commits.clone(),
        };
        for commit in self.commits(&data)? {
            self.connection
                .prepare_cached(
                    "INSERT OR IGNORE INTO pull_request_commits (pull_request, scm_commit) VALUES (?, ?)",
                )?
                .execute((row_id, commit))?;
        }
        Ok(())
    }

    /// Creates a repository and its branch, unless they are known.
    pub(super) fn branch(self, repository: &Repository) -> Result<(), ApiError> {
        let Some(url) = &repository.url else {
            return Ok(());
        };
        let sql = "SELECT id FROM scm_repository_roots WHERE url = ? ORDER BY id LIMIT 1";
        let root = match self.number(sql, [url])? {
            Some(root) => root,
            None => {
                let name = url.trim_end_matches('/').rsplit('/').next().unwrap_or(url);
                let sql = "INSERT INTO scm_repository_roots (name, url, scm_type, creation_time, last_modified)
                           VALUES (?1, ?2, ?3, ?4, ?4)";
                self.connection.prepare_cached(sql)?.execute((
                    name.trim_end_matches(".git"),
                    url,
                    GIT,
                    self.now,
                ))?;
                self.connection.last_insert_rowid()
            }
        };
        let Some(branch) = &repository.branch else {
            return Ok(());
        };
        self.connection
            .prepare_cached(
                "INSERT INTO scm_repositories (name, branch, repository, is_merged, is_deleted, creation_time, last_modified)
                 SELECT ?1, ?1, ?2, 0, 0, ?3, ?3 WHERE NOT EXISTS (
                     SELECT 1 FROM scm_repositories WHERE repository = ?2 AND name = ?1)",
            )?
            .execute((branch, root, self.now))?;
        Ok(())
    }
}
