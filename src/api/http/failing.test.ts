import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TuttiError } from '../../model/errors.ts';
import { answerFailures } from './failing.ts';
import { empty } from './reply.ts';
import type { ApiRequest } from './request.ts';

test('what a handler that fails has begun ends; an answer goes on for as long as its client', async () => {
  const client = new AbortController();
  const request = { method: 'GET', path: '/', signal: client.signal } as unknown as ApiRequest;
  const seen: AbortSignal[] = [];
  const answer = (fails: boolean) =>
    answerFailures(
      async ({ signal }) => {
        seen.push(signal);
        if (fails) throw new TuttiError('resource-exhausted', 'the disk is full');
        return await Promise.resolve(empty(204));
      },
      ({ message }) => ({ kind: 'text', status: 500, text: message }),
    );
  assert.deepEqual(await answer(true)(request), { kind: 'text', status: 500, text: 'the disk is full' });
  assert.equal((await answer(false)(request)).status, 204);
  assert.deepEqual(
    seen.map(({ aborted }) => aborted),
    [true, false],
  );
  client.abort();
  assert.ok(seen.every(({ aborted }) => aborted));
});
