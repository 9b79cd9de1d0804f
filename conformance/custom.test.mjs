// Custom requests: what the SDK has no method for, in particular test results.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { Octane } from '@microfocus/alm-octane-js-rest-sdk';

import { connect, path, refusal, unique } from './support.mjs';

const { create, delete: remove, get, update } = Octane.operationTypes;

describe('custom requests', () => {
  const octane = connect();
  const ask = (rest, headers) => octane.executeCustomRequest(path(rest), get, undefined, headers);

  test('every operation uses its method', async () => {
    const release = { name: unique('custom'), start_date: '2032-01-01T00:00:00Z', end_date: '2032-03-01T00:00:00Z' };
    const made = await octane.executeCustomRequest(path('releases'), create, { data: [release] });
    const place = `releases/${made.data[0].id}`;
    await octane.executeCustomRequest(path(place), update, { end_date: '2032-04-01T12:00:00.000Z' });
    const changed = await ask(`${place}?fields=name,end_date`);
    assert.deepEqual([changed.name, changed.end_date], [release.name, '2032-04-01T12:00:00Z']);
    assert.equal(await octane.executeCustomRequest(path(place), remove), undefined);
    assert.equal((await refusal(ask(place))).status, 404);
  });

  test('headers of a request are sent', async () => {
    const answer = await ask('stories?limit=1', { 'ALM-OCTANE-TECH-PREVIEW': true });
    assert.equal(answer.data.length, 1);
  });

  test('an unknown operation is rejected by the SDK itself', async () => {
    await assert.rejects(octane.executeCustomRequest(path('stories'), 'patch'), /not supported/);
  });

  test('the server reports its version', async () => {
    const { version } = await octane.executeCustomRequest('/admin/server/version', get);
    assert.match(version, /^\d+\.\d+/);
  });

  test('test results are uploaded as XML and become runs of a suite run', async () => {
    const suite = await octane.create('test_suites', { name: unique('suite') }).execute();
    const id = suite.data[0].id;
    const name = unique('nightly');
    const xml = `<test_result>
      <suite_ref id="${id}" external_run_id="${name}"/>
      <release name="_default_"/>
      <test_runs>
        <test_run module="m" package="p" class="C" name="adds" status="Passed" duration="5"/>
        <test_run module="m" package="p" class="C" name="divides" status="Failed" duration="7">
          <error type="Zero" message="by zero">trace</error>
        </test_run>
      </test_runs>
    </test_result>`;
    const headers = { 'Content-Type': 'application/xml' };
    const task = await octane.executeCustomRequest(path('test-results?skip-errors=false'), create, xml, headers);
    assert.equal(typeof task.id, 'number');
    assert.ok(['queued', 'running', 'success'].includes(task.status));

    let state = task;
    for (let asked = 0; ['queued', 'running'].includes(state.status) && asked < 10_000; asked += 1) {
      state = await ask(`test-results/${task.id}`);
    }
    assert.equal(state.status, 'success');
    const query = encodeURIComponent(`"test EQ {id EQ ${id}}"`);
    const suiteRuns = await ask(`suite_run?fields=name,native_status&query=${query}`);
    assert.deepEqual(suiteRuns.data.map((run) => run.name), [name]);
    const children = encodeURIComponent(`"parent_suite EQ {id EQ ${suiteRuns.data[0].id}}"`);
    const runs = await ask(`automated_runs?fields=name,native_status,error_message&order_by=name&query=${children}`);
    assert.deepEqual(
      runs.data.map((run) => [run.name, run.native_status.id, run.error_message]),
      [
        ['adds', 'list_node.run_native_status.passed', null],
        ['divides', 'list_node.run_native_status.failed', 'by zero'],
      ],
    );
  });

  test('results that violate the schema are a bad request with a description', async () => {
    const headers = { 'Content-Type': 'application/xml' };
    const { status, body } = await refusal(
      octane.executeCustomRequest(path('test-results'), create, '<test_result><nonsense/></test_result>', headers),
    );
    assert.equal(status, 400);
    assert.match(body.description, /nonsense/);
  });

  test('an unknown task is not found', async () => {
    assert.equal((await refusal(ask('test-results/999999999'))).status, 404);
  });
});
