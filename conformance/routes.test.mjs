// The older half of the SDK, whose methods are generated from the server's metadata.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';

import { Query } from '@microfocus/alm-octane-js-rest-sdk';

import { connectByRoutes, ids, sandbox, unique } from './support.mjs';

describe('generated routes', () => {
  let octane;
  let root;
  let phase;
  let severities;

  before(async () => {
    octane = await connectByRoutes();
    [root] = await octane.workItemRoots.getAll({ limit: 1 });
    severities = await octane.severities.getAll({});
    [phase] = await octane.phases.getAll({ query: Query.field('entity').equal('defect') });
  });

  const draft = (name) => ({ name, parent: root, severity: severities[0], phase });

  test('user and password sign in as an API key does', async () => {
    const other = await connectByRoutes({ username: sandbox.id, password: sandbox.secret });
    assert.ok((await other.defects.getAll({ limit: 1 })).length <= 1);
  });

  test('every collection in the metadata has its methods', () => {
    // Sections are named after entity types, such as `test_automated`, not after their collections.
    for (const name of ['stories', 'features', 'epics', 'testSuites', 'testAutomateds', 'releases', 'userTags']) {
      assert.equal(typeof octane[name]?.getAll, 'function', name);
    }
    assert.equal(octane.workItemRoots.create, undefined);
  });

  test('the values of a list do not include the list itself', async () => {
    for (const [values, prefix] of [
      [severities, 'list_node.severity.'],
      [await octane.priorities.getAll({}), 'list_node.priority.'],
    ]) {
      assert.ok(values.length >= 4);
      assert.ok(values.every((value) => value.logical_name.startsWith(prefix)));
    }
    assert.ok(severities.length >= 5);
  });

  test('one is created, read, updated and deleted', async () => {
    const name = unique('generated');
    const made = await octane.defects.create(draft(name));
    assert.equal((await octane.defects.get({ id: made.id, fields: 'name' })).name, name);
    await octane.defects.update({ id: made.id, name: `${name}!` });
    assert.equal((await octane.defects.get({ id: made.id, fields: 'name' })).name, `${name}!`);
    await octane.defects.delete({ id: made.id });
    await assert.rejects(octane.defects.get({ id: made.id }), { status: 404 });
  });

  test('many are created and updated together', async () => {
    const made = await octane.defects.createBulk(['a', 'b'].map((each) => draft(unique(each))));
    const names = made.data.map(({ id }) => ({ id, name: unique('bulk') }));
    await octane.defects.updateBulk(names);
    const query = Query.field('id').inComparison(ids(made.data));
    const found = await octane.defects.getAll({ query, fields: 'name', order_by: 'id' });
    assert.deepEqual(found.map((defect) => defect.name), names.map((each) => each.name));
    assert.equal(found.meta.total_count, 2);
  });

  test('pages, order and filters', async () => {
    const mark = unique('page');
    await octane.defects.createBulk(['a', 'b', 'c'].map((each) => draft(`${mark} ${each}`)));
    const query = Query.field('name').equal(`${mark}*`);
    const page = await octane.defects.getAll({ query, fields: 'name', order_by: '-name', limit: 2, offset: 1 });
    assert.deepEqual(page.map((defect) => defect.name.at(-1)), ['b', 'a']);
    assert.equal(page.meta.total_count, 3);
    const low = Query.field('severity').equal(Query.field('logical_name').equal(severities[0].logical_name));
    assert.equal((await octane.defects.getAll({ query: query.and(low) })).length, 3);
  });

  test('an ended session is renewed', async () => {
    await octane.defects.getAll({ limit: 1 });
    await new Promise((resolve, reject) => {
      const url = `${sandbox.url}/authentication/sign_out`;
      octane.plain.requestor.post({ url, baseUrl: '' }, (error) => (error ? reject(error) : resolve()));
    });
    assert.ok((await octane.defects.getAll({ limit: 1 })).meta.total_count > 0);
  });
});
