// A test against the sandbox, with nothing but Node: `node --test examples/sandbox.test.mjs`.
// The program is found on the PATH, or named by the variable OCTANE.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';

let sandbox;
let octane;

before(async () => {
  const program = process.env.OCTANE ?? 'octane';
  sandbox = spawn(program, ['sandbox', '--memory', '--port', '0', '--format', 'json']);
  // One line, written once it listens.
  for await (const line of createInterface({ input: sandbox.stdout })) {
    octane = JSON.parse(line);
    break;
  }
  const { client_id, client_secret } = octane;
  const answer = await fetch(`${octane.url}/authentication/sign_in`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ client_id, client_secret }),
  });
  assert.equal(answer.status, 200);
  octane.cookie = answer.headers.getSetCookie().map((cookie) => cookie.split(';')[0]).join('; ');
});

after(() => sandbox.kill());

const get = (path) =>
  fetch(`${octane.url}/api/shared_spaces/${octane.space}/workspaces/${octane.workspace}/${path}`, {
    headers: { Cookie: octane.cookie },
  });

test('the query language finds a story by its Jira key', async () => {
  const query = encodeURIComponent("jira_key_udf IN 'SHOP-101','NONE-1'");
  const page = await (await get(`stories?fields=name&query="${query}"`)).json();
  assert.equal(page.total_count, 1);
});

test('a lost session is reported in the shape of the product', async () => {
  await fetch(`${octane.url}/_sandbox/sessions/expire`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: '{"expiry":"idle"}',
  });
  const answer = await get('stories');
  assert.equal(answer.status, 401);
  assert.equal((await answer.json()).errorCode, 'VALIDATION_TOKEN_EXPIRED_IDLE_TIME_OUT');
});
