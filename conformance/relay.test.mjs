// The SDK with the address of a relay instead of Octane's: signing in, test results, and what became of them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';

import { Octane } from '@microfocus/alm-octane-js-rest-sdk';

import { connect, cookieOf, path, refusal, relay, unique } from './support.mjs';

const { create, get } = Octane.operationTypes;
const XML = { 'Content-Type': 'application/xml' };

/** A client of the generic SDK with the relay's address and token, and nothing else changed. */
function connectToRelay(overrides = {}) {
  return connect({ server: relay.url, user: relay.id, password: relay.token, ...overrides });
}

function payload(suite, suiteRun) {
  return `<test_result>
    <suite_ref id="${suite}" external_run_id="${suiteRun}"/>
    <test_runs>
      <test_run module="m" package="p" class="C" name="adds" status="Passed" duration="5"/>
      <test_run module="m" package="p" class="C" name="divides" status="Failed" duration="7">
        <error type="Zero" message="by zero">trace</error>
      </test_run>
    </test_runs>
  </test_result>`;
}

/** Pushes a payload through the relay, and returns the task once it has ended. */
async function push(octane, xml) {
  const task = await octane.executeCustomRequest(path('test-results?skip-errors=false'), create, xml, XML);
  assert.equal(typeof task.id, 'number');
  assert.equal(task.status, 'queued');
  for (;;) {
    const state = await octane.executeCustomRequest(path(`test-results/${task.id}`), get);
    assert.equal(state.id, task.id);
    if (!['queued', 'running'].includes(state.status)) {
      return state;
    }
    await setTimeout(50);
  }
}

test('test results are pushed through a relay and become runs in Octane', async () => {
  const octane = connect();
  const suite = await octane.create('test_suites', { name: unique('suite') }).execute();
  const { id } = suite.data[0];
  const name = unique('nightly');
  const viaRelay = connectToRelay();
  await viaRelay.authenticate();
  assert.match(await cookieOf(viaRelay), /LWSSO_COOKIE_KEY=[^;]+/);

  const state = await push(viaRelay, payload(id, name));
  assert.equal(state.status, 'success');
  const query = encodeURIComponent(`"parent_suite EQ {name EQ ^${name}^}"`);
  const runs = await octane.executeCustomRequest(
    path(`automated_runs?fields=name,native_status,error_message&order_by=name&query=${query}`),
    get,
  );
  assert.deepEqual(
    runs.data.map((run) => [run.name, run.native_status.id, run.error_message]),
    [
      ['adds', 'list_node.run_native_status.passed', null],
      ['divides', 'list_node.run_native_status.failed', 'by zero'],
    ],
  );
});

test('a client signs in with its first request', async () => {
  const xml = `<test_result><test_runs><test_run name="${unique('test')}" status="Passed" duration="1"/></test_runs></test_result>`;
  assert.equal((await push(connectToRelay(), xml)).status, 'success');
});

test('results that Octane does not take are a failure with its reason', async () => {
  const state = await push(connectToRelay(), payload(999999999, unique('nightly')));
  assert.equal(state.status, 'failed');
  assert.match(state.errorDetails, /999999999/);
});

test('a wrong token is rejected with 401 and its code', async () => {
  const { status, body } = await refusal(connectToRelay({ password: 'guessed' }).authenticate());
  assert.equal(status, 401);
  assert.equal(body.error_code, 'platform.not_authorized');
});

test('results that violate the schema are a bad request with a description', async () => {
  const invalid = '<test_result><nonsense/></test_result>';
  const { status, body } = await refusal(push(connectToRelay(), invalid));
  assert.equal(status, 400);
  assert.match(body.description, /nonsense/);
});

test('everything else is not implemented, in the format of Octane', async () => {
  const octane = connectToRelay();
  const { status, body } = await refusal(octane.get(Octane.entityTypes.defects).execute());
  assert.equal(status, 501);
  assert.match(body.description, /defects/);
});
