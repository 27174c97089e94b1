import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Host } from '../host/host.ts';
import { errorCodes, TuttiError } from '../model/errors.ts';
import { systemClock } from '../platform/clock.ts';
import type { CliContext } from './context.ts';
import { exitCodeOf } from './exit-codes.ts';
import { runCommand } from './run.ts';

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What the host was asked for. */
  readonly asked: readonly unknown[];
}

const member = { nodeId: 'n', clusterId: 'c', role: 'worker', address: '10.0.0.2' } as const;

/** Runs a command line in this process, with a machine that does as it is told. */
const run = async (
  words: readonly string[],
  more: Partial<CliContext> & { readonly stdin?: string; readonly files?: Readonly<Record<string, string>> } = {},
): Promise<Ran> => {
  let stdout = '';
  let stderr = '';
  const asked: unknown[] = [];
  const tokens = { manager: 'SWMTKN-manager', worker: 'SWMTKN-worker' };
  const host: Host = {
    init: async (options) => {
      asked.push(options);
      return { ...member, role: 'manager', socket: '/run/x.sock', tokens };
    },
    join: async (options) => {
      asked.push(options);
      if (options.token === 'wrong') throw new TuttiError('unauthenticated', 'the token is not of this cluster');
      return member;
    },
    leave: async (options) => {
      asked.push(options);
      return { told: false, removed: ['7 containers'] };
    },
    start: async () => member,
    stop: async () => undefined,
    serve: async () => assert.fail('nothing is served'),
    unserve: async () => assert.fail('nothing is served'),
    state: async () => ({ kind: 'none' }),
  };
  const code = await runCommand(
    {
      stdout: { write: (text) => (stdout += text), isTerminal: false, columns: 80 },
      stderr: { write: (text) => (stderr += text), isTerminal: false, columns: 80 },
      readStdin: async () => more.stdin,
      environment: {},
      workingDirectory: '/',
      clock: systemClock,
      version: '0.1.0',
      signal: new AbortController().signal,
      writeFile: async () => assert.fail('nothing is written'),
      readFile: async (path) => {
        const text = more.files?.[path];
        return text === undefined ? undefined : Buffer.from(text);
      },
      exec: async () => ({ code: -1, stdout: '', stderr: '' }),
      loadHost: async () => host,
      ...more,
    },
    words,
    async () => undefined,
  );
  return { code, stdout, stderr, asked };
};

test('init makes a cluster and says how to go on', async () => {
  const { code, stdout, asked } = await run(['init', '--address', '10.0.0.2', '--address-pool', '10.200.0.0/13']);
  assert.equal(code, 0);
  assert.match(stdout, /echo SWMTKN-worker \| tutti join 10\.0\.0\.2:2377/);
  assert.match(stdout, /DOCKER_HOST=unix:\/\/\/run\/x\.sock/);
  const { signal: _signal, ...options } = asked[0] as Record<string, unknown>;
  assert.deepEqual(options, {
    address: '10.0.0.2',
    addressPools: ['10.200.0.0/13'],
    engine: 'unix:///var/run/docker.sock',
    port: 2377,
    stateDirectory: '/var/lib/tutti',
    runDirectory: '/run/tutti',
  });
});

test('the token to join with comes from anywhere but the command line', async () => {
  const tokenOf = ({ asked }: Ran): unknown => (asked[0] as { readonly token?: unknown } | undefined)?.token;
  assert.equal(tokenOf(await run(['join', '10.0.0.1'], { stdin: 'piped\n' })), 'piped');
  assert.equal(tokenOf(await run(['join', '10.0.0.1', '--token-file', 'f'], { files: { f: ' filed ' } })), 'filed');
  assert.equal(tokenOf(await run(['join', '10.0.0.1'], { environment: { TUTTI_JOIN_TOKEN: 'named' } })), 'named');
  assert.equal((await run(['join', '10.0.0.1'])).code, 4);
  assert.equal((await run(['join', '10.0.0.1', '--token-file', 'f'])).code, 3);
  const refused = await run(['join', '10.0.0.1', '--token', 'x']);
  assert.deepEqual([refused.code, refused.stderr.split('\n')[0]], [2, "tutti: unknown option '--token'"]);
  const wrong = await run(['join', '10.0.0.1'], { stdin: 'wrong' });
  assert.equal(wrong.code, 4);
  assert.equal(wrong.stderr, 'tutti: the token is not of this cluster\n');
});

test('join and leave print what they did, as JSON when asked to', async () => {
  const joined = await run(['join', '10.0.0.1', '10.0.0.9', '--format', 'json'], { stdin: 't' });
  assert.deepEqual(JSON.parse(joined.stdout), member);
  assert.deepEqual((joined.asked[0] as { readonly managers: unknown }).managers, ['10.0.0.1', '10.0.0.9']);
  const left = await run(['leave', '--force']);
  assert.equal(left.stdout, 'This machine left its cluster.\n  removed 7 containers\n');
  assert.equal((left.asked[0] as { readonly force: unknown }).force, true);
});

test('every error code has an exit code that is not success', () => {
  for (const code of errorCodes) assert.ok(exitCodeOf(code) > 0, code);
});

test('an interrupt is told from a fault', async () => {
  const interrupted = new AbortController();
  interrupted.abort(new DOMException('stopped', 'AbortError'));
  const { code, stderr } = await run(['--host', '/nonexistent', 'drain', 'n2'], { signal: interrupted.signal });
  assert.equal(code, 130);
  assert.match(stderr, /goes on in the cluster/);
  const logs = await run(['--host', '/nonexistent', 'route', 'logs'], { signal: interrupted.signal });
  assert.equal(logs.code, 130);
  assert.equal(logs.stderr, '');
});
