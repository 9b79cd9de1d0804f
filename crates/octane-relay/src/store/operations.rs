//! What stores do, in transactions of either engine. Statements observe and store; [`pace`](crate::pace) and
//! [`state`](crate::state) decide.

use std::time::Duration;

use octane_client::{Shard, UploadId};
use octane_rest::{Fraction, Overload};

use super::interface::{
    ArrivedShard, End, Job, LaneCount, Lease, NewUpload, Overview, Put, Status, StoreError,
};
use super::sql;
use super::transaction::{Cell, Row, Transaction};
use crate::lane::Lane;
use crate::pace::{Pace, Rate, Slots};
use crate::state::State;
use crate::time::Time;
use crate::token::{Token, TokenEntry, TokenId};
use crate::token_workspaces::TokenWorkspaces;
use crate::workspaces::Workspaces;

/// The cells of a statement.
macro_rules! cells {
    ($($value:expr),* $(,)?) => {
        vec![$(Cell::from($value)),*]
    };
}

/// Why an upload waits that was being delivered when its lane was given back.
const UNENDED: &str = "the relay could not store how the last attempt ended";

pub(super) async fn put(
    store: &mut impl Transaction,
    upload: NewUpload,
    uploads_max: u64,
) -> Result<Put, StoreError> {
    let NewUpload {
        id,
        digest,
        project,
        lane,
        shard,
        results,
        is_compared,
        journal,
    } = upload;
    if let Some(known) = known(store, &id, &digest, &project).await? {
        if known == Put::Known && is_compared {
            store.execute(sql::WANT_COMPARISON, cells![&id]).await?;
        }
        return Ok(known);
    }
    store.row(sql::LOCK_PROJECT, cells![&*project]).await?;
    let ensured = store.row(
        sql::ENSURE_LANE,
        cells![
            &*lane.key(),
            &*lane.server,
            lane.space,
            lane.workspace,
            &*lane.suite,
            &*lane.suite_run
        ],
    );
    let lane: i64 = required(ensured.await?)?.next()?;
    let open = store.row_and_now(sql::COUNT_OPEN_OF_PROJECT, cells![&*project]);
    let (open, now) = open.await?;
    let open: u64 = required(open)?.next()?;
    if open >= uploads_max {
        return Ok(Put::QuotaExceeded);
    }
    let added = store.execute(
        sql::ADD_UPLOAD,
        cells![
            &id,
            &*digest,
            &*project,
            lane,
            shard.map(Shard::index),
            shard.map(Shard::total),
            results,
            now,
            journal,
            is_compared
        ],
    );
    if added.await? == 1 {
        return Ok(Put::Stored);
    }
    // Someone was faster.
    let known = known(store, &id, &digest, &project).await?;
    Ok(known.unwrap_or(Put::Conflict))
}

async fn known(
    store: &mut impl Transaction,
    id: &UploadId,
    digest: &str,
    project: &str,
) -> Result<Option<Put>, StoreError> {
    let Some(mut row) = store.row(sql::KNOWN_UPLOAD, cells![id]).await? else {
        return Ok(None);
    };
    let (known_digest, known_project): (String, String) = (row.next()?, row.next()?);
    let is_same = known_digest == digest && known_project == project;
    Ok(Some(if is_same { Put::Known } else { Put::Conflict }))
}

pub(super) async fn lease(
    store: &mut impl Transaction,
    workspaces: &Workspaces,
    holder: &str,
    time: Duration,
    is_take_over: bool,
) -> Result<Option<Lease>, StoreError> {
    let now = store.now().await?;
    let take_over = i64::from(is_take_over);
    let (server, list) = (workspaces.lane_server(), workspaces.list());
    let free = store.row(sql::FREE_LANE, cells![now, take_over, &*server, &*list]);
    let Some(mut row) = free.await? else {
        return Ok(None);
    };
    let (lane_id, fence): (i64, i64) = (row.next()?, row.next()?);
    let fence = fence + 1;
    let lane = lane(&mut row)?;
    let expires = now.after(time);
    store
        .execute(sql::TAKE_LANE, cells![lane_id, holder, fence, expires])
        .await?;
    Ok(Some(Lease {
        lane,
        lane_id,
        fence,
    }))
}

/// Locks the lane of a lease until the transaction ends. Returns the time after that.
async fn check(store: &mut impl Transaction, lease: &Lease) -> Result<Time, StoreError> {
    let leased = store.row_and_now(sql::LEASED_LANE, cells![lease.lane_id, lease.fence]);
    let (leased, now) = leased.await?;
    leased.map(|_| now).ok_or(StoreError::LeaseLost)
}

pub(super) async fn renew(
    store: &mut impl Transaction,
    lease: &Lease,
    time: Duration,
) -> Result<(), StoreError> {
    let expires = check(store, lease).await?.after(time);
    store
        .execute(sql::RENEW_LANE, cells![lease.lane_id, expires])
        .await?;
    Ok(())
}

pub(super) async fn begin(
    store: &mut impl Transaction,
    lease: &Lease,
) -> Result<Option<Job>, StoreError> {
    let now = check(store, lease).await?;
    let first = store.row(sql::FIRST_UPLOAD, cells![lease.lane_id, now]);
    let Some(mut row) = first.await? else {
        return Ok(None);
    };
    let next_attempt: Time = row.next()?;
    if next_attempt > now {
        return Ok(None);
    }
    let job = job(&mut row)?;
    let job = Job {
        attempt: job.attempt + 1,
        ..job
    };
    store
        .execute(sql::BEGIN_ATTEMPT, cells![&job.id, now, job.attempt])
        .await?;
    Ok(Some(job))
}

fn job(row: &mut Row) -> Result<Job, StoreError> {
    Ok(Job {
        id: row.next()?,
        journal: row.next()?,
        attempt: row.next()?,
        may_have_sent: row.next()?,
        is_closing: row.next()?,
        is_compared: row.next()?,
    })
}

pub(super) async fn checkpoint(
    store: &mut impl Transaction,
    lease: &Lease,
    id: &UploadId,
    journal: Vec<u8>,
) -> Result<(), StoreError> {
    let now = check(store, lease).await?;
    let stored = store.execute(sql::CHECKPOINT, cells![id, lease.lane_id, journal, now]);
    match stored.await? {
        0 => Err(StoreError::LeaseLost),
        _ => Ok(()),
    }
}

pub(super) async fn end(
    store: &mut impl Transaction,
    lease: &Lease,
    ends: Vec<(UploadId, End)>,
) -> Result<Vec<UploadId>, StoreError> {
    let now = check(store, lease).await?;
    let mut ended = Vec::new();
    for (id, end) in ends {
        let next_attempt = match end.state {
            State::Waiting => now.after(end.pause),
            State::AwaitingShards => end
                .shards_awaited
                .map_or(Time::EPOCH, |awaited| now.after(awaited)),
            _ => Time::EPOCH,
        };
        let is_journal_known = end.journal.is_some();
        let changed = store.execute(
            sql::END_ATTEMPT,
            cells![
                &id,
                lease.lane_id,
                end.state.as_str(),
                next_attempt,
                end.report.as_deref(),
                end.reason.as_deref(),
                now,
                end.journal,
                is_journal_known,
                end.state == State::Stored,
                end.state == State::Incomplete
            ],
        );
        if changed.await? > 0 {
            ended.push(id);
        }
    }
    Ok(ended)
}

pub(super) async fn arrived(
    store: &mut impl Transaction,
    lease: &Lease,
    id: &UploadId,
) -> Result<Vec<ArrivedShard>, StoreError> {
    check(store, lease).await?;
    let rows = store.rows(sql::ARRIVED, cells![lease.lane_id, id]).await?;
    rows.into_iter()
        .map(|mut row| {
            Ok(ArrivedShard {
                id: row.next()?,
                index: row.next()?,
                total: row.next()?,
                state: state(&row.next::<String>()?)?,
            })
        })
        .collect()
}

pub(super) async fn shard(
    store: &mut impl Transaction,
    lease: &Lease,
    id: &UploadId,
) -> Result<Option<Job>, StoreError> {
    check(store, lease).await?;
    let row = store.row(sql::SHARD, cells![lease.lane_id, id]).await?;
    row.map(|mut row| job(&mut row)).transpose()
}

pub(super) async fn close(store: &mut impl Transaction, lane: &Lane) -> Result<u64, StoreError> {
    let now = store.now().await?;
    store.execute(sql::CLOSE, cells![&*lane.key(), now]).await
}

pub(super) async fn release(
    store: &mut impl Transaction,
    lease: &Lease,
    pause: Duration,
) -> Result<(), StoreError> {
    let now = check(store, lease).await?;
    let released = store.execute(
        sql::RELEASE_UPLOADS,
        cells![lease.lane_id, now.after(pause), UNENDED, now],
    );
    released.await?;
    store
        .execute(sql::RELEASE_LANE, cells![lease.lane_id])
        .await?;
    Ok(())
}

pub(super) async fn status(
    store: &mut impl Transaction,
    id: &UploadId,
) -> Result<Option<Status>, StoreError> {
    let row = store.row(sql::STATUS, cells![id]).await?;
    row.map(|mut row| status_of(&mut row)).transpose()
}

pub(super) async fn problems(store: &mut impl Transaction) -> Result<Vec<Status>, StoreError> {
    let rows = store.rows(sql::PROBLEMS, Vec::new()).await?;
    rows.into_iter()
        .map(|mut row| status_of(&mut row))
        .collect()
}

pub(super) async fn oldest_problems(
    store: &mut impl Transaction,
    count: u32,
) -> Result<Vec<Status>, StoreError> {
    let rows = store.rows(sql::OLDEST_PROBLEMS, cells![count]).await?;
    rows.into_iter()
        .map(|mut row| status_of(&mut row))
        .collect()
}

fn status_of(row: &mut Row) -> Result<Status, StoreError> {
    let (id, project) = (row.next()?, row.next()?);
    let lane = lane(row)?;
    let state = state(&row.next::<String>()?)?;
    let (attempts, results, created, changed) =
        (row.next()?, row.next()?, row.next()?, row.next()?);
    let next_attempt: Time = row.next()?;
    Ok(Status {
        id,
        project,
        lane,
        state,
        attempts,
        results,
        created,
        changed,
        next_attempt: (state == State::Waiting).then_some(next_attempt),
        reason: row.next()?,
        report: row.next()?,
    })
}

fn lane(row: &mut Row) -> Result<Lane, StoreError> {
    Ok(Lane {
        server: row.next()?,
        space: row.next()?,
        workspace: row.next()?,
        suite: row.next()?,
        suite_run: row.next()?,
    })
}

fn state(word: &str) -> Result<State, StoreError> {
    let unknown = || StoreError::Corrupted(format!("the state `{word}`"));
    State::from_word(word).ok_or_else(unknown)
}

pub(super) async fn ping(store: &mut impl Transaction) -> Result<(), StoreError> {
    let now = store.now().await?;
    store.execute(sql::PING, cells![now]).await.map(drop)
}

pub(super) async fn overview(store: &mut impl Transaction) -> Result<Overview, StoreError> {
    let now = store.now().await?;
    let rows = store.rows(sql::OVERVIEW, Vec::new()).await?;
    let lanes = rows.into_iter().map(|mut row| {
        Ok(LaneCount {
            lane: lane(&mut row)?,
            project: row.next()?,
            state: state(&row.next::<String>()?)?,
            uploads: row.next()?,
            oldest: row.next()?,
        })
    });
    Ok(Overview {
        now,
        lanes: lanes.collect::<Result<_, StoreError>>()?,
    })
}

pub(super) async fn retry(store: &mut impl Transaction, id: &UploadId) -> Result<bool, StoreError> {
    let now = store.now().await?;
    Ok(store.execute(sql::RETRY, cells![id, now]).await? > 0)
}

pub(super) async fn delete(
    store: &mut impl Transaction,
    id: &UploadId,
) -> Result<bool, StoreError> {
    let now = store.now().await?;
    Ok(store.execute(sql::DELETE, cells![id, now]).await? > 0)
}

pub(super) async fn prune(store: &mut impl Transaction, age: Duration) -> Result<u64, StoreError> {
    let now = store.now().await?;
    let pruned = store
        .execute(sql::PRUNE_UPLOADS, cells![now.before(age)])
        .await?;
    store.execute(sql::PRUNE_LANES, cells![now]).await?;
    Ok(pruned)
}

pub(super) async fn slots(
    store: &mut impl Transaction,
    server: &str,
    rate: Rate,
    count: u32,
) -> Result<Slots, StoreError> {
    let (mut pace, now) = pace(store, server).await?;
    let slots = pace.take(now, rate, count);
    set_pace(store, server, &pace).await?;
    Ok(slots)
}

pub(super) async fn overloaded(
    store: &mut impl Transaction,
    server: &str,
    since: Duration,
    pause: Duration,
) -> Result<Pace, StoreError> {
    let (mut pace, now) = pace(store, server).await?;
    pace.overloaded(now, since, pause);
    set_pace(store, server, &pace).await?;
    Ok(pace)
}

/// Locks the pace of a server until the transaction ends. Returns the time after that, as the lock may have taken a while.
async fn pace(store: &mut impl Transaction, server: &str) -> Result<(Pace, Time), StoreError> {
    let ensured = store.row_and_now(sql::ENSURE_PACE, cells![server]);
    let (row, now) = ensured.await?;
    let mut row = required(row)?;
    let next_slot = row.next()?;
    let fraction: Option<u64> = row.next()?;
    let (halved_at, grows_from): (Option<Time>, Option<Time>) = (row.next()?, row.next()?);
    let overload = fraction.zip(halved_at).zip(grows_from);
    let overload = overload.map(|((fraction, halved_at), grows_from)| {
        let moment = |time: Time| time.since(Time::EPOCH);
        let fraction = Fraction::from_millionths(fraction);
        Overload::new(fraction, moment(halved_at), moment(grows_from))
    });
    let pace = Pace {
        next_slot,
        overload,
    };
    Ok((pace, now))
}

async fn set_pace(
    store: &mut impl Transaction,
    server: &str,
    pace: &Pace,
) -> Result<(), StoreError> {
    let Pace {
        next_slot,
        overload,
    } = *pace;
    let time = |moment: Duration| Time::EPOCH.after(moment);
    let set = store.execute(
        sql::SET_PACE,
        cells![
            server,
            next_slot,
            overload.map(|overload| overload.fraction.millionths()),
            overload.map(|overload| time(overload.halved_at)),
            overload.map(|overload| time(overload.grows_from))
        ],
    );
    set.await.map(drop)
}

pub(super) async fn lock(
    store: &mut impl Transaction,
    name: &str,
    holder: &str,
    time: Duration,
) -> Result<bool, StoreError> {
    let now = store.now().await?;
    let taken = store.execute(sql::TAKE_LOCK, cells![name, holder, now.after(time), now]);
    Ok(taken.await? > 0)
}

pub(super) async fn unlock(
    store: &mut impl Transaction,
    name: &str,
    holder: &str,
) -> Result<(), StoreError> {
    let unlocked = store.execute(sql::RELEASE_LOCK, cells![name, holder]);
    unlocked.await.map(drop)
}

pub(super) async fn add_token(
    store: &mut impl Transaction,
    token: &Token,
) -> Result<(), StoreError> {
    let now = store.now().await?;
    let cells = cells![
        token.id.as_str(),
        token.project.as_deref().unwrap_or_default(),
        token.hash(),
        now,
        token.project.is_none(),
        &*token.workspaces.to_text()
    ];
    store.execute(sql::ADD_TOKEN, cells).await.map(drop)
}

pub(super) async fn revoke_token(
    store: &mut impl Transaction,
    id: &TokenId,
) -> Result<bool, StoreError> {
    let now = store.now().await?;
    let revoked = store.execute(sql::REVOKE_TOKEN, cells![id.as_str(), now]);
    Ok(revoked.await? > 0)
}

pub(super) async fn token(
    store: &mut impl Transaction,
    id: &TokenId,
) -> Result<Option<TokenEntry>, StoreError> {
    let row = store.row(sql::TOKEN, cells![id.as_str()]).await?;
    row.map(|mut row| token_of(&mut row)).transpose()
}

pub(super) async fn tokens(store: &mut impl Transaction) -> Result<Vec<TokenEntry>, StoreError> {
    let rows = store.rows(sql::TOKENS, Vec::new()).await?;
    rows.into_iter().map(|mut row| token_of(&mut row)).collect()
}

fn token_of(row: &mut Row) -> Result<TokenEntry, StoreError> {
    let id: String = row.next()?;
    let (project, created, hash) = (row.next()?, row.next()?, row.next()?);
    let is_operator: bool = row.next()?;
    let workspaces: String = row.next()?;
    Ok(TokenEntry {
        id: id
            .parse()
            .map_err(|_| StoreError::Corrupted(format!("the token `{id}`")))?,
        project: (!is_operator).then_some(project),
        workspaces: TokenWorkspaces::from_text(&workspaces).ok_or_else(|| {
            StoreError::Corrupted(format!("the workspaces `{workspaces}` of a token"))
        })?,
        created,
        hash,
    })
}

fn required(row: Option<Row>) -> Result<Row, StoreError> {
    row.ok_or_else(|| StoreError::Corrupted("a row is missing".to_owned()))
}
