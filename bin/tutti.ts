/** The `tutti` command. `tutti --help` says what it does; docs/cli.md is the reference. */
import { readFile, writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { CliContext, Output } from '../src/cli/context.ts';
import type { RegisterDev } from '../src/cli/program.ts';
import { runCommand } from '../src/cli/run.ts';
import { systemClock } from '../src/platform/clock.ts';
import { systemExec } from '../src/platform/exec.ts';
import manifest from '../package.json' with { type: 'json' };

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => interrupted.abort(new DOMException(`stopped by ${signal}`, 'AbortError')));
}

const outputOf = (stream: NodeJS.WriteStream): Output => {
  // The reader has gone (`tutti ps | head`): nothing is left to do.
  stream.on('error', () => process.exit(0));
  return {
    write: (text) => {
      stream.write(text);
    },
    isTerminal: stream.isTTY,
    get columns() {
      return stream.isTTY ? stream.columns : 80;
    },
  };
};

const readStdin = async (): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
};

const readFileOrNothing = async (path: string, signal: AbortSignal): Promise<Uint8Array | undefined> => {
  if (path === '-') return await readStdin();
  try {
    return await readFile(isAbsolute(path) ? path : join(process.cwd(), path), { signal });
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    throw thrown;
  }
};

const writeFileOrOut = async (path: string, bytes: Uint8Array): Promise<void> => {
  if (path === '-') await new Promise((written) => process.stdout.write(bytes, written));
  else await writeFile(path, bytes, { mode: 0o600 });
};

const context: CliContext = {
  stdout: outputOf(process.stdout),
  stderr: outputOf(process.stderr),
  readStdin: async () => (process.stdin.isTTY ? undefined : (await readStdin()).toString('utf8')),
  environment: process.env,
  workingDirectory: process.cwd(),
  clock: systemClock,
  version: manifest.version,
  signal: interrupted.signal,
  readFile: readFileOrNothing,
  writeFile: writeFileOrOut,
  exec: systemExec,
  loadHost: async () => (await import('../src/host/create.ts')).createHost({ launcher: 'automatic' }),
};

const registerDev: RegisterDev = async (program) => {
  const { registerDevCommands } = await import('./dev.ts');
  registerDevCommands(program, context);
};

process.exitCode = await runCommand(context, process.argv.slice(2), registerDev);
// What was interrupted may have left timers and connections; the code is known.
if (interrupted.signal.aborted) process.exit();
