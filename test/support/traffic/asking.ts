import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** What became of the requests of one client. */
export interface Outcome {
  readonly kind: 'ended';
  readonly count: number;
  /** Reason → how many. */
  readonly failures: Readonly<Record<string, number>>;
  /** What was answered → how often. */
  readonly bodies: Readonly<Record<string, number>>;
  readonly slowestMs: number;
}

export interface Asking extends AsyncDisposable {
  /** Ends it after the last answer. */
  stop(): Promise<Outcome>;
}

export interface AskingOptions {
  /** What goes before its command line: `nsenter …`; nothing for this machine's own network. */
  readonly from: readonly string[];
  readonly host: string;
  readonly port: number;
  /** Requests per second. */
  readonly rate: number;
  readonly connections: number;
}

const script = fileURLToPath(new URL('client.ts', import.meta.url));

/** Asks at an even rate over connections that are kept, until it is stopped; resolves after the first answer. */
export async function keepAsking({ from, host, port, rate, connections }: AskingOptions): Promise<Asking> {
  const words = [process.execPath, script, host, String(port), String(rate), String(connections)];
  const [command = '', ...args] = [...from, ...words];
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const begun = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<Outcome>();
  ended.promise.catch(() => undefined);
  child.once('exit', (code, signal) => {
    const fault = new Error(`the client of ${host} ended with ${code ?? signal}`);
    begun.reject(fault);
    ended.reject(fault);
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const said = JSON.parse(line) as { readonly kind: 'begun' } | Outcome;
    if (said.kind === 'begun') begun.resolve();
    else ended.resolve(said);
  });
  await begun.promise;
  return {
    async stop() {
      child.stdin.end();
      return await ended.promise;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}
