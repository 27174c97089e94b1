import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, open, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureMemory } from '../executor/memory-files.ts';
import type { MountMemory } from '../executor/memory-files.ts';
import type { Exec } from '../network/ports.ts';
import type { Outcome, ProxyHost } from './ports.ts';

export interface HaproxyOptions {
  /** Its own: configuration, certificates, sockets. Short: names of sockets have 107 characters at most. */
  readonly directory: string;
  /** What the program says goes there. */
  readonly logFile: string;
  readonly exec: Exec;
  readonly mount: MountMemory;
}

const program = 'haproxy';
const answerMs = 5_000;
const answerBytes = 32 * 1024 * 1024;
const logBytes = 10_000_000;
const startMs = 10_000;

/** The proxy as HAProxy of the distribution, in master-worker mode, in this process's network. */
export const createHaproxy = async ({ directory, logFile, exec, mount }: HaproxyOptions): Promise<ProxyHost> => {
  const files = join(directory, 'files');
  const configPath = join(directory, 'haproxy.cfg');
  const pidPath = join(directory, 'haproxy.pid');
  const sockets = {
    master: join(directory, 'master.sock'),
    control: join(directory, 'control.sock'),
    metrics: join(directory, 'metrics.sock'),
  };
  const user = await unprivileged();
  let found = false;

  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeFile(`${path}.new`, text, { mode: 0o600 });
    await rename(`${path}.new`, path);
  };
  /** Process id of the program that was started last, while it is there and ours. */
  const running = async (): Promise<number | undefined> => {
    const pid = Number(await textOf(pidPath));
    if (!Number.isInteger(pid) || pid <= 1) return undefined;
    return (await textOf(`/proc/${pid}/cmdline`))?.split('\0').includes(configPath) === true ? pid : undefined;
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const pid = await running();
    if (pid !== undefined) process.kill(pid, signal);
    await rm(pidPath, { force: true });
  };

  const forget = async (kept: ReadonlySet<string>): Promise<void> => {
    for (const name of await readdir(files).catch(() => [])) {
      if (!kept.has(join(files, name))) await rm(join(files, name), { force: true });
    }
  };

  return {
    sockets,
    user,
    async installed() {
      found ||= (await exec(program, ['-v'], { timeoutMs: 10_000 })).code === 0;
      return found;
    },
    pathOf: (name, content) =>
      join(files, `${createHash('sha256').update(content).digest('hex').slice(0, 24)}-${name}`),
    async keep(wanted) {
      await mkdir(files, { recursive: true, mode: 0o700 });
      // What was there before is hidden where one is mounted, and made again below.
      if ([...wanted.keys()].some((path) => path.endsWith('.pem'))) await ensureMemory(files, mount);
      for (const [path, text] of wanted) if (!(await exists(path))) await write(path, text);
    },
    forget,
    async check(config, signal) {
      const path = join(directory, 'checked.cfg');
      await write(path, config);
      const { code, stdout, stderr } = await exec(program, ['-c', '-q', '-f', path], { timeoutMs: 20_000, signal });
      await rm(path, { force: true });
      return code === 0 ? { kind: 'done' } : { kind: 'refused', reason: alerts(stderr || stdout) };
    },
    readConfig: async () => await textOf(configPath),
    writeConfig: async (config) => await write(configPath, config),
    async start(signal) {
      await end('SIGKILL');
      await shorten(logFile);
      await using log = await open(logFile, 'a', 0o600);
      const { size } = await log.stat();
      const args = ['-W', '-S', `${sockets.master},mode,600`, '-f', configPath];
      const child = spawn(program, args, { detached: true, cwd: '/', stdio: ['ignore', log.fd, log.fd] });
      child.unref();
      let ended = false;
      child.on('exit', () => (ended = true));
      child.on('error', () => (ended = true));
      if (child.pid !== undefined) await write(pidPath, String(child.pid));
      const until = performance.now() + startMs;
      while (performance.now() < until && !ended) {
        if ((await say(sockets.control, 'show version', signal).catch(() => undefined)) !== undefined) return done;
        await sleep(20, undefined, { signal });
      }
      if (!ended) child.kill('SIGKILL');
      const said = (await textOf(logFile))?.slice(size) ?? '';
      return { kind: 'refused', reason: alerts(said) };
    },
    async stop(how) {
      await end(how === 'finish' ? 'SIGUSR1' : 'SIGTERM');
      await rm(configPath, { force: true });
      await forget(new Set());
      for (const path of Object.values(sockets)) await rm(path, { force: true });
    },
    ask: async (who, command, signal) => await say(sockets[who], command, signal),
    watch(gone) {
      // The master answers nothing of itself: the connection ends when it does.
      const socket = connect(sockets.master);
      let over = false;
      socket.on('error', () => undefined);
      socket.on('data', () => undefined);
      socket.on('close', () => {
        if (!over) gone();
        over = true;
      });
      return {
        [Symbol.dispose]: () => {
          over = true;
          socket.destroy();
        },
      };
    },
  };
};

const done: Outcome = { kind: 'done' };

/** The account that the package makes for it, else nobody's. */
const unprivileged = async (): Promise<{ readonly uid: number; readonly gid: number }> => {
  const [, , uid, gid] = /^haproxy:.*$/m.exec((await textOf('/etc/passwd')) ?? '')?.[0]?.split(':') ?? [];
  return { uid: Number(uid ?? 65_534), gid: Number(gid ?? 65_534) };
};

const textOf = async (path: string): Promise<string | undefined> =>
  await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return undefined;
    throw error;
  });

const exists = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined)) !== undefined;

const shorten = async (path: string): Promise<void> => {
  const size = (await stat(path).catch(() => undefined))?.size ?? 0;
  if (size > logBytes) await rename(path, `${path}.1`);
};

/** What HAProxy says is wrong, with the lines of its configuration. */
const alerts = (text: string): string => {
  const lines = text.split('\n').filter((line) => line.startsWith('[ALERT]'));
  const told = lines.map((line) =>
    line.replace(/^\[ALERT\]\s+\(\d+\) : /, '').replace(/\S*\/(checked|haproxy)\.cfg/, '$1.cfg'),
  );
  return (told.length > 0 ? told.slice(0, 5).join('; ') : text.trim().slice(-1000)) || 'it said nothing';
};

/** Undefined where nobody listens. Throws where somebody does and does not answer. */
const say = async (path: string, command: string, signal: AbortSignal): Promise<string | undefined> => {
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  const socket = connect(path);
  const chunks: Buffer[] = [];
  let size = 0;
  const fail = (message: string): void => {
    reject(new Error(message));
    socket.destroy();
  };
  const abort = (): void => fail('the agent stops');
  signal.addEventListener('abort', abort, { once: true });
  socket.setTimeout(answerMs, () => fail(`haproxy has not answered "${command.slice(0, 60)}" within ${answerMs} ms`));
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size > answerBytes) fail('haproxy answers more than can be');
  });
  socket.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code === 'ENOENT' || code === 'ECONNREFUSED') resolve(undefined);
    // It loads its configuration again, and hangs up with that.
    else if (code === 'ECONNRESET' || code === 'EPIPE') resolve(Buffer.concat(chunks).toString('utf8'));
    else reject(new Error(message));
  });
  socket.on('close', () => resolve(Buffer.concat(chunks).toString('utf8')));
  socket.end(`${command}\n`);
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', abort);
    socket.destroy();
  }
};
