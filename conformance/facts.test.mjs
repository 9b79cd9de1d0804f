// Facts about the product that clients of other people rely on, one scenario each.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { Octane, Query } from '@microfocus/alm-octane-js-rest-sdk';

import { connect, path, sandbox, unique } from './support.mjs';

const { create, get, update } = Octane.operationTypes;
const { releases, stories, suiteRuns } = Octane.entityTypes;
const ci = `/internal-api/shared_spaces/${sandbox.space}/analytics/ci`;
const internal = `/internal-api/shared_spaces/${sandbox.space}/workspaces/${sandbox.workspace}`;

describe('facts', () => {
  const octane = connect();
  const ask = (rest) => octane.executeCustomRequest(path(rest), get);
  const query = (text) => `query=${encodeURIComponent(`"${text}"`)}`;
  let cookie;

  before(async () => {
    const body = JSON.stringify({ client_id: sandbox.id, client_secret: sandbox.secret });
    const answer = await fetch(`${sandbox.url}/authentication/sign_in`, {
      method: 'POST', body, headers: { 'content-type': 'application/json' },
    });
    cookie = answer.headers.getSetCookie().map((each) => each.split(';')[0]).join('; ');
  });

  const send = (method, rest, body, headers = {}) => fetch(`${sandbox.url}${rest}`, { method, body, headers: { cookie, ...headers } });
  const packed = (method, rest, body) => send(method, rest, gzipSync(JSON.stringify(body)), {
    'content-type': 'application/json', 'content-encoding': 'gzip',
  });

  /** A payload of results, which is waited for. */
  const upload = async (xml) => {
    const { id } = await octane.executeCustomRequest(path('test-results'), create, xml, { 'Content-Type': 'application/xml' });
    for (;;) {
      const task = await ask(`test-results/${id}`);
      if (!['queued', 'running'].includes(task.status)) {
        return task;
      }
    }
  };

  test('1: bodies may be packed with gzip', async () => {
    const made = await packed('POST', path('user_tags'), { data: [{ name: unique('packed') }] });
    assert.equal(made.status, 201);
  });

  test('2: the version needs no session', async () => {
    const answer = await fetch(`${sandbox.url}/admin/server/version`);
    assert.equal(answer.status, 200);
    assert.match((await answer.json()).display_version, /^\d+(\.\d+){2,3}$/);
  });

  test('3 and 4: hierarchies name their root as an entity, and the run of a step is a manual run', async () => {
    const [story] = (await ask(`metadata/entities?${query("name EQ 'story'")}`)).data;
    const hierarchy = story.features.find(({ name }) => name === 'hierarchy');
    assert.equal(hierarchy.root.type, 'work_item_root');
    const [run] = (await ask(`metadata/fields?${query("entity_name EQ 'run_step';name EQ 'run'")}`)).data;
    assert.deepEqual([run.editable, run.final, run.field_type_data.targets], [true, false, [{ type: 'run_manual' }]]);
  });

  test('5: a slash may follow every path', async () => {
    for (const each of [`/api/shared_spaces/${sandbox.space}/workspaces/`, path('metadata/fields/'), '/admin/server/version/']) {
      assert.equal((await send('GET', each)).status, 200, each);
    }
  });

  test('6 and 7: the last runs of a story', async () => {
    const [root] = (await ask('work_item_roots')).data;
    const [story] = (await octane.create(stories, { name: unique('story'), parent: root }).fields('path').execute()).data;
    const name = unique('pays');
    for (const [status, started] of [['Failed', 1], ['Passed', 2]]) {
      const [suite] = (await octane.create('test_suites', { name: unique('suite') }).execute()).data;
      await upload(`<test_result><suite_ref id="${suite.id}" external_run_id="${status}"/><backlog_items>
        <backlog_item_ref id="${story.id}"/></backlog_items><test_runs>
        <test_run name="${name}" status="${status}" duration="1" started="${1750000000000 + started}"/></test_runs></test_result>`);
    }
    const { last_runs: counts } = await ask(`stories/${story.id}?fields=last_runs`);
    assert.deepEqual(counts, { passed: 1, failed: 0, needsAttention: 0, planned: 0, skipped: 0 });
    const text = `test_of_last_run={covered_content={path='${story.path}*'}};!test_of_last_run={null}`;
    const { groups } = await ask(`runs/groups?group_by=status&${query(text)}`);
    assert.deepEqual(groups.map(({ count }) => count), [1]);
    assert.equal((await ask(`tests?${query(`work_items_of_last_run={id=${story.id}}`)}`)).total_count, 1);
  });

  test('8: a comment gives its text', async () => {
    const [root] = (await ask('work_item_roots')).data;
    const [story] = (await octane.create(stories, { name: unique('story'), parent: root }).execute()).data;
    const owner = { type: 'story', id: story.id };
    const [comment] = (await octane.create('comments', { text: 'hello', owner_work_item: owner }).execute()).data;
    assert.equal(comment.text, 'hello');
  });

  test('9: a CI plug-in can connect', async () => {
    const status = await (await send('GET', `${ci}/servers/connectivity/status`)).json();
    assert.ok(status.octaneVersion && status.supportedSdkVersion);
  });

  test('11 to 13: collections and fields that clients name', async () => {
    for (const collection of ['tasks', 'team_sprints', 'user_items', 'executors', 'ci_jobs', 'pipeline_nodes', 'model_items',
      'scm_commit_patterns', 'user_roles']) {
      assert.ok((await ask(collection)).total_count >= 0, collection);
    }
    for (const rest of ['ci_servers?fields=plugin_version', 'pipelines?fields=root_job', 'ci_builds?fields=build_ci_id',
      'test_suite_link_to_tests?fields=test_runner', 'work_items?fields=user_item', 'comments?fields=owner_bdd_spec']) {
      assert.ok((await ask(rest)).total_count >= 0, rest);
    }
    const found = await (await send('GET', `${internal}/ali/validateCommitPattern?comment=defect%20999999`)).json();
    assert.deepEqual(found.defect, []);
  });

  test('10 and 15: pipelines without a plug-in, and results that hang on them', async () => {
    const server = unique('ci');
    const root = unique('job');
    await octane.create('ci_servers', { name: server, instance_id: server, server_type: 'jenkins' }).execute();
    const [release] = (await octane.get(releases).limit(1).execute()).data;
    const [pipeline] = (await octane.create('pipelines', {
      name: root, server_ci_id: server, root_job_ci_id: root, jobs: [{ name: root, jobCiId: root }], current_release: release,
    }).execute()).data;
    const build = { serverCiId: server, jobCiId: root, buildCiId: '1', startTime: 1750000000000, status: 'running' };
    await octane.executeCustomRequest(path('analytics/ci/builds'), update, build);
    await octane.executeCustomRequest(path('analytics/ci/builds'), update, { ...build, status: 'finished', result: 'aborted' });
    const name = unique('test');
    for (const status of ['Failed', 'Passed']) {
      await upload(`<test_result><build server_id="${server}" job_id="${root}" build_id="1"/><test_runs>
        <test_run name="${name}" status="${status}" duration="1"/></test_runs></test_result>`);
    }
    const of = Query.field('pipeline').equal(Query.field('id').equal(pipeline.id)).build();
    const runs = await octane.get('automated_runs').fields('name', 'release', 'build').query(of).execute();
    assert.deepEqual(runs.data.map((run) => [run.name, run.release.id]), [[name, release.id]]);
    const [previous] = (await ask(`previous_runs?fields=build_id&${query(`build_id EQ ${runs.data[0].build.id}`)}`)).data;
    assert.equal(String(previous.build_id), runs.data[0].build.id);
    const [run] = (await octane.get('pipeline_runs').fields('status').query(of).execute()).data;
    assert.equal(run.status.id, 'list_node.pipeline_run_status.aborted');
  });

  test('15: the events of the integration with GitHub Actions', async () => {
    const instanceId = unique('github');
    const server = { instanceId, type: 'github_actions', url: 'https://ci.example', version: '25.2.1', sendingTime: 1 };
    const event = { project: 'shop/main.yml', buildCiId: '7', number: '7', causes: [], parameters: [] };
    const events = [{ ...event, eventType: 'started', startTime: 1 }, { ...event, eventType: 'finished', result: 'success', duration: 2 }];
    await octane.executeCustomRequest(`${ci}/events`, update, { server, events });
    const of = Query.field('ci_server').equal(Query.field('instance_id').equal(instanceId)).build();
    const builds = await octane.get('ci_builds').fields('build_ci_id', 'status', 'result', 'ci_job').query(of).execute();
    const seen = builds.data.map(({ build_ci_id: id, status, result }) => [id, status, result]);
    assert.deepEqual(seen, [['7', 'finished', 'success']]);
  });

  test('16: a regression is a failure after two passes', async () => {
    const name = unique('regression');
    const [suite] = (await octane.create('test_suites', { name: unique('suite') }).execute()).data;
    for (const [number, status] of ['Passed', 'Passed', 'Failed'].entries()) {
      await upload(`<test_result><suite_ref id="${suite.id}" external_run_id="${number}"/><test_runs>
        <test_run name="${name}" status="${status}" duration="1" started="${1750000000000 + number}"/></test_runs></test_result>`);
    }
    const text = `test EQ {name EQ '${name}'};native_status EQ {id EQ 'list_node.run_native_status.failed'}`;
    const [run] = (await ask(`automated_runs?fields=problem&${query(text)}`)).data;
    assert.deepEqual(run.problem.data.map(({ id }) => id), ['list_node.run_problem.regression']);
  });

  test('17: a build has no external_run_id', async () => {
    const xml = '<test_result><build server_id="s" job_id="j" build_id="1" external_run_id="x"/><test_runs/></test_result>';
    await assert.rejects(octane.executeCustomRequest(path('test-results'), create, xml, { 'Content-Type': 'application/xml' }));
  });

  test('suites are started with 201', async () => {
    const [suite] = (await octane.create('test_suites', { name: unique('suite') }).execute()).data;
    const [release] = (await octane.get(releases).limit(1).execute()).data;
    const planned = { type: 'list_node', id: 'list_node.run_native_status.planned' };
    const run = { name: unique('run'), subtype: 'run_suite', test: { type: 'test_suite', id: suite.id }, release, native_status: planned };
    const [made] = (await octane.create(suiteRuns ?? 'runs', run).execute()).data;
    const answer = await send('POST', path(`suite_runs/${made.id}/run_auto`), '{}', { 'content-type': 'application/json' });
    assert.equal(answer.status, 201);
  });
});
