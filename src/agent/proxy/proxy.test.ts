import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anEndpoint, aSelf, setOf } from '../../../test/support/assignments.ts';
import { authority, credentialsOf } from '../../../test/support/tls.ts';
import { until } from '../../../test/support/until.ts';
import type { Assignment } from '../../model/assignment.ts';
import { assignedDoor, assignedRoute } from '../../model/route.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { createFakeHost } from './testing/fake-host.ts';
import { createProxy } from './proxy.ts';

const door = assignedDoor.parse({ kind: 'door', id: 'door', httpPort: 80, httpsPort: 443, cookieKey: 'key' });
const routeTo = (host: string, more: object = {}): Assignment =>
  assignedRoute.parse({
    kind: 'route',
    id: `${host}/`,
    match: { host, path: '/' },
    action: {
      kind: 'services',
      targets: [{ serviceId: 'service1', serviceName: 'web', networkIds: ['front0000'], port: 80 }],
    },
    options: {},
    ...more,
  });
const task = (index: number): Assignment =>
  anEndpoint({ id: `front0000/task${index}`, taskId: `task${index}`, address: `10.128.0.1${index}` });

const start = () => {
  const host = createFakeHost();
  const problems: (string | undefined)[] = [];
  const proxy = createProxy({ host, clock: systemClock, log: silentLog });
  proxy.subscribe(() => problems.push(proxy.problem()));
  const apply = async (...items: readonly Assignment[]): Promise<void> => {
    proxy.apply(setOf(aSelf(), ...items));
    await proxy.settled();
  };
  return { host, proxy, problems, apply };
};

test('it begins with the first route, is told of tasks, loads new routes, and ends with the last', async () => {
  const { host, proxy, apply } = start();
  await using _ = proxy;
  await apply();
  assert.equal(host.said.length, 0);
  await apply(door, routeTo('a.example'), task(1));
  assert.deepEqual(host.said.splice(0), ['start']);
  assert.deepEqual(host.ready(), ['a.example_ 10.128.0.11:80']);
  await apply(door, routeTo('a.example'), task(2));
  assert.deepEqual(host.ready(), ['a.example_ 10.128.0.12:80']);
  assert.ok(
    host.said.splice(0).every((line) => line.startsWith('set server')),
    'nothing is loaded for a task',
  );
  await apply(door, routeTo('a.example'), routeTo('b.example'), task(2));
  assert.deepEqual(host.said.splice(0), ['reload']);
  await apply();
  assert.deepEqual(host.said, ['stop finish']);
});

test('what serves is told of tasks before other routes are loaded, so that nobody is led to one that ends meanwhile', async () => {
  const { host, proxy, problems, apply } = start();
  await using _ = proxy;
  await apply(door, routeTo('a.example'), task(1));
  host.said.splice(0);
  await apply(door, routeTo('a.example'), routeTo('b.example'), task(2));
  assert.match(host.said.join(), /^set server .*,set server a\.example\S+ state maint,reload$/);
  host.refusal = 'no such thing';
  await assert.rejects(apply(door, routeTo('a.example'), routeTo('c.example'), task(1)), /no such thing/);
  assert.deepEqual(host.ready().slice(0, 1), ['a.example_ 10.128.0.11:80']);
  assert.equal(problems.length, 1);
});

test('nothing is done while the node does not know itself; a proxy that is killed is started with what is so now', async () => {
  const { host, proxy, apply } = start();
  await using _ = proxy;
  await apply(door, routeTo('a.example'), task(1));
  proxy.apply(new Map());
  await proxy.settled();
  assert.deepEqual(host.said.splice(0), ['start']);
  await apply(door, routeTo('a.example'), task(1), task(2));
  host.kill();
  await until(
    'it runs again',
    () => host.ready(),
    (ready) => ready.length === 2,
  );
  assert.equal(host.said.at(-1), 'start');
});

test('one that is killed while it loads is started again, and not waited for', async () => {
  const { host, proxy, apply } = start();
  await using _ = proxy;
  await apply(door, routeTo('a.example'), task(1));
  host.diesLoading = true;
  await assert.rejects(apply(door, routeTo('b.example'), task(1)), /ended while it loaded/);
  await until('it runs again', host.ready, (ready) => ready[0] === 'b.example_ 10.128.0.11:80', { deadlineMs: 3_000 });
});

test('a configuration that is refused is said, changes nothing, and what serves is still told of tasks', async () => {
  const { host, proxy, problems, apply } = start();
  await using _ = proxy;
  await apply(door, routeTo('a.example'), task(1));
  host.refusal = "[haproxy.cfg:12] : 'bind' no such thing";
  const more = [door, routeTo('a.example'), routeTo('b.example')];
  await assert.rejects(apply(...more, task(1)), /refuses the configuration.*haproxy\.cfg:12/);
  assert.match(proxy.problem() ?? '', /haproxy\.cfg:12/);
  await apply(...more, task(2));
  assert.deepEqual(host.ready(), ['a.example_ 10.128.0.12:80']);
  assert.doesNotMatch(host.loaded() ?? '', /b\.example/);
  assert.match(proxy.problem() ?? '', /haproxy\.cfg:12/, 'it is a problem as long as it is');
  host.refusal = undefined;
  await apply(door, routeTo('a.example'), task(2));
  assert.deepEqual([problems.length, proxy.problem()], [2, undefined]);
});

test('a node without the program says so, and that is over when it is there', async () => {
  const { host, proxy, problems, apply } = start();
  await using _ = proxy;
  host.isInstalled = false;
  await apply(door, routeTo('a.example'));
  assert.match(proxy.problem() ?? '', /haproxy is not installed/);
  await apply();
  assert.equal(proxy.problem(), undefined, 'without a route it is no problem');
  host.isInstalled = true;
  await apply(door, routeTo('a.example'));
  assert.deepEqual(host.said, ['start']);
  assert.equal(problems.length, 2);
});

test('a certificate that is none is left out and said; one that is not known yet takes nothing away', async () => {
  const { host, proxy, apply } = start();
  await using _ = proxy;
  const secure = routeTo('a.example', { options: { tls: 'cert' }, certificateId: 'secret1' });
  const secret = (text: string): Assignment => ({
    kind: 'secret',
    id: 'secret1',
    name: 'cert',
    data: Buffer.from(text).toString('base64'),
  });
  await apply(door, secure, secret('no certificate'), task(1));
  assert.match(proxy.problem() ?? '', /secret cert of route a\.example\/ is left out/);
  const before = host.loaded();
  // As an agent begins without a manager: secrets are on no disk.
  await apply(door, secure, routeTo('b.example'), task(2));
  assert.deepEqual(host.ready(), ['a.example_ 10.128.0.12:80']);
  assert.equal(host.loaded(), before);
});

test('a node that starts anew without a manager serves what needs no certificate, and sends nobody to where there is none', async () => {
  const { host, proxy, apply } = start();
  await using _ = proxy;
  const secure = routeTo('a.example', { options: { tls: 'cert' }, certificateId: 'secret1' });
  await apply(door, secure, routeTo('b.example'), task(1));
  assert.deepEqual(host.said.splice(0), ['start']);
  assert.deepEqual(host.ready(), ['a.example_ 10.128.0.11:80', 'b.example_ 10.128.0.11:80']);
  assert.match(host.loaded() ?? '', /return status 503/);
  assert.doesNotMatch(host.loaded() ?? '', /redirect|ssl crt-list/);
  // A manager is back and tells the certificate.
  const { certificate, key } = await credentialsOf(authority, 'node-1', 'worker');
  const data = Buffer.from(`${certificate}
${key}`).toString('base64');
  await apply(
    door,
    secure,
    { kind: 'secret', id: 'secret1' as never, name: 'cert', data },
    routeTo('b.example'),
    task(1),
  );
  assert.deepEqual(host.said, ['reload']);
  assert.match(host.loaded() ?? '', /redirect [^]*ssl crt-list|ssl crt-list [^]*redirect/);
});
