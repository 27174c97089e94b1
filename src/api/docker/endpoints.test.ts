import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endpointsOf } from './testing/contract/endpoints.ts';
import { startHarness } from './testing/call.ts';
import type { Harness } from './testing/call.ts';

/** What a cluster cannot do, or does not do yet: the answer is 501 and says so. Everything else is there. */
const refused: readonly (readonly [endpoint: RegExp, reason: RegExp])[] = [
  // Nothing but the list, and the look for one of a name.
  [/^\w+ \/plugins\/(?!\{name\}\/json$)/, /plugins are programs on one machine/],
  [/^PUT \/volumes\//, /cluster volumes of CSI plugins/],
];

const refusalOf = (key: string): RegExp | undefined => refused.find(([endpoint]) => endpoint.test(key))?.[1];

/** Refused today, being built. */
const later = /^POST \/swarm\/leave$/;

type State = 'covered' | 'refused' | 'later' | 'missing';

const targetOf = (path: string): string => path.replaceAll('{id}', 'nothing').replaceAll('{name}', 'nothing');

/** How an endpoint is answered when it is asked for something that is not there. */
const stateOf = async (docker: Harness, key: string): Promise<{ readonly state: State; readonly detail: string }> => {
  const [method = '', path = ''] = key.split(' ');
  const aborter = new AbortController();
  const reply = await docker.call(method, targetOf(path), { body: {}, signal: aborter.signal });
  aborter.abort();
  const message = reply.kind === 'json' ? String((reply.body as { readonly message?: string }).message) : '';
  const detail = `${reply.status} ${message}`;
  if (reply.status === 404 && message === 'page not found') return { state: 'missing', detail };
  if (reply.status === 500) return { state: 'missing', detail };
  if (reply.status !== 501) return { state: 'covered', detail };
  return { state: refusalOf(key)?.test(message) === true ? 'refused' : later.test(key) ? 'later' : 'missing', detail };
};

test('every endpoint of the specification is there, or refused with a reason', async (t) => {
  await using docker = await startHarness();
  for (const { key } of endpointsOf()) {
    await t.test(key, async () => {
      const { state, detail } = await stateOf(docker, key);
      if (state === 'later') t.diagnostic(`later: ${key}: ${detail}`);
      assert.notEqual(state, 'missing', detail);
      assert.equal(refusalOf(key) !== undefined, state === 'refused', `${state}: ${detail}`);
    });
  }
});
