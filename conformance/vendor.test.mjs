// The integration tests that the vendor ships inside the package, each run as a test of ours.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';

const require = createRequire(import.meta.url);
const sdk = dirname(require.resolve('@microfocus/alm-octane-js-rest-sdk'));
const suites = ['test/root/integration', 'test/generate-routes/integration'];
const outcome = join(process.cwd(), 'vendor-outcome.json');

await new Promise((resolve) => {
  const mocha = require.resolve('mocha/bin/mocha.js');
  const report = ['--reporter', 'json', '--reporter-option', `output=${outcome}`];
  // A failure is visible in the outcome; the exit code adds nothing.
  execFile(process.execPath, [mocha, ...report, ...suites], { cwd: sdk }, resolve);
});
const { tests, failures } = JSON.parse(await readFile(outcome, 'utf8'));

describe('the tests of the vendor', () => {
  // A failing hook is a failure that is not a test.
  const hooks = failures.filter((failure) => !tests.some((each) => each.fullTitle === failure.fullTitle));
  for (const { fullTitle, err } of [...tests, ...hooks]) {
    test(fullTitle, () => assert.equal(err.message, undefined, err.stack));
  }

  test('all of them ran', () => {
    assert.equal(hooks.length, 0);
    assert.ok(tests.length >= 30, `only ${tests.length} tests ran`);
  });
});
