// Creating, updating and deleting, one and many.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';

import { Octane, Query } from '@microfocus/alm-octane-js-rest-sdk';

import { connect, ids, path, refusal, unique } from './support.mjs';

const { defects, listNodes, phases, stories, workItemRoots, workItems } = Octane.entityTypes;
const { field } = Query;
const { create, update } = Octane.operationTypes;

describe('writing', () => {
  const octane = connect();
  let root;
  let high;

  before(async () => {
    [root] = (await octane.get(workItemRoots).execute()).data;
    const severity = field('logical_name').equal('list_node.severity.high').build();
    [high] = (await octane.get(listNodes).query(severity).execute()).data;
  });

  const draft = (name, more = {}) => ({ name, parent: root, severity: high, ...more });
  const many = async (count) => {
    const drafts = Array.from({ length: count }, () => draft(unique('many')));
    return (await octane.create(defects, drafts).execute()).data;
  };
  /** Unlike `read`, this may be asked several times at once. */
  const fetchOne = (id, fields) =>
    octane.executeCustomRequest(path(`defects/${id}?fields=${fields}`), Octane.operationTypes.get);
  const read = (id, ...fields) => octane.get(defects).fields(...fields).at(id).execute();

  test('a created entity is returned in an envelope with its ID', async () => {
    const name = unique('one');
    const answer = await octane.create(defects, draft(name, { description: 'some text' })).execute();
    assert.equal(answer.total_count, 1);
    const [{ id, type }] = answer.data;
    assert.equal(type, 'defect');
    assert.equal(typeof id, 'string');
    const defect = await read(id, 'name', 'description', 'phase', 'severity', 'parent', 'creation_time');
    assert.equal(defect.name, name);
    assert.equal(defect.description, 'some text');
    assert.equal(defect.phase.id, 'phase.defect.new');
    assert.equal(defect.severity.id, 'list_node.severity.high');
    assert.equal(defect.parent.id, root.id);
    assert.match(defect.creation_time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  test('entities created together are returned in order', async () => {
    const names = ['z', 'a', 'm'].map(unique);
    const answer = await octane.create(defects, names.map((name) => draft(name))).execute();
    assert.equal(answer.total_count, 3);
    const found = await Promise.all(ids(answer.data).map((id) => fetchOne(id, 'name')));
    assert.deepEqual(found.map((defect) => defect.name), names);
  });

  test('one invalid entity among valid ones is reported by its position, and the valid ones are created', async () => {
    const names = [unique('good'), unique('good')];
    const { status, body } = await refusal(
      octane.create(defects, [draft(names[0]), draft(unique('bad'), { version_stamp: 111 }), draft(names[1])]).execute(),
    );
    assert.equal(status, 409);
    assert.equal(body.total_count, 2);
    assert.equal(body.data.length, 2);
    assert.equal(body.errors.length, 1);
    assert.equal(body.errors[0].error_code, 'platform.modify_non_editable_field');
    assert.equal(body.errors[0].index ?? body.errors[0].entity_index, 1);
    const kept = octane.get(defects).query(field('name').inComparison(names).build());
    assert.equal((await kept.execute()).total_count, 2);
  });

  test('a missing name is rejected', async () => {
    const { status, body } = await refusal(octane.create(defects, { parent: root }).execute());
    assert.equal(status, 409);
    assert.equal(body.total_count, 0);
    assert.deepEqual(body.data, []);
    assert.equal(body.errors.length, 1);
  });

  test('an update changes the given fields, with a separate ID', async () => {
    const [{ id }] = await many(1);
    const answer = await octane.update(defects, { name: 'renamed' }).at(id).execute();
    assert.equal(answer.id, id);
    const defect = await read(id, 'name', 'severity');
    assert.deepEqual([defect.name, defect.severity.id], ['renamed', 'list_node.severity.high']);
  });

  test('an update uses the ID of the entity that was read', async () => {
    const [{ id }] = await many(1);
    const defect = await read(id, 'name', 'description');
    defect.name = 'read and changed';
    defect.description = 'new';
    assert.equal((await octane.update(defects, defect).execute()).id, id);
    assert.equal((await read(id, 'description')).description, 'new');
  });

  test('a read-only field is rejected with 403', async () => {
    const [{ id }] = await many(1);
    const { status, body } = await refusal(octane.update(defects, { id, version_stamp: 111 }).execute());
    assert.deepEqual([status, body.error_code], [403, 'platform.modify_non_editable_field']);
  });

  test('an unknown entity cannot be updated or deleted', async () => {
    // Sequentially: a client of the SDK is itself the request that it builds.
    for (const request of [() => octane.update(defects, { name: 'x' }), () => octane.delete(defects)]) {
      const { status, body } = await refusal(request().at(999_999_999).execute());
      assert.deepEqual([status, body.error_code], [404, 'platform.entity_not_found']);
    }
  });

  test('a bulk update gives each entity its own values', async () => {
    const made = await many(3);
    const changes = made.map(({ id }, index) => ({ id, name: `bulk ${index}` }));
    const answer = await octane.updateBulk(defects, changes).execute();
    assert.equal(answer.total_count, 3);
    assert.deepEqual(ids(answer.data), ids(made));
    const query = field('id').inComparison(ids(made)).build();
    const { data } = await octane.get(defects).query(query).fields('name').orderBy('id').execute();
    assert.deepEqual(data.map((defect) => defect.name), ['bulk 0', 'bulk 1', 'bulk 2']);
  });

  test('a bulk update with an unknown ID updates the others', async () => {
    const [{ id }] = await many(1);
    const { status, body } = await refusal(
      octane.updateBulk(defects, [{ id, name: 'known' }, { id: '999999999', name: 'unknown' }]).execute(),
    );
    assert.equal(status, 409);
    assert.deepEqual(ids(body.data), [id]);
    assert.equal(body.errors[0].error_code, 'platform.entity_not_found');
    assert.equal((await read(id, 'name')).name, 'known');
  });

  test('references are replaced, or appended on request', async () => {
    const [{ id }] = await many(1);
    const names = [unique('tag'), unique('tag')];
    const tags = (await octane.create('user_tags', names.map((name) => ({ name }))).execute()).data;
    const set = (tag, parameters = '') =>
      octane.executeCustomRequest(path(`defects/${id}${parameters}`), update, { user_tags: { data: [tag] } });
    const of = async () => ids((await read(id, 'user_tags')).user_tags.data);
    await set(tags[0]);
    await set(tags[1]);
    assert.deepEqual(await of(), [tags[1].id]);
    await set(tags[0], '?reference_update_mode=append');
    assert.deepEqual((await of()).sort(), ids(tags).sort());
  });

  test('a bulk update with a query gives all matches the same value', async () => {
    const made = await many(3);
    const query = field('id').inComparison(ids(made).slice(1)).build();
    const answer = await octane.updateBulk(defects, { description: 'by query' }).query(query).execute();
    assert.equal(answer.total_count, 2);
    const changed = await Promise.all(ids(made).map((id) => fetchOne(id, 'description')));
    assert.deepEqual(changed.map((defect) => defect.description ?? null), [null, 'by query', 'by query']);
  });

  test('entities are deleted by a query, and the response lists them', async () => {
    const made = await many(3);
    const query = field('id').inComparison(ids(made).slice(0, 2)).build();
    const answer = await octane.delete(defects).query(query).execute();
    assert.equal(answer.total_count, 2);
    assert.deepEqual(ids(answer.data).sort(), ids(made).slice(0, 2).sort());
    const left = octane.get(defects).query(field('id').inComparison(ids(made)).build());
    assert.deepEqual(ids((await left.execute()).data), [made[2].id]);
  });

  test('a defect needs only a name', async () => {
    const answer = await octane.create(defects, { name: unique('only a name') }).execute();
    const defect = await read(answer.data[0].id, 'parent', 'phase');
    assert.deepEqual([defect.parent.id, defect.phase.id], [root.id, 'phase.defect.new']);
  });

  test('the script of a test is written and read', async () => {
    const [{ id }] = (await octane.create('manual_tests', { name: unique('manual') }).execute()).data;
    const script = '- Open the shop\n- ?The cart is empty\n';
    await octane.executeCustomRequest(path(`tests/${id}/script`), update, { script });
    assert.equal((await octane.get(Octane.entityTypes.tests).at(id).script().execute()).script, script);
  });

  test('deleting one entity returns nothing', async () => {
    const [{ id }] = await many(1);
    assert.equal(await octane.delete(defects).at(id).execute(), undefined);
    assert.equal((await refusal(octane.get(defects).at(id).execute())).status, 404);
  });

  test('phases of an entity type are returned in order and can be set', async () => {
    const query = field('entity').equal('defect').build();
    const list = (await octane.get(phases).query(query).execute()).data;
    assert.ok(list.length >= 5);
    const closed = list.find((phase) => phase.logical_name === 'phase.defect.closed');
    const [{ id }] = await many(1);
    await octane.update(defects, { id, phase: closed }).execute();
    assert.equal((await read(id, 'phase')).phase.id, 'phase.defect.closed');
  });

  test('an aggregate creates by subtype, and the entity is the same in another collection', async () => {
    const name = unique('by subtype');
    const body = { data: [{ subtype: 'story', name, parent: root }] };
    const made = await octane.executeCustomRequest(path('work_items?fields=name,subtype'), create, body);
    const [{ id, subtype }] = made.data;
    assert.equal(subtype, 'story');
    assert.equal(made.data[0].name, name);
    assert.equal((await octane.get(stories).fields('name').at(id).execute()).name, name);
    assert.equal(await octane.delete(workItems).at(id).execute(), undefined);
    assert.equal((await refusal(octane.get(stories).at(id).execute())).status, 404);
  });
});
