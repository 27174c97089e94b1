import type { Client } from '../../client/client.ts';
import type { Clock } from '../../platform/ports.ts';
import type { Output } from '../context.ts';
import { painter } from '../output/paint.ts';
import type { Session } from '../session.ts';

/** What a test sees of an action: what it wrote, and how far its clock went. */
export interface FakeSession {
  readonly session: Session;
  readonly written: { stdout: string; stderr: string; now: number };
}

interface FakeOptions {
  readonly json?: boolean;
  readonly files?: Readonly<Record<string, string>>;
}

/** A session against a manager that answers with `client`; waiting takes no time, but the clock goes on. */
export const fakeSession = (client: Partial<Client>, { json = false, files = {} }: FakeOptions = {}): FakeSession => {
  const written = { stdout: '', stderr: '', now: 1_000_000 };
  const output = (stream: 'stdout' | 'stderr'): Output => ({
    write: (text) => {
      written[stream] += text;
    },
    isTerminal: false,
    columns: 80,
  });
  const never = async (): Promise<never> => await Promise.reject(new Error('not expected'));
  const clock: Clock = {
    now: () => written.now,
    monotonic: () => written.now,
    after: () => ({ cancel: () => undefined, [Symbol.dispose]: () => undefined }),
    sleep: async (ms) => {
      written.now += ms;
    },
  };
  const [stdout, stderr] = [output('stdout'), output('stderr')];
  const signal = new AbortController().signal;
  return {
    written,
    session: {
      context: {
        stdout,
        stderr,
        readStdin: never,
        environment: {},
        workingDirectory: '/',
        clock,
        version: '0',
        signal,
        readFile: async (path) => {
          const text = files[path];
          return text === undefined ? undefined : Buffer.from(text);
        },
        writeFile: never,
        exec: never,
        loadHost: never,
      },
      client: client as Client,
      signal,
      json,
      paint: painter(stdout, {}),
      print: (text) => stdout.write(text),
      printJson: (value) => stdout.write(`${JSON.stringify(value)}\n`),
      note: (text) => stderr.write(`${text}\n`),
    },
  };
};
