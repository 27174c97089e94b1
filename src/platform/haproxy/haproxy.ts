import { spawn } from 'node:child_process';
import { open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MountMemory } from '../../agent/executor/memory-files.ts';
import type { Outcome, ProxyHost } from '../../agent/proxy/ports.ts';
import { readText, replaceFile } from '../files.ts';
import type { Exec } from '../exec.ts';
import { createProxyFiles } from './files.ts';
import { getText, say, sayForLines, watchSocket } from './socket.ts';

export interface HaproxyOptions {
  /** Its own: configuration, certificates, sockets. Short: names of sockets have 107 characters at most. */
  readonly directory: string;
  /** What the program says goes there. */
  readonly logFile: string;
  readonly exec: Exec;
  readonly mount: MountMemory;
}

const program = 'haproxy';
/** Without those of each slot, which are named by places and not by tasks. */
const metricsPath = '/metrics?scope=global&scope=frontend&scope=backend';
const logBytes = 10_000_000;
const startMs = 10_000;

/** The proxy as HAProxy of the distribution, in master-worker mode, in this process's network. */
export const createHaproxy = async ({ directory, logFile, exec, mount }: HaproxyOptions): Promise<ProxyHost> => {
  const files = createProxyFiles(join(directory, 'files'), mount);
  const configPath = join(directory, 'haproxy.cfg');
  const pidPath = join(directory, 'haproxy.pid');
  const sockets = {
    master: join(directory, 'master.sock'),
    control: join(directory, 'control.sock'),
    metrics: join(directory, 'metrics.sock'),
  };
  const user = await unprivileged();
  let found = false;

  const write = async (path: string, text: string): Promise<void> => await replaceFile(path, text, 0o600);
  /** Process id of the program that was started last, while it is there and ours. */
  const running = async (): Promise<number | undefined> => {
    const pid = Number(await readText(pidPath));
    if (!Number.isInteger(pid) || pid <= 1) return undefined;
    return (await commandLine(pid))?.split('\0').includes(configPath) === true ? pid : undefined;
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const pid = await running();
    if (pid !== undefined) process.kill(pid, signal);
    await rm(pidPath, { force: true });
  };

  return {
    ...files,
    sockets,
    user,
    async installed() {
      found ||= (await exec(program, ['-v'], { timeoutMs: 10_000 })).code === 0;
      return found;
    },
    async check(config, signal) {
      const path = join(directory, 'checked.cfg');
      await write(path, config);
      const { code, stdout, stderr } = await exec(program, ['-c', '-f', path], { timeoutMs: 20_000, signal });
      await rm(path, { force: true });
      return code === 0 ? { kind: 'done' } : { kind: 'refused', reason: alerts(stderr || stdout) };
    },
    readConfig: async () => await readText(configPath),
    writeConfig: async (config) => await write(configPath, config),
    async start(signal) {
      await end('SIGKILL');
      await shorten(logFile);
      await using log = await open(logFile, 'a', 0o600);
      const { size } = await log.stat();
      const args = ['-W', '-S', `${sockets.master},mode,600`, '-f', configPath];
      // It writes its process id itself: one whose agent is killed now would not be found again, and listen for ever.
      const noted = ['-c', 'umask 077; echo $$ >"$0" && exec "$@"', pidPath, program, ...args];
      const child = spawn('sh', noted, { detached: true, cwd: '/', stdio: ['ignore', log.fd, log.fd] });
      child.unref();
      let ended = false;
      child.on('exit', () => (ended = true));
      child.on('error', () => (ended = true));
      const until = performance.now() + startMs;
      while (performance.now() < until && !ended) {
        if ((await say(sockets.control, 'show version', signal).catch(() => undefined)) !== undefined) return done;
        await sleep(20, undefined, { signal });
      }
      if (!ended) child.kill('SIGKILL');
      const said = (await readText(logFile))?.slice(size) ?? '';
      return { kind: 'refused', reason: alerts(said) };
    },
    async stop(how) {
      await end(how === 'finish' ? 'SIGUSR1' : 'SIGTERM');
      await rm(configPath, { force: true });
      await files.forget(new Set());
      for (const path of Object.values(sockets)) await rm(path, { force: true });
    },
    ask: async (who, command, signal) => await say(sockets[who], command, signal),
    lines: (command, signal) => sayForLines(sockets.control, command, signal),
    metrics: async (signal) => await getText(sockets.metrics, metricsPath, signal),
    watch: (gone) => watchSocket(sockets.master, gone),
  };
};

const done: Outcome = { kind: 'done' };

/** The account that the package makes for it, else nobody's. */
const unprivileged = async (): Promise<{ readonly uid: number; readonly gid: number }> => {
  const [, , uid, gid] = /^haproxy:.*$/m.exec((await readText('/etc/passwd')) ?? '')?.[0]?.split(':') ?? [];
  return { uid: Number(uid ?? 65_534), gid: Number(gid ?? 65_534) };
};

/** Undefined where there is no such process, or it ends just now. */
const commandLine = async (pid: number): Promise<string | undefined> =>
  await readText(`/proc/${pid}/cmdline`).catch(() => undefined);

const shorten = async (path: string): Promise<void> => {
  const size = (await stat(path).catch(() => undefined))?.size ?? 0;
  if (size > logBytes) await rename(path, `${path}.1`);
};

/** What HAProxy says is wrong, with the lines of its configuration. */
const alerts = (text: string): string => {
  const lines = text.split('\n').filter((line) => line.startsWith('[ALERT]'));
  const told = lines.map((line) =>
    line.replace(/^\[ALERT\]\s+\(\d+\) : /, '').replace(/[^\s[]*\/(checked|haproxy)\.cfg/, '$1.cfg'),
  );
  return (told.length > 0 ? told.slice(0, 5).join('; ') : text.trim().slice(-1000)) || 'it said nothing';
};
