import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'node:tls';
import { nodePaths } from '../../src/host/paths.ts';
import { run } from '../../src/dev/run.ts';
import { systemExec } from '../../src/platform/exec.ts';
import { layoutNode } from '../../src/dev/layout.ts';
import { startCluster } from '../e2e/lib/cluster.ts';
import type { TestCluster } from '../e2e/lib/cluster.ts';
import { killDaemon } from '../e2e/lib/daemons.ts';
import { tinyTag } from '../e2e/lib/images.ts';
import { startPebble } from '../support/acme.ts';
import { until } from '../support/until.ts';

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** Rejects where the connection is closed without an answer. */
const get = async (
  address: string,
  host: string,
  path = '/',
  agent?: Agent,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> =>
  await new Promise((resolve, reject) => {
    const asked = request(
      { host: address, path, headers: { host, ...headers }, agent, timeout: 10_000 },
      (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: body.trim(), headers: response.headers }),
        );
        response.on('error', reject);
      },
    );
    asked.on('timeout', () => asked.destroy(new Error('no answer for 10 s')));
    asked.on('error', reject).end();
  });

/** Who issued the certificate that is shown for this name; undefined where there is none. */
const issuerAt = async (address: string, name: string): Promise<string | undefined> =>
  await new Promise((resolve) => {
    const socket = connect({ host: address, port: 443, servername: name, rejectUnauthorized: false, timeout: 5_000 });
    const end = (issuer?: string): void => {
      socket.destroy();
      resolve(issuer);
    };
    socket.on('secureConnect', () => {
      const { issuer, subjectaltname } = socket.getPeerCertificate();
      end(subjectaltname === `DNS:${name}` ? String(issuer.CN) : undefined);
    });
    socket.on('timeout', () => end()).on('error', () => end());
  });

/** Asks again and again over connections that are kept, until it is stopped; gives what failed. */
const keepAsking = (address: string, host: string) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const failures: string[] = [];
  let count = 0;
  let stopped = false;
  const ask = async (): Promise<void> => {
    while (!stopped) {
      const answer = await get(address, host, '/', agent).catch((fault: Error) => fault);
      count += 1;
      if (answer instanceof Error) failures.push(answer.message);
      else if (answer.status !== 200) failures.push(String(answer.status));
      await pause(5);
    }
  };
  const asking = Promise.all(Array.from({ length: 4 }, ask));
  return {
    stop: async () => {
      stopped = true;
      await asking;
      agent.destroy();
      return { failures, count };
    },
  };
};

/** Its server ends in order: what it has begun to answer is answered to the end. */
const web = (more = '') => `
name: shop
services:
  web:
    image: ${tinyTag}
    command: ["sh", "-c", "hostname > /tmp/index.html; httpd -f -p 80 -h /tmp & trap 'kill $$!; sleep 1; exit 0' TERM; wait"]
    deploy: {replicas: 2}
    x-tutti: {route: {host: shop.example, port: 80, retry: true${more}}}
`;

describe('the front door of two nodes', { timeout: 300_000 }, () => {
  let cluster: TestCluster;
  let home: string;
  let addresses: readonly [string, string];
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'tutti-door-'));
    cluster = await startCluster({ nodes: 2, managers: 1, images: 'tiny' });
    addresses = cluster.nodes.map(({ address }) => address) as unknown as typeof addresses;
  });
  after(async () => {
    await cluster?.[Symbol.asyncDispose]();
    await rm(home, { recursive: true, force: true });
  });

  const deploy = async (text: string) => {
    const file = join(home, 'compose.yaml');
    await writeFile(file, text);
    return await cluster.tutti('deploy', '--file', file);
  };
  /** All tasks that a node's door leads to, by their hostnames. */
  const seen = async (address: string, host: string): Promise<readonly string[]> => {
    const answers = await Promise.all(Array.from({ length: 12 }, async () => await get(address, host)));
    assert.ok(answers.every(({ status }) => status === 200));
    return [...new Set(answers.map(({ body }) => body))];
  };
  const leadsTo = async (count: number, host = 'shop.example'): Promise<void> => {
    for (const address of addresses) {
      const check = async () => await seen(address, host);
      await until(`${address} to lead to ${count} tasks`, check, (found) => found.length === count, { everyMs: 100 });
    }
  };
  const proxyOf = async (node: string): Promise<number> => {
    const { door } = nodePaths(layoutNode(cluster.layout, node).tutti);
    return Number(await readFile(join(door, 'haproxy.pid'), 'utf8'));
  };

  test('a Compose file with a route: every node answers from all ready tasks, and for nothing else', async () => {
    const { code, stderr } = await deploy(web());
    assert.equal(code, 0, stderr);
    await leadsTo(2);
    await assert.rejects(get(addresses[1], 'other.example'), /socket hang up|ECONNRESET/);
    const labels = await cluster.docker('service', 'inspect', '--format', '{{json .Spec.Labels}}', 'shop_web');
    assert.match(labels, /"tutti.route.host":"shop.example"/);
  });

  test('no request fails while tasks come and go, routes come and go, and the agent is killed', async () => {
    const asking = keepAsking(addresses[1], 'shop.example');
    const before = await proxyOf('node2');
    await cluster.docker('service', 'scale', 'shop_web=5');
    await leadsTo(5);
    await cluster.docker('service', 'scale', 'shop_web=2');
    await leadsTo(2);
    const labels = ['tutti.route.b.host=b.example', 'tutti.route.b.port=80'].flatMap((label) => ['--label-add', label]);
    await cluster.docker('service', 'update', '--detach', ...labels, 'shop_web');
    await leadsTo(2, 'b.example');
    await killDaemon(cluster, 'node2', 'agent');
    await cluster.docker('service', 'update', '--force', '--update-order', 'start-first', 'shop_web');
    await leadsTo(2);
    const { failures, count } = await asking.stop();
    assert.deepEqual(failures, [], `${failures.length} of ${count} failed`);
    assert.equal(await proxyOf('node2'), before, 'one proxy served all the time');
  });

  test('TLS with a certificate of the stack, weights, sticky clients, a limit, routes by command', async () => {
    const certified = `-x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=tls.example`.split(
      ' ',
    );
    const files = ['-keyout', join(home, 'key'), '-out', join(home, 'certificate')];
    await run(systemExec, ['openssl', 'req', ...certified, '-addext', 'subjectAltName=DNS:tls.example', ...files]);
    const authority = await readFile(join(home, 'certificate'), 'utf8');
    await writeFile(join(home, 'pem'), `${authority}${await readFile(join(home, 'key'), 'utf8')}`);
    await deploy(`${web(', weight: 3')}    secrets: []
  next:
    image: ${tinyTag}
    command: ["sh", "-c", "echo next > /tmp/index.html; trap 'exit 0' TERM; httpd -f -p 80 -h /tmp & wait"]
    x-tutti:
      route:
        - {host: shop.example, port: 80, weight: 1}
        - {host: tls.example, port: 80, tls: certificate}
secrets: {certificate: {file: ${join(home, 'pem')}}}
`);
    await leadsTo(3);
    // Connections of before may be answered once more as routes were then: new ones.
    using fresh = new DisposableStack();
    const once = fresh.adopt(new Agent({ keepAlive: false }), (agent) => agent.destroy());
    const ask = async () => await get(addresses[0], 'shop.example', '/', once);
    const answers = await Promise.all(Array.from({ length: 40 }, ask));
    const share = answers.filter(({ body }) => body === 'next').length;
    assert.ok(share >= 8 && share <= 12, `${share} of 40 went to the service of weight 1 of 4`);
    const redirected = await until(
      'the route with TLS to be there',
      async () => await get(addresses[1], 'tls.example'),
      ({ status }) => status === 308,
    );
    assert.equal(redirected.headers['location'], 'https://tls.example/');
    const trust = ['--cacert', join(home, 'certificate'), '--resolve', `tls.example:443:${addresses[1]}`];
    const asked = ['--silent', '--show-error', '--write-out', ' %{http_version}', ...trust, 'https://tls.example/'];
    const secure = await systemExec('curl', asked);
    assert.equal(secure.stdout, 'next\n 2', secure.stderr);
    const added = await cluster.tutti(
      'route',
      'add',
      'own.example/in',
      'shop_web:80',
      '--sticky',
      '--rate',
      '5/m',
      '--strip',
    );
    assert.equal(added.code, 0, added.stderr);
    const there = async (address: string): Promise<Answer> =>
      await until(
        `the route to be on ${address}`,
        async () => await get(address, 'own.example', '/in/index.html'),
        ({ status }) => status === 200,
      );
    const first = await there(addresses[0]);
    await there(addresses[1]);
    const cookie = String(first.headers['set-cookie']).split(';')[0] ?? '';
    const again = async (): Promise<Answer> => await get(addresses[1], 'own.example', '/in/', undefined, { cookie });
    const stuck = await Promise.all([again(), again(), again(), again()]);
    assert.deepEqual([...new Set(stuck.map(({ body }) => body))], [first.body], 'another node knows the cookie too');
    assert.equal((await again()).status, 429);
    assert.match(
      (await cluster.tutti('route', 'ls')).stdout,
      /^own\.example\/in .*shop_web:80 .*sticky, strip, rate 5\/60s/m,
    );
    assert.equal((await cluster.tutti('route', 'rm', 'own.example/in')).code, 0);
  });

  test('a certificate by ACME, from an order to TLS on every node', async () => {
    const [own = ''] = /(?<= src )\S+/.exec(await run(systemExec, ['ip', '-o', 'route', 'get', addresses[0]])) ?? [];
    await using acme = await startPebble(own, addresses[1]);
    await writeFile(join(home, 'acme.pem'), acme.authority);
    const trusted = ['--authority', join(home, 'acme.pem'), '--email', 'me@shop.example'];
    const set = await cluster.tutti('door', 'acme', '--directory', acme.directory, ...trusted);
    assert.equal(set.code, 0, set.stderr);
    const added = await cluster.tutti('route', 'add', 'secure.example', 'shop_web:80', '--tls', 'acme');
    assert.equal(added.code, 0, added.stderr);
    for (const address of addresses) {
      const issuer = async () => await issuerAt(address, 'secure.example');
      await until(`a certificate on ${address}`, issuer, (name) => name?.startsWith('Pebble') === true, {
        everyMs: 200,
      });
    }
    const { stdout } = await cluster.tutti('route', 'ls');
    assert.doesNotMatch(stdout, /secure\.example\/: /);
    const secrets = await cluster.docker('secret', 'ls', '--format', '{{.Name}}');
    assert.match(secrets, /^acme-secure\.example-\w+$/m);
    await cluster.tutti('route', 'rm', 'secure.example');
  });

  test('a killed proxy is back at once', async () => {
    process.kill(await proxyOf('node2'), 'SIGKILL');
    await until(
      'the door to be open again',
      async () => (await get(addresses[1], 'shop.example')).status,
      (status) => status === 200,
      { deadlineMs: 10_000 },
    );
  });

  test('what was asked of all nodes is told in one place, and what they count', async () => {
    const none = await cluster.tutti('route', 'logs');
    assert.equal(none.code, 4);
    assert.match(none.stderr, /tutti door --access-log on/);
    assert.equal((await cluster.tutti('door', '--access-log', 'on')).code, 0);
    const logged = async () => {
      for (const address of addresses) await get(address, 'shop.example', '/logged').catch(() => undefined);
      return (await cluster.tutti('route', 'logs', '--tail', '3', 'shop.example', '--format', 'json')).stdout;
    };
    const all = (text: string): boolean => cluster.nodes.every(({ name }) => text.includes(`"node":"${name}"`));
    const text = await until('requests of both nodes', logged, all);
    const entries = text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.ok(
      entries.every(({ route, uri }) => route === 'shop.example/' && uri === '/logged'),
      text,
    );
    const times = entries.map(({ time }) => Number(time));
    assert.deepEqual(
      times,
      times.toSorted((left, right) => left - right),
    );
    const { stdout } = await cluster.tutti('door', 'metrics');
    for (const { name } of cluster.nodes)
      assert.match(stdout, new RegExp(`^haproxy_frontend_http_requests_total\\{node="${name}",proxy="door"`, 'm'));
  });

  test('what cannot be is refused with its place, and a port of the door with its owner', async () => {
    const { code, stderr } = await deploy(web(', path: nothing'));
    assert.notEqual(code, 0);
    assert.match(stderr, /compose\.yaml:8:\d+: .*path.*a path begins with \//);
    const taken = await cluster.tryDocker('service', 'create', '--name', 'pub', '-p', '80:80', tinyTag);
    assert.match(taken.stderr, /port 80\/tcp is the front door's/);
  });

  test('with its last route the door is closed', async () => {
    await cluster.tutti('rm', 'shop');
    for (const address of addresses) {
      const ask = async () => await get(address, 'shop.example').catch(({ code }: NodeJS.ErrnoException) => code);
      await until('the door to be closed', ask, (code) => code === 'ECONNREFUSED');
    }
  });
});
