import { execFile, spawn } from 'node:child_process';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { systemExec } from '../../src/platform/exec.ts';
import { routeTo, startDoor } from '../support/door.ts';
import { until } from '../support/until.ts';
import { benchDirectory } from './directory.ts';
import { median } from './result.ts';
import type { BenchResult } from './result.ts';

const run = promisify(execFile);
/** Short turns, and many: what else the machine does hits all alike. */
const seconds = 1;
const turns = 6;
const connections = 32;
const host = 'shop.example';
const ports = { door: 18_080, hand: 18_081, bare: 18_082, tasks: 18_083, same: 18_084, tls: 18_443 };
/** Any address of 127.0.0.0/8 is this machine's. */
const tasks = Array.from({ length: 10 }, (_, index) => `127.20.0.${index + 1}`);

const timeouts = ['mode http', 'timeout connect 2s', 'timeout client 60s', 'timeout server 60s'];
const section = (head: string, lines: readonly string[]): string =>
  [head, ...lines.map((line) => `  ${line}`)].join('\n');
const servers = tasks.map((address, index) => `server s${index} ${address}:${ports.tasks}`);

/** What somebody who knows HAProxy writes for one site behind it: its own headers in place of the client's, retries on connect failure. */
const byHand = [
  section('defaults', [...timeouts, 'retries 3', 'option redispatch']),
  section('frontend hand', [
    `bind *:${ports.hand}`,
    'http-request del-header X-Forwarded-For',
    'option forwardfor',
    'http-request set-header X-Forwarded-Proto http',
    `use_backend web if { req.hdr(host) -i ${host} }`,
  ]),
  section('backend web', ['balance roundrobin', ...servers]),
].join('\n\n');

/** What the same writes who wants of it what the door does with a request (ADR 60, docs/front-door.md), for one site that is known beforehand. */
const doingTheSame = [
  section('defaults', [...timeouts, 'timeout http-request 10s', 'retries 3', 'option redispatch 1']),
  section('frontend same', [
    `bind *:${ports.same}`,
    'option idle-close-on-response',
    'http-request return status 400 if { req.hdr(host) -m sub / }',
    String.raw`http-request return status 400 if { path -m sub % // /. \\ } !{ path,url_dec -m reg '^(?!.*[/\\][.]{1,2}([/;\\]|$))' }`,
    'http-request del-header Forwarded',
    'http-request del-header X-Forwarded- -m beg',
    'option forwardfor',
    'http-request add-header X-Forwarded-Host %[req.hdr(host)]',
    'http-request add-header X-Forwarded-Proto http',
    `http-request add-header X-Forwarded-Port ${ports.same}`,
    `use_backend web if { req.hdr(host),field(1,:),lower,rtrim(.) -m str ${host} }`,
  ]),
  section('backend web', ['balance roundrobin', ...servers]),
].join('\n\n');

/** As little as can be: no look at the request, nothing told to the tasks. */
const bare = [
  section('defaults', timeouts),
  section('frontend bare', [`bind *:${ports.bare}`, 'default_backend web']),
  section('backend web', ['balance roundrobin', ...servers]),
].join('\n\n');

const answering = [
  section('defaults', timeouts),
  section('frontend tasks', [
    ...tasks.map((address) => `bind ${address}:${ports.tasks}`),
    'http-request return status 200 content-type text/plain string "hello\\n"',
  ]),
].join('\n\n');

/** A HAProxy with this configuration, until it is disposed of; gives its process id. */
const haproxy = async (directory: string, name: string, text: string): Promise<AsyncDisposable & { pid: number }> => {
  const path = join(directory, `${name}.cfg`);
  await writeFile(path, `${text}\n`);
  // Detached as the door is: the kernel shares the processor out by sessions first.
  const child = spawn('haproxy', ['-q', '-db', '-f', path], { detached: true, stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  return {
    pid: child.pid ?? 0,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
};

/** Microseconds of processor time that a process has used. */
const used = async (pid: number): Promise<number> => {
  let total = 0;
  for (const thread of await readdir(`/proc/${pid}/task`)) {
    const [nanoseconds = '0'] = (await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8')).split(' ');
    total += Number(nanoseconds) / 1000;
  }
  return total;
};

/** Whom the door is compared with. */
type Peer = 'hand' | 'same' | 'bare';

interface Load {
  readonly rate: number;
  /** Microseconds of the proxy's processor time for a request. */
  readonly cost: number;
}

const load = async (pid: number, port: number): Promise<Load> => {
  const before = await used(pid);
  const words = ['-t', '1', '-c', String(connections), '-d', `${seconds}s`, '-H', `Host: ${host}`];
  const { stdout } = await run('wrk', [...words, `http://127.0.0.1:${port}/`], { timeout: 60_000 });
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1]);
  if (/Non-2xx|Socket errors/.test(stdout) || !(requests > 0)) throw new Error(`requests failed: ${stdout}`);
  const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
  return { rate, cost: ((await used(pid)) - before) / requests };
};

const answers = async (port: number): Promise<boolean> => {
  const { stdout } = await systemExec('curl', ['-sm', '1', '-H', `Host: ${host}`, `http://127.0.0.1:${port}/`]);
  return stdout === 'hello\n';
};

/**
 * The front door beside HAProxy configured by hand, for the same tasks, in turns. Everything is on this machine's own
 * addresses and the tasks answer at once, so that as much as can be of what is seen is the proxy's.
 */
export const doorFigures = async (runs: number): Promise<readonly BenchResult[]> => {
  const directory = await benchDirectory();
  await using parts = new AsyncDisposableStack();
  parts.use(await haproxy(directory, 'tasks', answering));
  const listens = { httpPort: ports.door, httpsPort: ports.tls };
  const routes = [routeTo('web', ports.tasks, { host, path: '/' })];
  const door = parts.use(await startDoor(listens, routes, { web: tasks }));
  const ways = {
    hand: { port: ports.hand, pid: parts.use(await haproxy(directory, 'hand', byHand)).pid },
    same: { port: ports.same, pid: parts.use(await haproxy(directory, 'same', doingTheSame)).pid },
    bare: { port: ports.bare, pid: parts.use(await haproxy(directory, 'bare', bare)).pid },
    door: { port: ports.door, pid: await door.worker() },
  };
  for (const { port } of Object.values(ways))
    await until(`port ${port} answers`, async () => await answers(port), Boolean);
  const rounds: Record<keyof typeof ways, Load>[] = [];
  for (let round = 0; round < runs * turns; round += 1) {
    const found: Partial<Record<keyof typeof ways, Load>> = {};
    // Who comes first differs, and those that are compared with the door come beside it.
    const order = ['bare', 'hand', 'door', 'same'] as const;
    for (const name of round % 2 === 0 ? order : order.toReversed())
      found[name] = await load(ways[name].pid, ways[name].port);
    rounds.push(found as Record<keyof typeof ways, Load>);
  }
  const of = (name: keyof typeof ways, key: keyof Load): number => median(rounds.map((round) => round[name][key]));
  const ratio = (name: keyof typeof ways, key: keyof Load, peer: Peer): number =>
    median(rounds.map((round) => round[name][key] / round[peer][key]));
  const rates = (peer: Peer): string => `(${Math.round(of('door', 'rate'))}/s, ${Math.round(of(peer, 'rate'))}/s)`;
  const costs = (peer: Peer): string => `(${of('door', 'cost').toFixed(1)} µs, ${of(peer, 'cost').toFixed(1)} µs)`;
  return [
    {
      name: 'the front door, requests/s, ratio to HAProxy configured by hand',
      value: ratio('door', 'rate', 'hand'),
      unit: '×',
      limit: { kind: 'at least', value: 0.95 },
      detail: rates('hand'),
    },
    {
      name: "the same, the proxy's processor time for a request",
      value: ratio('door', 'cost', 'hand'),
      unit: '×',
      detail: costs('hand'),
    },
    {
      name: 'the front door, requests/s, ratio to HAProxy configured by hand to do the same',
      value: ratio('door', 'rate', 'same'),
      unit: '×',
      detail: rates('same'),
    },
    {
      name: "the same, the proxy's processor time for a request",
      value: ratio('door', 'cost', 'same'),
      unit: '×',
      detail: costs('same'),
    },
    {
      name: 'the front door, requests/s, ratio to HAProxy that looks at nothing and tells nothing',
      value: ratio('door', 'rate', 'bare'),
      unit: '×',
      detail: rates('bare'),
    },
    {
      name: "the same, the proxy's processor time for a request",
      value: ratio('door', 'cost', 'bare'),
      unit: '×',
      detail: costs('bare'),
    },
  ];
};
