import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { test } from 'node:test';
import { silentLog } from '../../platform/log.ts';
import { createApi } from '../server.ts';
import { serviceBody, startHarness } from './testing/call.ts';

const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

/** Name, what is sent, what the message must say. */
const bodies: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
  ['nothing', '', /got EOF while reading request body/],
  ['not JSON', '{"Name": ', /not valid JSON/],
  ['not UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22]), /not valid JSON/],
  ['not an object', '42', /expected object/],
  ['null', 'null', /expected object|got EOF/],
  ['a list', '[]', /expected object/],
  ['nested too deep', `{"TaskTemplate": ${deep(1000)}}`, /nested deeper/],
  ['no task template', '{"Name":"x"}', /TaskTemplate/],
  ['no image', '{"Name":"x","TaskTemplate":{"ContainerSpec":{}}}', /image reference must be provided/],
  ['a number for a name', '{"Name":7,"TaskTemplate":{"ContainerSpec":{"Image":"a"}}}', /Name/],
  ['a name with a slash', '{"Name":"a/b","TaskTemplate":{"ContainerSpec":{"Image":"a"}}}', /name: letters, digits/],
  [
    'a long name with a slash',
    `{"Name":"${'a'.repeat(200)}/b","TaskTemplate":{"ContainerSpec":{"Image":"a"}}}`,
    /name: letters, digits/,
  ],
  [
    'a text for replicas',
    '{"Name":"x","TaskTemplate":{"ContainerSpec":{"Image":"a"}},"Mode":{"Replicated":{"Replicas":"9"}}}',
    /Mode.Replicated.Replicas/,
  ],
  [
    'fractions of replicas',
    '{"Name":"x","TaskTemplate":{"ContainerSpec":{"Image":"a"}},"Mode":{"Replicated":{"Replicas":1.5}}}',
    /Replicas/,
  ],
  [
    'too many replicas',
    '{"Name":"x","TaskTemplate":{"ContainerSpec":{"Image":"a"}},"Mode":{"Replicated":{"Replicas":1e12}}}',
    /replicas/,
  ],
  [
    'two modes',
    '{"Name":"x","TaskTemplate":{"ContainerSpec":{"Image":"a"}},"Mode":{"Replicated":{},"Global":{}}}',
    /only one service mode/,
  ],
  [
    'port 70000',
    '{"Name":"x","TaskTemplate":{"ContainerSpec":{"Image":"a"}},"EndpointSpec":{"Ports":[{"TargetPort":70000}]}}',
    /TargetPort/,
  ],
  [
    'a negative delay',
    '{"Name":"x","TaskTemplate":{"ContainerSpec":{"Image":"a"}},"UpdateConfig":{"Delay":-1}}',
    /Delay/,
  ],
  [
    'a prototype',
    '{"__proto__":{"Name":"x"},"constructor":{},"Name":"x","TaskTemplate":{}}',
    /has the key "__proto__"/,
  ],
  [
    'a label that would be lost',
    '{"Name":"x","Labels":{"__proto__":"x"},"TaskTemplate":{"ContainerSpec":{"Image":"a"}}}',
    /has the key "__proto__"/,
  ],
];

test('bodies that make no sense are refused with 400 and a reason, and nothing is made', async (t) => {
  await using docker = await startHarness();
  for (const [name, raw, reason] of bodies) {
    await t.test(name, async () => {
      const { status, message } = await docker.fail('POST', '/v1.41/services/create', { raw });
      assert.ok(status === 400 || status === 501, `${status}: ${message}`);
      assert.match(message, reason);
      assert.ok(message.length < 2000);
    });
  }
  assert.deepEqual(await docker.read('GET', '/services'), []);
});

test('a body over the limit is refused without being kept', async () => {
  await using docker = await startHarness();
  const raw = Buffer.alloc(17 * 1024 * 1024, ' ');
  const { status, message } = await docker.fail('POST', '/services/create', { raw });
  assert.equal(status, 400);
  assert.match(message, /larger than the limit/);
});

test('fields that nobody knows are named in the warnings', async () => {
  await using docker = await startHarness();
  const body = serviceBody('web', { Colour: 'red' });
  Object.assign(body.TaskTemplate.ContainerSpec, { Shade: { Of: 'blue' } });
  const created = await docker.read('POST', '/services/create', { body });
  assert.deepEqual((created as { readonly Warnings: unknown }).Warnings, [
    'TaskTemplate.ContainerSpec.Shade is not known here and was left out',
    'Colour is not known here and was left out',
  ]);
});

const targets: readonly (readonly [string, string, number, RegExp])[] = [
  ['GET', '/services?filters=nonsense', 400, /invalid filters/],
  ['GET', '/services?filters=[1]', 400, /invalid filters/],
  ['GET', '/services?filters={"colour":["red"]}', 400, /invalid filter 'colour'/],
  ['GET', `/services?filters=${deep(100_000)}`, 400, /filters is nested deeper/],
  ['POST', '/containers/prune?filters={"__proto__":["x"]}', 400, /filters has the key "__proto__"/],
  ['POST', '/containers/prune?filters={"label":{"__proto__":true}}', 400, /filters has the key "__proto__"/],
  ['POST', '/build?labels={"__proto__":"x"}', 400, /labels has the key "__proto__"/],
  ['GET', '/tasks?filters={"desired-state":["tired"]}', 400, /desired-state=tired/],
  ['GET', '/events?since=yesterday', 400, /invalid since/],
  ['GET', '/services/web/logs?stdout=1', 404, /service web not found/],
  ['POST', '/services/web/update', 400, /invalid service version ''/],
  ['POST', '/services/web/update?version=abc', 400, /invalid service version 'abc'/],
  ['POST', '/nodes/node1/update?version=-1', 400, /invalid node version/],
  ['GET', '/v9.99/info', 400, /client version 9.99 is too new/],
  ['GET', '/v1.11/info', 400, /client version 1.11 is too old/],
  ['GET', '/nowhere', 404, /page not found/],
  ['GET', '/containers/web/json', 404, /^No such container: web$/],
  ['POST', '/exec/web/start', 404, /^No such exec instance: web$/],
  ['GET', '/containers/json?filters={"status":["tired"]}', 400, /status=tired/],
  ['POST', '/images/create?fromImage=a', 503, /no engine is behind this node/],
  ['DELETE', '/services/nope', 404, /service nope not found/],
  ['GET', '/networks/nope', 404, /network nope not found/],
  ['GET', '/nodes/nope', 404, /node nope not found/],
  ['GET', '/tasks/nope', 404, /task nope not found/],
  ['DELETE', '/secrets/nope', 404, /secret nope not found/],
  ['DELETE', '/configs/nope', 404, /config nope not found/],
  ['GET', `/services/${'x'.repeat(5000)}`, 404, /./],
  ['GET', '/services/%E0%A4%A', 404, /./],
];

test('parameters that make no sense are refused with a reason', async (t) => {
  await using docker = await startHarness();
  for (const [method, target, expected, reason] of targets) {
    await t.test(`${method} ${target.slice(0, 60)}`, async () => {
      const { status, message } = await docker.fail(method, target, { body: serviceBody('x') });
      assert.equal(status, expected, message);
      assert.match(message, reason);
    });
  }
});

test('a request that breaks off in the middle of its body makes nothing', async () => {
  await using docker = await startHarness();
  const { cluster } = docker;
  const api = createApi({
    manager: cluster.manager,
    clock: cluster.clock,
    random: { id: () => 'x', number: () => 0 },
    version: '0',
    log: silentLog,
  });
  const server = createServer(api.listener).on('upgrade', api.upgrade);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  try {
    await new Promise<void>((closed) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.end('POST /services/create HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"Name":"half"');
      });
      socket.on('error', () => undefined).once('close', () => closed());
      socket.resume();
    });
    assert.deepEqual(await docker.read('GET', '/services'), []);
    const status = await new Promise<number | undefined>((answered, failed) => {
      request({ port, host: '127.0.0.1', path: '/nowhere', headers: { connection: 'upgrade', upgrade: 'h2c' } })
        .on('response', (response) => {
          response.resume();
          answered(response.statusCode);
        })
        .on('error', failed)
        .end();
    });
    assert.equal(status, 404);
  } finally {
    server.closeAllConnections();
    await new Promise<void>((closed) => server.close(() => closed()));
  }
});
