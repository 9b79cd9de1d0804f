// What every scenario needs: the sandbox that `cargo xtask conformance` started, and clients of it.

import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';

import { Octane, OctaneVanilla } from '@microfocus/alm-octane-js-rest-sdk';
import log4js from 'log4js';

// The SDK logs every sign-in to standard output, which would mix with the test results.
log4js.getLogger().level = 'off';

function setting(name) {
  const value = process.env[name];
  if (!value) {
    throw new Error(`${name} is not set; run the scenarios with \`cargo xtask conformance\``);
  }
  return value;
}

export const sandbox = {
  url: setting('SANDBOX_URL'),
  id: setting('SANDBOX_CLIENT_ID'),
  secret: setting('SANDBOX_CLIENT_SECRET'),
  space: Number(setting('SANDBOX_SPACE')),
  workspace: Number(setting('SANDBOX_WORKSPACE')),
};

/** The relay that delivers to the sandbox, and a token of its: the ID and all of it. */
export const relay = {
  url: setting('RELAY_URL'),
  id: setting('RELAY_TOKEN_ID'),
  token: setting('RELAY_TOKEN'),
};

/** The path of a collection, or of anything else in the workspace, as custom requests want it. */
export function path(rest) {
  return `/api/shared_spaces/${sandbox.space}/workspaces/${sandbox.workspace}/${rest}`;
}

/** A client of the generic SDK. It signs in with its first request. */
export function connect(overrides = {}) {
  return new Octane({
    server: sandbox.url,
    sharedSpace: sandbox.space,
    workspace: sandbox.workspace,
    user: sandbox.id,
    password: sandbox.secret,
    ...overrides,
  });
}

/**
 * A signed-in client of the SDK's older half. Its methods, generated from metadata, give promises here;
 * `plain` is the client itself.
 */
export async function connectByRoutes(credentials = { client_id: sandbox.id, client_secret: sandbox.secret }) {
  const { protocol, hostname, port } = new URL(sandbox.url);
  const plain = new OctaneVanilla({
    protocol: protocol.slice(0, -1),
    host: hostname,
    port: Number(port),
    shared_space_id: sandbox.space,
    workspace_id: sandbox.workspace,
  });
  await promisify(plain.authenticate).call(plain, credentials);
  const promising = { plain };
  for (const [name, section] of Object.entries(plain)) {
    const methods = Object.entries(section ?? {}).filter(([, method]) => typeof method === 'function');
    promising[name] = Object.fromEntries(methods.map(([verb, method]) => [verb, promisify(method)]));
  }
  return promising;
}

/** A name that no other scenario uses; scenarios share one sandbox and run side by side. */
export function unique(what) {
  return `${what} ${randomUUID()}`;
}

/** The session cookie that a client of the generic SDK sends at the moment. */
export async function cookieOf(octane) {
  return octane._requestHandler.getCookieHeaderForUrl('/');
}

/** The refusal of a request that must fail. */
export async function refusal(request) {
  try {
    await request;
  } catch (error) {
    if (error.response) {
      return { status: error.response.status, body: error.response.data };
    }
    throw error;
  }
  throw new Error('the request must be refused and was not');
}

/** The ids of entities, in their order. */
export function ids(entities) {
  return entities.map((entity) => entity.id);
}
