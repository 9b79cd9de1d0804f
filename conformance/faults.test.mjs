// The SDK with faults injected through `/_sandbox/…`.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { Octane, Query } from '@microfocus/alm-octane-js-rest-sdk';

import { connect, cookieOf, path, refusal, sandbox, unique } from './support.mjs';

const { programs, releases } = Octane.entityTypes;

/** Scenarios run concurrently, so a fault always applies to one URL. */
async function fault(description) {
  const answer = await own('faults', description);
  assert.equal(answer.status, 201, await answer.text());
}

function own(name, body) {
  const headers = { 'content-type': 'application/json' };
  return fetch(`${sandbox.url}/_sandbox/${name}`, { method: 'POST', headers, body: JSON.stringify(body) });
}

async function newRelease(octane) {
  const fields = { start_date: '2033-01-01T00:00:00Z', end_date: '2033-02-01T00:00:00Z' };
  const answer = await octane.create(releases, { name: unique('faulty'), ...fields }).execute();
  return answer.data[0].id;
}

describe('faults', () => {
  for (const [expiry, code] of [
    ['idle', 'VALIDATION_TOKEN_EXPIRED_IDLE_TIME_OUT'],
    ['global', 'VALIDATION_TOKEN_EXPIRED_GLOBAL_TIME_OUT'],
  ]) {
    test(`a session that reaches its ${expiry} limit is reported and renewed transparently`, async () => {
      const octane = connect();
      const id = await newRelease(octane);
      await fault({ kind: 'session-expired', expiry, path: `*/releases/${id}`, times: 2 });
      const headers = { cookie: await cookieOf(octane) };
      const answer = await fetch(`${sandbox.url}${path(`releases/${id}`)}`, { headers });
      assert.deepEqual([answer.status, (await answer.json()).errorCode], [401, code]);
      assert.equal((await octane.get(releases).at(id).execute()).id, id);
    });
  }

  test('ending all sessions stops no client', async () => {
    const octane = connect();
    const id = await newRelease(octane);
    const before = await cookieOf(octane);
    assert.equal((await own('sessions/expire', { expiry: 'idle' })).status, 200);
    const ask = () => octane.executeCustomRequest(path(`releases/${id}`), 'get');
    const answers = await Promise.all([ask(), ask(), ask()]);
    assert.deepEqual(answers.map((release) => release.id), [id, id, id]);
    assert.notEqual(await cookieOf(octane), before);
  });

  test('a busy server is reported with its Retry-After', async () => {
    const octane = connect();
    const id = await newRelease(octane);
    await fault({ kind: 'status', status: 503, 'retry-after': '2s', path: `*/releases/${id}`, times: 1 });
    const read = () => octane.get(releases).at(id).execute();
    assert.equal((await refusal(read())).status, 503);
    assert.equal((await read()).id, id);
  });

  test('work done before the connection breaks is kept', async () => {
    const octane = connect();
    await octane.authenticate();
    await fault({ kind: 'reset-after', method: 'POST', path: '*/programs', times: 1 });
    const name = unique('reset');
    await assert.rejects(octane.create(programs, { name }).execute());
    const query = Query.field('name').equal(name).build();
    const other = connect();
    assert.equal((await other.get(programs).query(query).execute()).total_count, 1);
  });
});
