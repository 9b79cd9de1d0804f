// Prepares what the older half of the SDK and its own tests need: the URL of the server, and a file of
// routes that its generator creates from the server's metadata.

import { copyFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { sandbox } from './support.mjs';

const require = createRequire(import.meta.url);
const built = dirname(require.resolve('@microfocus/alm-octane-js-rest-sdk'));
const { generateDefaultRoutes } = require(join(built, '../scripts/generate_default_routes.js'));
const { protocol, hostname, port } = new URL(sandbox.url);
const configuration = {
  config: {
    protocol: protocol.slice(0, -1),
    host: hostname,
    port: Number(port),
    shared_space_id: sandbox.space,
    workspace_id: sandbox.workspace,
    tech_preview_API: true,
  },
  options: { client_id: sandbox.id, client_secret: sandbox.secret },
};

await writeFile(join(built, 'octane.json'), JSON.stringify(configuration));
// The generator logs each of its steps.
console.log = () => {};
await generateDefaultRoutes(configuration);
await copyFile(join(built, '../routes/default.json'), join(built, 'routes/default.json'));
