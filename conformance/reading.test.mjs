// Reading: one entity, lists, the query language as the SDK writes it, metadata.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';

import { Octane, Query } from '@microfocus/alm-octane-js-rest-sdk';

import { connect, ids, refusal, unique } from './support.mjs';

const { defects, releases, stories, userTags, workItemRoots, workItems } = Octane.entityTypes;
const { field } = Query;

describe('reading', () => {
  const octane = connect();
  const mark = unique('reading');
  let release;
  let root;
  let made;
  /** Only what this file made. */
  const mine = () => field('name').equal(`${mark}*`);

  before(async () => {
    [root] = (await octane.get(workItemRoots).execute()).data;
    const year = { start_date: '2031-01-01T00:00:00Z', end_date: '2031-12-31T00:00:00Z' };
    [release] = (await octane.create(releases, { name: mark, ...year }).execute()).data;
    const story = (letter, more) => ({
      name: `${mark} ${letter}`,
      parent: { type: 'work_item_root', id: root.id },
      ...more,
    });
    const created = await octane
      .create(stories, [
        story('d', { release, description: '<html><body><p>first</p></body></html>' }),
        story('b', { release }),
        story('a', {}),
        story('c', {}),
      ])
      .execute();
    made = created.data;
  });

  test('one entity is a plain object with the default fields', async () => {
    const story = await octane.get(stories).at(made[0].id).execute();
    assert.equal(story.id, made[0].id);
    assert.equal(story.type, 'story');
    assert.equal(story.data, undefined);
  });

  test('fields choose what comes back', async () => {
    const story = await octane
      .get(stories)
      .fields('name', 'description', 'release')
      .at(made[0].id)
      .execute();
    assert.equal(story.name, `${mark} d`);
    assert.equal(story.description, '<html><body><p>first</p></body></html>');
    assert.deepEqual([story.release.type, story.release.id], ['release', release.id]);
    assert.equal(story.phase, undefined);
  });

  test('fields of a referenced entity come nested', async () => {
    const story = await octane.get(stories).fields('name', 'release{name}').at(made[0].id).execute();
    assert.equal(story.release.name, mark);
  });

  test('a list tells its total count beside its page', async () => {
    const page = await octane
      .get(stories)
      .query(mine().build())
      .fields('name')
      .orderBy('name')
      .limit(2)
      .offset(1)
      .execute();
    assert.equal(page.total_count, 4);
    assert.equal(page.exceeds_total_count, false);
    assert.deepEqual(page.data.map((story) => story.name.at(-1)), ['b', 'c']);
  });

  test('pages laid end to end are the list', async () => {
    const seen = [];
    for (let offset = 0; offset < 6; offset += 1) {
      const page = octane.get(stories).query(mine().build()).orderBy('id').limit(1).offset(offset);
      seen.push(...ids((await page.execute()).data));
    }
    assert.deepEqual(seen, ids(made));
  });

  for (const [order, letters] of [
    [['name'], 'abcd'],
    [['-name'], 'dcba'],
    [['id'], 'dbac'],
    [['-id'], 'cabd'],
    [['release', '-name'], undefined],
  ]) {
    test(`order by ${order}`, async () => {
      const list = octane.get(stories).query(mine().build()).fields('name').orderBy(...order);
      const found = (await list.execute()).data.map((story) => story.name.at(-1)).join('');
      if (letters) {
        assert.equal(found, letters);
      } else {
        assert.match(found, /^(dbca|cadb)$/);
      }
    });
  }

  const queries = {
    'equal text': [() => field('name').equal(`${mark} a`), 'a'],
    'a wildcard at the end': [() => mine(), 'abcd'],
    'a wildcard in front': [() => field('name').equal(`*${mark.slice(8)} b`), 'b'],
    'equal number': [() => field('id').equal(Number(made[1].id)), 'b'],
    between: [() => mine().and(field('id').between(Number(made[1].id), Number(made[2].id))), 'ab'],
    less: [() => mine().and(field('id').less(Number(made[1].id))), 'd'],
    greater: [() => mine().and(field('id').greater(Number(made[2].id))), 'c'],
    'less or equal': [() => mine().and(field('id').lessEqual(Number(made[1].id))), 'bd'],
    'not less': [() => mine().and().field('id').notLess(Number(made[2].id)), 'ac'],
    'greater or equal': [() => mine().and(field('id').greaterEqual(Number(made[2].id))), 'ac'],
    'in numbers': [() => field('id').inComparison([Number(made[0].id), Number(made[2].id)]), 'ad'],
    'in texts': [() => field('name').inComparison([`${mark} a`, `${mark} c`]), 'ac'],
    'in ids as texts': [() => field('id').inComparison(ids(made).slice(0, 2)), 'bd'],
    'not equal': [() => mine().and(field('name').notEqual(`${mark} a`)), 'bcd'],
    'or in a group': [
      () => mine().and(field('name').equal('*a').or().field('name').equal('*b').group()),
      'ab',
    ],
    'and before or': [
      () => field('name').equal(`${mark} a`).or(field('id').greater(0).and(field('name').equal(`${mark} b`))),
      'ab',
    ],
    'not of a group': [() => mine().and(field('name').equal('*a').group().not()), 'bcd'],
    'a cross filter': [() => mine().and(field('release').equal(field('id').equal(Number(release.id)))), 'bd'],
    'a cross filter by name': [() => mine().and(field('release').equal(field('name').equal(mark))), 'bd'],
    'a cross filter with or': [
      () => mine().and(field('release').equal(field('name').equal('nothing').or().field('name').equal(mark))),
      'bd',
    ],
    'a negated cross filter': [
      () => mine().and(field('release').equal(field('name').equal(mark)).not()),
      'ac',
    ],
    'no reference': [() => mine().and(field('release').equal(Query.NULL_REFERENCE)), 'ac'],
    'no value': [() => mine().and(field('description').equal(Query.NULL).group().not()), 'd'],
    'a point in time': [() => mine().and(field('creation_time').greater(new Date('2020-01-01'))), 'abcd'],
    'a span of time': [
      () => mine().and(field('creation_time').between(new Date('2020-01-01'), new Date('2020-01-02'))),
      '',
    ],
    'a phase by its logical name': [
      () => mine().and(field('phase').equal(field('id').equal('phase.story.new'))),
      'abcd',
    ],
    'the root as parent': [() => mine().and(field('parent').equal(field('id').equal(root.id))), 'abcd'],
  };
  for (const [what, [query, letters]] of Object.entries(queries)) {
    test(`query: ${what}`, async () => {
      const list = octane.get(stories).query(query().build()).fields('name').orderBy('name').limit(50);
      const answer = await list.execute();
      assert.equal(answer.data.map((story) => story.name.at(-1)).join(''), letters);
      assert.equal(answer.total_count, letters.length);
    });
  }

  for (const name of [
    `it's ${mark}`,
    `50% & more + ${mark} = ?#/`,
    `Grüße, 世界 ${mark}`,
    `<b>${mark}</b> (x) [y] {z}`,
    `semi;colon || ${mark}, more`,
  ]) {
    test(`a name such as ${name.replace(mark, '…')} is found by itself`, async () => {
      const [tag] = (await octane.create(userTags, { name }).execute()).data;
      const found = await octane.get(userTags).query(field('name').equal(name).build()).execute();
      assert.deepEqual(ids(found.data), [tag.id]);
    });
  }

  test('an aggregate lists the entities of its types with their subtype', async () => {
    const query = mine().and(field('subtype').equal('story')).build();
    const answer = await octane.get(workItems).query(query).fields('name', 'subtype').execute();
    assert.equal(answer.total_count, 4);
    assert.ok(answer.data.every((item) => item.subtype === 'story'));
    const others = mine().and(field('subtype').inComparison(['defect', 'feature'])).build();
    assert.equal((await octane.get(workItems).query(others).execute()).total_count, 0);
  });

  test('what does not exist is told apart', async () => {
    const missing = await refusal(octane.get(stories).at(999_999_999).execute());
    assert.deepEqual([missing.status, missing.body.error_code], [404, 'platform.entity_not_found']);
    const unknown = await refusal(octane.get(defects).fields('no_such_field').execute());
    assert.deepEqual([unknown.status, unknown.body.error_code], [400, 'platform.unknown_field']);
    const collection = await refusal(octane.get('no_such_collection').execute());
    assert.equal(collection.status, 404);
  });

  test('a broken query is refused with 400', async () => {
    for (const query of ['name EQ', 'name EQ ^open', '(id EQ 1', 'name LIKE ^x^']) {
      assert.equal((await refusal(octane.get(stories).query(query).execute())).status, 400, query);
    }
  });
});

describe('metadata', () => {
  const octane = connect();
  const { entitiesMetadata, fieldsMetadata } = Octane.entityTypes;

  test('all entities tell their collection', async () => {
    const { data, total_count: count } = await octane.get(entitiesMetadata).execute();
    assert.equal(count, data.length);
    const story = data.find((entity) => entity.name === 'story');
    const rest = story.features.find((feature) => feature.name === 'rest');
    assert.equal(rest.url, 'stories');
    assert.deepEqual([...rest.methods].sort(), ['DELETE', 'GET', 'POST', 'PUT']);
  });

  test('one entity is found by name', async () => {
    const query = field('name').equal('defect').build();
    const answer = await octane.get(entitiesMetadata).query(query).execute();
    assert.deepEqual(answer.data.map((entity) => entity.name), ['defect']);
  });

  test('fields of one entity tell their type', async () => {
    const query = field('entity_name').equal('defect').build();
    const { data } = await octane.get(fieldsMetadata).query(query).execute();
    assert.ok(data.every((each) => each.entity_name === 'defect'));
    for (const reference of data.filter((each) => each.field_type === 'reference')) {
      assert.ok(reference.field_type_data.targets.length > 0, reference.name);
      assert.equal(typeof reference.field_type_data.multiple, 'boolean', reference.name);
    }
  });

  test('user-defined fields are found', async () => {
    const query = field('is_user_defined').equal(true).build();
    const { data } = await octane.get(fieldsMetadata).query(query).execute();
    assert.ok(data.length > 0);
    assert.ok(data.every((each) => each.is_user_defined && each.name.endsWith('_udf')));
  });
});
