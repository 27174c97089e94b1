import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadContract } from './contract.ts';
import type { Endpoint } from './endpoints.ts';

const contract = loadContract();
const json = { 'content-type': 'application/json' };

const endpointOf = (method: string, target: string): Endpoint => {
  const found = contract.find(method, target);
  assert.ok(found, `${method} ${target}`);
  return found;
};

const answer = (method: string, target: string, status: number, body: unknown, headers = json): readonly string[] =>
  contract.answer(endpointOf(method, target), { status, headers, body: Buffer.from(JSON.stringify(body)) });

test('targets find their endpoint: versions, queries, names with slashes, node/name', () => {
  for (const [method, target, key] of [
    ['GET', '/v1.41/containers/json?all=1', 'GET /containers/json'],
    ['GET', '/containers/abc/json', 'GET /containers/{id}/json'],
    ['GET', '/containers/node1/web/json', 'GET /containers/{id}/json'],
    ['GET', '/v1.51/images/registry:5000/team/app:1/json', 'GET /images/{name}/json'],
    ['GET', '/v1.41/images/get?names=a', 'GET /images/get'],
    ['DELETE', '/images/docker.io%2Flibrary%2Fa', 'DELETE /images/{name}'],
    ['HEAD', '/_ping', 'HEAD /_ping'],
  ] as const) {
    assert.equal(contract.find(method, target)?.key, key);
  }
  assert.equal(contract.find('GET', '/nowhere'), undefined);
});

test('answers: shape, null where it is allowed, status, headers, error bodies', () => {
  assert.deepEqual(answer('GET', '/containers/json', 200, []), []);
  assert.match(answer('GET', '/volumes', 200, { Volumes: 3 }).join(), /\/Volumes must be array/);
  assert.deepEqual(answer('GET', '/containers/x/changes', 200, [{ Path: '/a', Kind: 0 }]), []);
  assert.match(answer('GET', '/containers/x/json', 418, { message: 'tea' }).join(), /status 418/);
  assert.match(answer('GET', '/containers/x/json', 404, { error: 'x' }).join(), /required property 'message'/);
  assert.match(answer('HEAD', '/_ping', 200, '').join(), /header Api-Version is missing/);
});

test('streams of documents are held against the shape one by one', () => {
  const events = (text: string): readonly string[] =>
    contract.answer(endpointOf('GET', '/events'), { status: 200, headers: json, body: Buffer.from(text) });
  assert.deepEqual(events('{"Type":"container"}\n{"Type":"image"}\n{"Ty'), []);
  assert.match(events('{"Type":"container"}\n{"Type":"planet"}\n').join(), /\/Type must be equal/);
});

test('requests: unknown, missing and mistyped queries, bodies', () => {
  const request = (method: string, target: string, body?: unknown): readonly string[] =>
    contract.request(endpointOf(method, target), {
      method,
      target,
      headers: json,
      body: Buffer.from(body === undefined ? '' : JSON.stringify(body)),
    });
  assert.deepEqual(request('GET', '/containers/json?all=1&limit=3'), []);
  assert.match(request('GET', '/containers/json?limit=many').join(), /limit=many is not of type integer/);
  assert.match(request('GET', '/containers/json?colour=red').join(), /query colour/);
  assert.match(request('GET', '/containers/x/archive').join(), /query path is missing/);
  assert.match(request('POST', '/containers/create', { Image: 3 }).join(), /\/Image must be string/);
  assert.match(request('POST', '/containers/create').join(), /body is missing/);
});
