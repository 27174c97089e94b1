import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A process that is told things and answers, both as JSON lines. */
export interface LineProcess {
  tell(message: object): Promise<unknown>;
  /** Kills it; nothing is told to it. */
  kill(): Promise<void>;
}

/** Starts it. Whatever it says that is no JSON is ignored. */
export function lineProcess(argv: readonly string[]): LineProcess {
  const [command = '', ...args] = argv;
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let last = 0;
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', process.env.TUTTI_TEST_LOG === undefined ? 'ignore' : 'inherit'],
  });
  const gone = new Promise<void>((resolve) =>
    child.once('exit', (code, signal) => {
      for (const answer of waiting.values()) answer.reject(new Error(`ended: ${code ?? signal}`));
      resolve();
    }),
  );
  child.stdin.on('error', () => undefined);
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!line.startsWith('{')) return;
    const { id, value, error } = JSON.parse(line) as { id: number; value?: unknown; error?: string };
    const answer = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) answer?.resolve(value);
    else answer?.reject(new Error(error));
  });
  return {
    async tell(message) {
      last += 1;
      const answer = Promise.withResolvers<unknown>();
      waiting.set(last, answer);
      child.stdin.write(`${JSON.stringify({ id: last, ...message })}\n`);
      return await answer.promise;
    },
    async kill() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}
