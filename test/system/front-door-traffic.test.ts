import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect, createServer as createTcpServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { backendName } from '../../src/core/route/backends.ts';
import { say } from '../../src/platform/haproxy/socket.ts';
import { routeSpec } from '../../src/model/route.ts';
import type { AssignedRoute } from '../../src/model/route.ts';
import { aRoute, routeTo, startDoor } from '../support/door.ts';
import type { TestDoor } from '../support/door.ts';
import { until } from '../support/until.ts';

/** Any address of 127.0.0.0/8 is this machine's. */
const tasks = {
  echo: '127.21.0.1',
  other: '127.21.0.2',
  gone: '127.21.0.3',
  rude: '127.21.0.4',
  raw: '127.21.0.5',
  third: '127.21.0.6',
};
const ports = { door: 18_180, tls: 18_543, tasks: 18_181 };

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly agent?: Agent;
  /** Of the front door; absent: 127.0.0.1. */
  readonly address?: string;
}

/** Rejects where the connection is closed without an answer. */
const ask = async (host: string, path: string, options: Asked = {}, body?: Buffer): Promise<Answer> =>
  await new Promise((resolve, reject) => {
    const { headers, address = '127.0.0.1', ...others } = options;
    const to = { host: address, port: ports.door, path, agent: false as const, timeout: 10_000 };
    const asked = request({ ...to, ...others, headers: { host, ...headers } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
      response.on('error', reject);
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer for 10 s')));
    asked.on('error', reject).end(body);
  });

/** How an upgrade is asked for over HTTP/2 (RFC 8441). */
const upgraded2 = (protocol: string, host: string): OutgoingHttpHeaders => ({
  ':method': 'CONNECT',
  ':protocol': protocol,
  ':scheme': 'http',
  ':path': '/',
  ':authority': host,
});

interface Echo {
  readonly task: string;
  readonly method: string;
  readonly url: string;
  /** Of the proxy's end of the connection. */
  readonly port: number;
  readonly headers: Record<string, string>;
}
const echoOf = ({ body }: Answer): Echo => JSON.parse(body.toString()) as Echo;

/** What is said over a tunnel comes back, marked. */
const tunnelled = (socket: Duplex, head: Buffer): void => {
  const answer = (chunk: Buffer): void => void (chunk.length > 0 && socket.write(`tunnelled ${chunk.toString()}`));
  socket
    .on('error', () => undefined)
    .on('data', answer)
    .on('end', () => socket.end());
  answer(head);
};

/**
 * A task that says what it was asked, takes its time for `/slow`, and speaks WebSocket: it says back what it is told. It
 * takes `CONNECT` and any other upgrade, too.
 */
const echoServer = (task: string): Server =>
  createServer((asked, response) => {
    asked.resume().on('end', () => {
      const { method, url = '', headers } = asked;
      const answer = (): void => {
        response.setHeader('content-type', 'application/json');
        response.end(
          JSON.stringify({ task, method, url, port: asked.socket.remotePort, headers, padding: ' '.repeat(2_000) }),
        );
      };
      if (url === '/slow') setTimeout(answer, 1_500).unref();
      else answer();
    });
  })
    .on('connect', (_, socket, head) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      tunnelled(socket, head);
    })
    .on('upgrade', ({ headers }, socket, head) => {
      if (headers.upgrade !== 'websocket') {
        socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${headers.upgrade}\r\nConnection: Upgrade\r\n\r\n`);
        tunnelled(socket, head);
        return;
      }
      const key = `${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
      const accept = createHash('sha1').update(key).digest('base64');
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      socket.on('data', (frame: Buffer) => {
        const length = (frame[1] ?? 0) & 127;
        const mask = frame.subarray(2, 6);
        const text = frame.subarray(6, 6 + length).map((byte, at) => byte ^ (mask[at % 4] ?? 0));
        socket.write(Buffer.concat([Buffer.from([0x81, length]), text]));
      });
      socket.on('error', () => undefined);
    });

/** A task that hangs up on whoever asks. */
const rudeServer = (): Server =>
  createTcpServer((socket) => socket.once('data', () => socket.destroy()).on('error', () => undefined));

/** A task that answers with the first bytes that it was sent. */
const rawServer = (): Server =>
  createTcpServer((socket) => {
    let said = '';
    socket
      .on('error', () => undefined)
      .on('data', (chunk: Buffer) => {
        said += chunk.toString('latin1');
        // What is said of the client may come by itself.
        if (!/GET [^]*\r\n\r\n$/.test(said)) return;
        const body = said.replaceAll('\r\n', '|').slice(0, 200);
        socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`, 'latin1');
      });
  });

const to = (service: string, path: string, options = {}, match = {}) =>
  routeTo(service, ports.tasks, { host: 'shop.example', path, ...match }, options);
const routes = [
  to('echo', '/'),
  to('other', '/api'),
  to('echo', '/api', {}, { methods: ['POST'], headers: { 'x-version': 'beta' } }),
  to('echo', '/stripped', { strip: true }),
  to('echo', '/small', { bodyBytes: 1_000 }),
  to('echo', '/slow', { timeoutMs: 300 }),
  to('echo', '/packed', { compress: true }),
  to('echo', '/limited', { rate: { requests: 3, periodMs: 60_000 } }),
  to('echo', '/work', { maintenance: true }),
  to('gone', '/gone'),
  to('rude', '/rude'),
  to('rude', '/again', { retry: true }),
  to('raw', '/v1', { proxyProtocol: 'v1' }),
  to('raw', '/v2', { proxyProtocol: 'v2' }),
  routeTo('other', ports.tasks, { host: '*.shop.example', path: '/' }),
  routeTo('echo', ports.tasks, { host: '127.0.0.1', path: '/' }),
  aRoute({ host: 'old.example', path: '/' }, {}, { kind: 'redirect', to: 'https://shop.example', status: 301 }),
  aRoute({ host: 'shop.example', path: '/wp-admin' }, {}, { kind: 'drop' }),
];

const text = (from: string, most: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...from.split('')), minLength: 1, maxLength: most });
const printable = String.fromCharCode(...Array.from({ length: 95 }, (_, at) => 32 + at));

/** As odd as the schema takes it. */
const anyRoute: fc.Arbitrary<AssignedRoute> = fc
  .record({
    match: fc.record({
      host: text('abcd.-_', 8).map((host) => `${host}.any.example`),
      path: text(`ab/._~!$&'()*+,;=:@-`, 8).map((path) => `/${path}`),
      methods: fc.array(text('GETPOS', 6), { minLength: 1, maxLength: 16 }),
      headers: fc.dictionary(text(`aX0-aX0.aX0_aX0'aX0#`, 3), fc.oneof(text(printable, 8), text('{}#', 1)), {
        maxKeys: 5,
      }),
    }),
    action: fc.oneof(
      fc.constant({ kind: 'services', targets: [{ service: 'echo', port: ports.tasks }] }),
      text('ab.:_[]-9', 8).map((host) => ({ kind: 'redirect', to: `https://${host}` })),
      fc.constant({ kind: 'drop' }),
    ),
    options: fc.record(
      {
        sticky: fc.boolean(),
        rate: fc.record({
          requests: fc.integer({ min: 1, max: 1_000_000 }),
          periodMs: fc.integer({ min: 1000, max: 86_400_000 }),
        }),
        timeoutMs: fc.integer({ min: 1, max: 86_400_000 }),
        bodyBytes: fc.maxSafeNat(),
        compress: fc.boolean(),
        retry: fc.boolean(),
        strip: fc.boolean(),
        proxyProtocol: fc.constantFrom('v1', 'v2'),
        maintenance: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
  })
  .filter((spec) => routeSpec.safeParse(spec).success)
  .map(({ match, options, action }) =>
    'targets' in action ? routeTo('echo', ports.tasks, match, options) : aRoute(match, options, action),
  );

const reached = {
  echo: [tasks.echo],
  other: [tasks.other],
  gone: [tasks.gone, tasks.echo],
  rude: [tasks.rude, tasks.echo],
  raw: [tasks.raw],
  third: [tasks.third],
};

describe('the front door, asked by clients', { timeout: 60_000 }, () => {
  const servers: Server[] = [];
  let door: TestDoor;
  before(async () => {
    const started: readonly (readonly [string, Server])[] = [
      [tasks.echo, echoServer('echo')],
      [tasks.other, echoServer('other')],
      [tasks.third, echoServer('third')],
      [tasks.rude, rudeServer()],
      [tasks.raw, rawServer()],
    ];
    for (const [address, server] of started) {
      servers.push(server.listen(ports.tasks, address));
      await once(server, 'listening');
    }
    door = await startDoor(
      { httpPort: ports.door, httpsPort: ports.tls, proxyFrom: ['127.0.0.9', 'fd00:9::/64'], accessLog: true },
      routes,
      reached,
    );
  });
  after(async () => {
    await door?.[Symbol.asyncDispose]();
    for (const server of servers) server.close();
  });

  test('by host, path, method and header; the host as clients write it', async () => {
    const led = async (host: string, path: string, options: Asked = {}) => echoOf(await ask(host, path, options)).task;
    assert.equal(await led('shop.example', '/'), 'echo');
    assert.equal(await led('Shop.Example.:18180', '/api/x?y=1'), 'other');
    assert.equal(await led('shop.example', '/apis'), 'echo');
    assert.equal(await led('shop.example', '/api', { method: 'POST' }), 'other');
    assert.equal(await led('shop.example', '/api', { method: 'POST', headers: { 'X-Version': 'beta' } }), 'echo');
    assert.equal(await led('a.shop.example', '/'), 'other');
    await assert.rejects(ask('unknown.example', '/'), /socket hang up|ECONNRESET/);
    await assert.rejects(ask('shop.example', '/wp-admin/x'), /socket hang up|ECONNRESET/);
    const moved = await ask('old.example', '/x?y');
    assert.deepEqual([moved.status, moved.headers.location], [301, 'https://shop.example/x?y']);
  });

  test('tasks are told who asks, and what a client says of itself does not count', async () => {
    const lies = {
      'X-Forwarded-For': '9.9.9.9',
      'x-forwarded-proto': 'https',
      Forwarded: 'for=9.9.9.9',
      'X-Forwarded-User': 'root',
    };
    const { headers, url } = echoOf(await ask('shop.example', '/stripped/a/b?c', { headers: lies }));
    assert.equal(url, '/a/b?c');
    const told = Object.entries(headers).filter(([name]) => /forwarded/.test(name));
    assert.deepEqual(Object.fromEntries(told), {
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': 'shop.example',
      'x-forwarded-port': String(ports.door),
      'x-forwarded-proto': 'http',
    });
  });

  test('by IPv6', async () => {
    const { headers, task } = echoOf(await ask('shop.example', '/', { address: '::1' }));
    assert.deepEqual([task, headers['x-forwarded-for']], ['echo', '::1']);
  });

  test('limits: bodies, silence, requests of one client; a service that is worked on', async () => {
    const post = { method: 'POST' };
    const sent = async (size: number) =>
      (await ask('shop.example', '/small', { ...post, headers: { 'content-length': size } }, Buffer.alloc(size)))
        .status;
    assert.deepEqual([await sent(1_000), await sent(1_001)], [200, 413]);
    const untold = { ...post, headers: { 'transfer-encoding': 'chunked' } };
    assert.equal((await ask('shop.example', '/small', untold, Buffer.alloc(10))).status, 411);
    assert.equal((await ask('shop.example', '/slow')).status, 504);
    const limited = [];
    for (let count = 0; count < 4; count += 1) limited.push((await ask('shop.example', '/limited')).status);
    assert.deepEqual(limited, [200, 200, 200, 429]);
    const worked = await ask('shop.example', '/work');
    assert.deepEqual([worked.status, worked.headers['retry-after']], [503, '60']);
  });

  test('gzip for who takes it', async () => {
    const packed = await ask('shop.example', '/packed', { headers: { 'accept-encoding': 'gzip' } });
    assert.equal(packed.headers['content-encoding'], 'gzip');
    assert.equal((JSON.parse(gunzipSync(packed.body).toString()) as Echo).url, '/packed');
    assert.equal((await ask('shop.example', '/packed')).headers['content-encoding'], undefined);
  });

  test('a task that is not there is left for another; one that hangs up, where the route says so', async () => {
    for (let count = 0; count < 4; count += 1) assert.equal(echoOf(await ask('shop.example', '/gone')).task, 'echo');
    for (let count = 0; count < 4; count += 1) assert.equal(echoOf(await ask('shop.example', '/again')).task, 'echo');
    const asked = await Promise.all(
      Array.from({ length: 4 }, async () => await ask('shop.example', '/rude').catch(() => undefined)),
    );
    assert.ok(
      asked.some((answer) => answer?.status !== 200),
      'without retry it is the client who asks again',
    );
    const posted = await Promise.all(
      Array.from(
        { length: 4 },
        async () => await ask('shop.example', '/again', { method: 'POST' }).catch(() => undefined),
      ),
    );
    assert.ok(
      posted.some((answer) => answer?.status !== 200),
      'what may change something is not asked twice',
    );
  });

  test('WebSocket', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${ports.door}/chat`);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', () => reject(new Error('no WebSocket')));
    });
    const heard = new Promise((resolve) => socket.addEventListener('message', ({ data }) => resolve(data)));
    socket.send('hello');
    assert.equal(await heard, 'hello');
    socket.close();
  });

  test('WebSocket over HTTP/2', async () => {
    const session = connectHttp2(`http://127.0.0.1:${ports.door}`);
    await once(session, 'remoteSettings');
    const stream = session.request(
      { ...upgraded2('websocket', 'shop.example'), 'sec-websocket-version': '13' },
      { endStream: false },
    );
    const [answer] = (await once(stream, 'response')) as [IncomingHttpHeaders];
    assert.equal(answer[':status'], 200);
    stream.write(Buffer.concat([Buffer.from([0x81, 0x85, 0, 0, 0, 0]), Buffer.from('hello')]));
    const [heard] = (await once(stream, 'data')) as [Buffer];
    assert.equal(heard.subarray(2).toString(), 'hello');
    session.destroy();
  });

  test('upgrades to what is no HTTP', async () => {
    const asked = request({
      port: ports.door,
      headers: { host: 'shop.example', connection: 'upgrade', upgrade: 'other' },
    }).end();
    const [answer, socket] = (await once(asked, 'upgrade')) as [IncomingMessage, Socket];
    assert.deepEqual([answer.statusCode, answer.headers.upgrade], [101, 'other']);
    socket.write('hello');
    assert.equal(String(await once(socket, 'data')), 'tunnelled hello');
    socket.destroy();
  });

  test('HTTP/2 with prior knowledge, several requests at once on one connection', async () => {
    const session = connectHttp2(`http://127.0.0.1:${ports.door}`);
    const asked = Array.from({ length: 8 }, async (_, index) => {
      const stream = session.request({ ':path': `/n${index}`, ':authority': 'shop.example' });
      let text = '';
      for await (const chunk of stream) text += String(chunk);
      return (JSON.parse(text) as Echo).url;
    });
    assert.deepEqual(
      await Promise.all(asked),
      Array.from({ length: 8 }, (_, index) => `/n${index}`),
    );
    session.close();
  });

  test('the PROXY protocol to tasks, and from a balancer that is trusted to speak it', async () => {
    const [first, second] = [await ask('shop.example', '/v1'), await ask('shop.example', '/v2')];
    assert.match(
      first.body.toString(),
      new RegExp(`^PROXY TCP4 127\\.0\\.0\\.1 127\\.0\\.0\\.1 \\d+ ${ports.door}\\|GET /v1`),
    );
    assert.match(second.body.toString('latin1'), /^\|\|\0\|QUIT\n/, 'the signature of version 2');
    const said = async (localAddress: string, head: string): Promise<string> => {
      const socket = connect({ host: '127.0.0.1', port: ports.door, localAddress });
      socket.write(`${head}GET / HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n`);
      let text = '';
      socket.on('error', () => undefined).on('data', (chunk: Buffer) => (text += chunk.toString()));
      await once(socket, 'close');
      return text;
    };
    const line = 'PROXY TCP4 203.0.113.7 198.51.100.1 5000 80\r\n';
    assert.match(await said('127.0.0.9', line), /"x-forwarded-for":"203\.0\.113\.7"/);
    assert.match(await said('127.0.0.8', line), /^HTTP\/1\.[01] 400/, 'from anybody else it is no request');
    assert.match(await said('127.0.0.8', ''), /"x-forwarded-for":"127\.0\.0\.8"/);
  });

  test('the access log is JSON, whatever is asked for', async () => {
    await ask('shop.example', String.raw`/log?"}\]`, { headers: { 'x-version': 'a"b' } });
    // A line is written when the answer is on its way.
    const line = await until(
      'a line of it',
      async () => {
        const text = (await say(door.path('control.sock'), 'show events access', AbortSignal.timeout(5_000))) ?? '';
        return text.split('\n').findLast((one) => one.includes(String.raw`\/log`) && one.endsWith('}'));
      },
      (found) => found !== undefined,
    );
    const { time, ...entry } = JSON.parse(line ?? '') as Record<string, unknown>;
    assert.ok(Math.abs(Number(time) - Date.now() / 1000) < 60);
    assert.deepEqual(
      [entry['client'], entry['host'], entry['uri']],
      ['127.0.0.1', 'shop.example', String.raw`/log?"}\]`],
    );
    assert.deepEqual([entry['status'], entry['task'], entry['method']], [200, `${tasks.echo}:${ports.tasks}`, 'GET']);
  });

  test('who follows the access log hears on when routes are loaded; the last lines, those of one route, metrics', async () => {
    const ending = new AbortController();
    using _ = { [Symbol.dispose]: () => ending.abort() };
    const { proxy } = door;
    for (const path of ['/a1', '/api/a2', '/a3']) await ask('shop.example', path);
    const followed = proxy.accessLog({ follow: true, tail: 2 }, ending.signal)[Symbol.asyncIterator]();
    const next = async (): Promise<string> => {
      const { value } = await followed.next();
      return (JSON.parse(String(value)) as { uri: string }).uri;
    };
    assert.deepEqual([await next(), await next()], ['/api/a2', '/a3']);
    const waits = next();
    await ask('shop.example', '/a4');
    assert.equal(await waits, '/a4');
    {
      await using _loaded = await applied([...routes, to('other', '/loaded')]);
      await ask('shop.example', '/loaded');
      assert.equal(await next(), '/loaded', 'from the next worker');
    }
    await ask('shop.example', '/api/a5');
    assert.equal(await next(), '/api/a5');
    await ask('shop.example', '/a6');
    const backend = backendName(routes[1]?.id ?? '');
    const listed = await Array.fromAsync(proxy.accessLog({ follow: false, backend }, ending.signal));
    assert.deepEqual(
      listed.map((line) => (JSON.parse(line) as { uri: string }).uri),
      ['/api/a5'],
    );
    assert.match(await proxy.metrics(ending.signal), /^haproxy_backend_http_requests_total\{.*\} [1-9]/m);
  });

  /** Other routes, for as long as the test goes on. */
  const applied = async (wanted: readonly AssignedRoute[]): Promise<AsyncDisposable> => {
    const back = { [Symbol.asyncDispose]: async () => await door.apply(routes, reached) };
    try {
      await door.apply(wanted, reached);
    } catch (fault) {
      await back[Symbol.asyncDispose]();
      throw fault;
    }
    return back;
  };
  /** What is answered to exactly these bytes, until the proxy closes the connection; no more is sent, or (`stay`) might be. */
  const sent = async (bytes: string, then: 'end' | 'stay' = 'end'): Promise<string> => {
    const socket = connect({ host: '127.0.0.1', port: ports.door });
    let text = '';
    socket.on('error', () => undefined).on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.setTimeout(5_000, () => socket.destroy());
    if (then === 'end') socket.end(bytes);
    else socket.write(bytes);
    await once(socket, 'close');
    return text;
  };
  const statusOf = async (target: string, ...headers: readonly string[]): Promise<string> => {
    const head = [`GET ${target} HTTP/1.1`, 'Host: shop.example', 'Connection: close', ...headers, '', ''];
    return /^HTTP\/1\.1 (\d+)/.exec(await sent(head.join('\r\n')))?.[1] ?? 'closed';
  };

  test('a route that closes something is not passed by writing the path in another way', async () => {
    for (const path of ['/wp-admin', '/wp-admin/x', '//wp-admin', '/%77p-admin', '/wp%2dadmin%2Fx', '/wp-admin?/'])
      assert.equal(await statusOf(path), 'closed', path);
    for (const path of ['/x/../wp-admin', '/./wp-admin', '/x/%2e%2e/wp-admin', '/api/..%2fwp-admin', '/..;/wp-admin'])
      assert.equal(await statusOf(path), '400', path);
    for (const path of [String.raw`/x\..\wp-admin`, '/%zz', '/x/..']) assert.equal(await statusOf(path), '400', path);
    for (const path of ['/.well-known/x', '/a..b/...', '/a%2Fb', '/100%25', '/?a=/../b%zz', '/x.', '/.x'])
      assert.equal(await statusOf(path), '200', path);
    assert.equal(
      echoOf(await ask('shop.example', '/a%2Fb//c?d=%2f')).url,
      '/a%2Fb//c?d=%2f',
      'tasks get what was asked',
    );
    assert.equal(echoOf(await ask('shop.example', '//api/x')).task, 'other');
    await assert.rejects(ask('shop.example', '/wp%2Dadmin'), /socket hang up|ECONNRESET/);
    for (const host of ['shop.example/api', 'shop.example/api,shop.example', 'shop.example,x/y'])
      assert.equal((await ask(host, '/')).status, 400, 'a host that brings a path with it');
  });

  test('where only hosts of their own are led anywhere, what has no route is not answered, and odd ones are looked at too', async () => {
    const wanted = [
      routeTo('echo', ports.tasks, { host: 'only.example', path: '/api' }),
      aRoute({ host: 'only.example', path: '/api/closed' }, {}, { kind: 'drop' }),
    ];
    await using _wanted = await applied(wanted);
    for (const host of ['only.example', 'Only.Example:18180'])
      for (const path of ['/api', '/api/x', '//api'])
        assert.equal(echoOf(await ask(host, path)).task, 'echo', `${host} ${path}`);
    for (const [host, path] of [
      ['only.example', '/'],
      ['only.example', '/apis'],
      ['only.example', '/api/closed'],
      ['only.example', '/api/%63losed/x'],
      ['ONLY.example', '/api/closed'],
      ['other.example', '/api'],
    ] as const)
      await assert.rejects(ask(host, path), /socket hang up|ECONNRESET/, `${host} ${path}`);
    for (const host of ['only.example/api', 'only.example/api,only.example'])
      assert.equal((await ask(host, '/closed')).status, 400, host);
  });

  /** The task; without one, the status. */
  const answerOf = (text: string): string =>
    (/"task":"(\w+)"/.exec(text) ?? /^HTTP\S+ (\d+)/.exec(text))?.[1] ?? 'closed';
  /** The task that answers to `OPTIONS`. */
  const overHttp2 = async (path: string, authority: string): Promise<string> => {
    const session = connectHttp2(`http://127.0.0.1:${ports.door}`);
    session.on('error', () => undefined);
    const stream = session.request(
      { ':method': 'OPTIONS', ':path': path, ':authority': authority },
      { endStream: true },
    );
    let body = '';
    try {
      for await (const chunk of stream) body += String(chunk);
    } catch {
      // It is not answered.
    }
    session.close();
    return answerOf(body);
  };

  const own = routeTo('echo', ports.tasks, { host: 'own.example', path: '/' });
  const closed = aRoute({ host: 'own.example', path: '/closed' }, {}, { kind: 'drop' });
  const wild = routeTo('other', ports.tasks, { host: '*.own.example', path: '/' });
  const any = routeTo('third', ports.tasks, { host: '*', path: '/' });
  const posted = routeTo('third', ports.tasks, { host: 'own.example', path: '/', methods: ['POST'] });

  const variants = [
    ['hosts of their own', [own, closed]],
    ['a wildcard too', [own, closed, wild]],
    ['any host too', [own, closed, any]],
    ['conditions too', [own, closed, posted]],
    ['all of them', [own, closed, posted, wild, any]],
    ['a wildcard alone', [wild]],
    ['any host alone', [any]],
  ] as const;
  for (const [name, wanted] of variants)
    test(`requests without a path, and with several hosts: routes of ${name}`, async () => {
      await using _wanted = await applied(wanted);
      const has = (route: AssignedRoute): boolean => (wanted as readonly AssignedRoute[]).includes(route);
      const fallback = has(any) ? 'third' : 'closed';
      const asked = async (start: string, host?: string): Promise<string> => {
        const head = [start, ...(host === undefined ? [] : [`Host: ${host}`]), 'Connection: close', '', ''];
        return answerOf(await sent(head.join('\r\n')));
      };
      const hosts = [
        ...['own.example', 'OWN.example', 'own.example:18180'].map(
          (host) => [host, has(own) ? 'echo' : fallback] as const,
        ),
        ...['a.own.example', 'A.own.example:18180'].map((host) => [host, has(wild) ? 'other' : fallback] as const),
        ['elsewhere.example', fallback],
      ] as const;
      for (const [host, task] of hosts) {
        for (const start of ['OPTIONS *', 'GET *', `GET http://${host}`, `OPTIONS http://${host}`, 'GET /'])
          assert.equal(await asked(`${start} HTTP/1.1`, host), task, `${start} of ${host}`);
        assert.equal(await overHttp2('*', host), task, `HTTP/2, * of ${host}`);
      }
      for (const start of ['OPTIONS *', 'GET *', 'GET /'])
        assert.equal(await asked(`${start} HTTP/1.0`), fallback, `${start} without a host`);
      for (const host of [
        'own.example/x',
        'own.example/closed,own.example',
        'own.example,x',
        'x,own.example',
        'own.example,',
        ',own.example',
        'a.own.example,own.example',
      ])
        for (const start of ['OPTIONS *', 'GET *', 'GET /', 'GET /closed', 'POST /x'])
          assert.equal(await asked(`${start} HTTP/1.1`, host), '400', `${start} of ${host}`);
      if (!has(own)) return;
      for (const host of ['own.example', 'OWN.example'])
        assert.equal(await asked('POST * HTTP/1.1', host), has(posted) ? 'third' : 'echo', `POST * of ${host}`);
      for (const target of ['/closed', '/%63losed', 'http://own.example/closed', 'http://own.example//closed/'])
        assert.equal(await asked(`GET ${target} HTTP/1.1`, 'own.example'), 'closed', target);
    });

  /** Status and text of a stream of HTTP/2, over which `said` goes once it is answered. */
  const streamed = async (headers: OutgoingHttpHeaders, said: string): Promise<string> => {
    const session = connectHttp2(`http://127.0.0.1:${ports.door}`);
    session.on('error', () => undefined);
    // Whether it takes `:protocol` is in there.
    await once(session, 'remoteSettings');
    const stream = session.request(headers, { endStream: false });
    let text = '';
    stream.on('response', (answer) => {
      text = `${answer[':status']} `;
      stream.end(said);
    });
    try {
      for await (const chunk of stream) text += String(chunk);
    } catch {
      // It is not answered.
    }
    session.close();
    return text;
  };

  for (const [name, wanted] of variants)
    test(`no tunnel past the rules: routes of ${name}`, async () => {
      await using _wanted = await applied(wanted);
      const has = (route: AssignedRoute): boolean => (wanted as readonly AssignedRoute[]).includes(route);
      const fallback = has(any) ? 'third' : 'closed';
      const hosts = [
        ['own.example', has(own) ? 'echo' : fallback],
        ['a.own.example', has(wild) ? 'other' : fallback],
        ['elsewhere.example', fallback],
      ] as const;
      const next = 'GET /closed HTTP/1.1\r\nHost: own.example\r\nConnection: close\r\n\r\n';
      for (const host of hosts.flatMap(([one]) => [`${one}:80`, `${one}:${ports.door}`])) {
        const text = await sent(`CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n${next}`, 'stay');
        const [refused = '', ...rest] = text.split('\r\n\r\n');
        assert.match(refused, /^HTTP\/1\.1 501 /, `CONNECT ${host}`);
        assert.equal(answerOf(rest.join('\r\n\r\n')), has(own) ? 'closed' : fallback, 'what follows is a request');
        assert.equal(await streamed({ ':method': 'CONNECT', ':authority': host }, next), '501 ', `HTTP/2 to ${host}`);
      }
      for (const [host, task] of hosts) {
        for (const upgrade of ['h2c', 'x, H2C-14', 'x\r\nUpgrade: h2c', 'HTTP/2.0', 'TLS/1.0']) {
          const head = [`Host: ${host}`, 'Connection: Upgrade, HTTP2-Settings', 'HTTP2-Settings: AAMAAABk'].join(
            '\r\n',
          );
          const text = await sent(`GET / HTTP/1.1\r\n${head}\r\nUpgrade: ${upgrade}\r\n\r\n${next}`);
          assert.equal(answerOf(text), task, `${upgrade} of ${host}`);
          assert.doesNotMatch(text, /"upgrade":|"http2-settings":|tunnelled/);
        }
        const text = await streamed(upgraded2('h2c', host), next);
        assert.equal(answerOf(text), task, `HTTP/2, h2c of ${host}`);
        assert.doesNotMatch(text, /"upgrade":|tunnelled/);
      }
    });

  test('a refused CONNECT is in the access log', async () => {
    assert.match(await sent('CONNECT logged.example:80 HTTP/1.1\r\nHost: logged.example:80\r\n\r\n'), /^HTTP\S+ 501 /);
    const line = await until(
      'a line of it',
      async () => {
        const text = (await say(door.path('control.sock'), 'show events access', AbortSignal.timeout(5_000))) ?? '';
        return text.split('\n').findLast((one) => one.includes('logged.example') && one.endsWith('}'));
      },
      (found) => found !== undefined,
    );
    const { method, status } = JSON.parse(line ?? '') as Record<string, unknown>;
    assert.deepEqual([method, status], ['CONNECT', 501]);
  });

  test('whatever a route may say, the proxy takes it: one that it refused would keep all others from being loaded', async () => {
    const wanted = [...new Map(fc.sample(anyRoute, 200).map((route) => [JSON.stringify(route.match), route])).values()];
    assert.ok(wanted.length > 100, 'there are many different ones');
    await using _wanted = await applied([...routes, ...wanted]);
    assert.equal(door.proxy.problem(), undefined);
  });

  test('of a configuration that it refuses, the line is named', async () => {
    const refused = await door.check('frontend x\n  nonsense here\n');
    assert.equal(refused.kind, 'refused');
    assert.match(refused.reason, /parsing \[checked\.cfg:2\] : unknown keyword 'nonsense'/);
  });

  test('one request is not two, and what is no request is none', async () => {
    // Newer ones hang up without a word.
    const refused = /^400|closed$/;
    const two = ['Content-Length: 5', 'Content-Length: 6'];
    assert.match(await statusOf('/', ...two), refused);
    assert.match(await statusOf('/', 'Transfer-Encoding: xchunked'), refused);
    assert.match(await statusOf('/', 'Transfer-Encoding: chunked', 'Transfer-Encoding: identity'), refused);
    assert.match(await statusOf('/', 'Host: other.example'), refused);
    assert.match(await statusOf('/', 'Bad Header: x'), refused);
    // The proxy goes by the one, and a task never sees the other.
    const both = 'POST / HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\nContent-Length: 44\r\n';
    const text = await sent(
      `${both}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /wp-admin HTTP/1.1\r\nHost: x\r\n\r\n`,
    );
    assert.equal(text.match(/HTTP\/1\.1 \d+/g)?.length, 1, text);
    assert.doesNotMatch(text, /"content-length":"44"/);
    assert.match(await statusOf('/', ...Array.from({ length: 200 }, (_, index) => `X-${index}: y`)), /^4\d\d|closed$/);
    assert.match(await statusOf('/', `X-Long: ${'y'.repeat(20_000)}`), /^4\d\d|closed$/);
  });

  test('many who say nothing, and one who says it slowly, hold nobody up', async () => {
    using idle = new DisposableStack();
    const open = async (): Promise<void> => {
      const socket = connect({ host: '127.0.0.1', port: ports.door });
      idle.defer(() => void socket.destroy());
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      socket.write('GET / HTTP/1.1\r\nHost: shop.example\r\nX-Slow: ');
    };
    for (let turn = 0; turn < 10; turn += 1) await Promise.all(Array.from({ length: 100 }, open));
    assert.equal((await ask('shop.example', '/')).status, 200);
  });

  test('connections are kept on both sides', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const clientPorts = new Set<number>();
    agent.on('free', (socket: Socket) => clientPorts.add(socket.localPort ?? 0));
    const taskPorts = new Set<number>();
    for (let count = 0; count < 8; count += 1) {
      taskPorts.add(echoOf(await ask('shop.example', '/stripped', { agent })).port);
    }
    agent.destroy();
    assert.equal(clientPorts.size, 1);
    assert.ok(taskPorts.size < 4, `${taskPorts.size} connections to the task for 8 requests`);
  });
});
