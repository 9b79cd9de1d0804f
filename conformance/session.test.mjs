// Signing in, losing the session, and signing out.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Octane } from '@microfocus/alm-octane-js-rest-sdk';

import { connect, cookieOf, path, refusal, sandbox, unique } from './support.mjs';

const { stories } = Octane.entityTypes;

/** Ends the session of a client without a request of it, as a time-out does. */
async function endSession(octane) {
  const answer = await fetch(`${sandbox.url}/authentication/sign_out`, {
    method: 'POST',
    headers: { cookie: await cookieOf(octane) },
  });
  assert.equal(answer.status, 200);
}

test('an explicit sign-in returns both cookies and no body', async () => {
  const octane = connect();
  assert.equal(await octane.authenticate(), undefined);
  const cookies = await cookieOf(octane);
  assert.match(cookies, /LWSSO_COOKIE_KEY=[^;]+/);
  assert.match(cookies, /OCTANE_USER=[^;]+/);
});

test('signing in twice is not an error', async () => {
  const octane = connect();
  await octane.authenticate();
  await octane.authenticate();
  assert.ok((await octane.get(stories).limit(1).execute()).data);
});

test('a client signs in with its first request', async () => {
  const octane = connect();
  assert.equal(await cookieOf(octane), '');
  const answer = await octane.get(stories).limit(1).execute();
  assert.equal(answer.data.length, 1);
  assert.match(await cookieOf(octane), /LWSSO_COOKIE_KEY=/);
});

test('a wrong secret is rejected with 401 and its code', async () => {
  const octane = connect({ password: 'guessed' });
  const explicit = await refusal(octane.authenticate());
  assert.equal(explicit.status, 401);
  assert.equal(explicit.body.error_code, 'platform.not_authorized');
  const implicit = await refusal(octane.get(stories).execute());
  assert.equal(implicit.status, 401);
});

test('an expired session is renewed and the request repeated', async () => {
  const octane = connect();
  await octane.get(stories).limit(1).execute();
  const before = await cookieOf(octane);
  await endSession(octane);
  const answer = await octane.get(stories).limit(1).execute();
  assert.equal(answer.data.length, 1);
  assert.notEqual(await cookieOf(octane), before);
});

test('a write with an expired session is performed exactly once', async () => {
  const octane = connect();
  await octane.authenticate();
  await endSession(octane);
  const name = unique('once');
  await octane
    .create(Octane.entityTypes.releases, {
      name,
      start_date: '2030-01-01T00:00:00Z',
      end_date: '2030-02-01T00:00:00Z',
    })
    .execute();
  const query = encodeURIComponent(`"name EQ ^${name}^"`);
  const found = await octane.executeCustomRequest(path(`releases?query=${query}`), 'get');
  assert.equal(found.total_count, 1);
});

test('concurrent requests survive the end of their session', async () => {
  const octane = connect();
  await octane.authenticate();
  await endSession(octane);
  // The SDK builds one request at a time, so concurrent requests are custom ones.
  const requests = Array.from({ length: 8 }, (_, index) =>
    octane.executeCustomRequest(path(`stories?limit=1&offset=${index}&order_by=id`), 'get'),
  );
  for (const answer of await Promise.all(requests)) {
    assert.equal(answer.data.length, 1);
  }
});

test('a request without a session gets the reason', async () => {
  const answer = await fetch(`${sandbox.url}${path('stories')}`);
  assert.equal(answer.status, 401);
  assert.equal((await answer.json()).error_code, 'platform.not_authorized');
});

test('signing out ends the session on the server and may be repeated', async () => {
  const octane = connect();
  await octane.authenticate();
  const cookie = await cookieOf(octane);
  const ask = () => fetch(`${sandbox.url}${path('stories?limit=1')}`, { headers: { cookie } });
  assert.equal((await ask()).status, 200);
  assert.equal(await octane.signOut(), undefined);
  assert.equal((await ask()).status, 401);
  await octane.signOut();
});

test('after signing out the next request signs in again', async () => {
  const octane = connect();
  await octane.authenticate();
  await octane.signOut();
  assert.equal((await octane.get(stories).limit(1).execute()).data.length, 1);
});

test('headers given to the client are sent with every request', async () => {
  const octane = connect({ headers: { ALM_OCTANE_TECH_PREVIEW: true, HPECLIENTTYPE: 'CONFORMANCE' } });
  await octane.authenticate();
  assert.equal((await octane.get(stories).limit(1).execute()).data.length, 1);
});
