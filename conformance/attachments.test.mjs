// Uploading and downloading attachments, with both halves of the SDK.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { Octane, Query } from '@microfocus/alm-octane-js-rest-sdk';

import { connect, connectByRoutes, ids, refusal, unique } from './support.mjs';

const { attachments, defects } = Octane.entityTypes;
/** Binary data. */
const BYTES = Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 31) % 256));

describe('attachments', () => {
  const octane = connect();
  let defect;

  before(async () => {
    [defect] = (await octane.create(defects, { name: unique('with attachments') }).execute()).data;
  });

  const upload = async (name, content, owner = { type: 'work_item', id: defect.id }) =>
    (await octane.uploadAttachment(name, content, 'owner_work_item', owner).execute()).data[0];
  const content = (id) => octane.getAttachmentContent().at(id).execute();

  for (const [what, body] of [
    ['bytes', BYTES],
    ['text', Buffer.from('first line\r\nzweite Zeile: Grüße\n')],
    ['nothing but a byte', Buffer.from([0])],
  ]) {
    test(`${what} are downloaded as they were uploaded`, async () => {
      const { id, type } = await upload('evidence.bin', body);
      assert.equal(type, 'attachment');
      assert.deepEqual(await content(id), body);
    });
  }

  test('text may be given as a string', async () => {
    const { id } = await upload('note.txt', 'This is a note.');
    assert.equal((await content(id)).toString(), 'This is a note.');
  });

  test('the owner may be given as a bare ID', async () => {
    const { id } = await upload('by-id.txt', 'x', Number(defect.id));
    const read = await octane.get(attachments).fields('owner_work_item').at(id).execute();
    assert.equal(read.owner_work_item.id, defect.id);
  });

  test('the entity contains name, size and owner', async () => {
    const { id } = await upload('sized.txt', Buffer.from('12345'));
    const read = await octane.get(attachments).fields('name', 'size', 'owner_work_item').at(id).execute();
    assert.deepEqual([read.name, read.size], ['sized.txt', 5]);
    assert.deepEqual([read.owner_work_item.type, read.owner_work_item.id], ['defect', defect.id]);
  });

  test('the attachments of an entity are found from both sides', async () => {
    const [owner] = (await octane.create(defects, { name: unique('owner') }).execute()).data;
    const made = [];
    for (const name of ['one.txt', 'two.txt']) {
      made.push((await upload(name, name, { type: 'work_item', id: owner.id })).id);
    }
    const query = Query.field('owner_work_item').equal(Query.field('id').equal(owner.id)).build();
    assert.deepEqual(ids((await octane.get(attachments).query(query).orderBy('id').execute()).data), made);
    const read = await octane.get(defects).fields('attachments').at(owner.id).execute();
    assert.deepEqual(ids(read.attachments.data).sort(), [...made].sort());
  });

  test('an attachment is renamed and deleted', async () => {
    const { id } = await upload('before.txt', 'x');
    await octane.update(attachments, { id, name: 'after.txt', description: 'renamed' }).execute();
    const read = await octane.get(attachments).fields('name', 'description').at(id).execute();
    assert.deepEqual([read.name, read.description], ['after.txt', 'renamed']);
    assert.equal(await octane.delete(attachments).at(id).execute(), undefined);
    assert.equal((await refusal(octane.get(attachments).at(id).execute())).status, 404);
    assert.equal((await refusal(content(id))).status, 404);
  });

  test('an attachment needs an owner that exists', async () => {
    const lost = await refusal(upload('lost.txt', 'x', { type: 'work_item', id: '999999999' }));
    assert.ok([400, 404, 409].includes(lost.status), `${lost.status}`);
  });

  describe('as forms', () => {
    let byRoutes;
    let folder;

    before(async () => {
      byRoutes = await connectByRoutes();
      folder = await mkdtemp(join(tmpdir(), 'conformance-'));
    });
    after(() => rm(folder, { recursive: true }));

    test('a file is uploaded with its entity in one form and downloaded by its name', async () => {
      const file = join(folder, 'form.bin');
      await writeFile(file, BYTES);
      const owner = { type: 'defect', id: defect.id };
      const made = await byRoutes.attachments.create({ name: 'form.bin', file, owner_work_item: owner });
      const entity = await byRoutes.attachments.get({ id: made.id, fields: 'name,size' });
      assert.deepEqual([entity.name, entity.size], ['form.bin', BYTES.length]);
      const down = await byRoutes.attachments.download({ id: made.id, filename: 'form.bin' });
      assert.deepEqual(down, BYTES);
      await byRoutes.attachments.delete({ id: made.id });
    });
  });
});
