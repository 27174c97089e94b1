import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import type { Outcome } from './run.ts';

export interface ManyOptions {
  readonly seeds: number;
  /** Each process stops after so much time of its core, whatever is left. */
  readonly seconds: number;
  readonly from: number;
}

type Broken = Outcome & { readonly kind: 'broken' };

/** What all processes together came to. */
interface Tally {
  readonly kept: { seeds: number; events: number; virtualMs: number; services: number; faults: number };
  readonly broken: Broken[];
  /** Processes that died. */
  readonly failures: string[];
}

/** Runs seeds on every core, prints what they came to, and how to replay those that failed. True where any did. */
export async function many({ seeds, seconds, from }: ManyOptions): Promise<boolean> {
  const processes = Math.max(1, availableParallelism());
  const started = performance.now();
  const tally: Tally = {
    kept: { seeds: 0, events: 0, virtualMs: 0, services: 0, faults: 0 },
    broken: [],
    failures: [],
  };
  await Promise.all(
    Array.from({ length: processes }, (_, index) =>
      oneProcess(
        ['--work', from + index, '--to', from + seeds - 1, '--step', processes, '--seconds', seconds],
        seconds * patience,
        tally,
      ),
    ),
  );
  print(tally, (performance.now() - started) / 1000);
  return tally.broken.length + tally.failures.length > 0 || tally.kept.seeds === 0;
}

/** So many times its seconds may a process take where others need the cores: then it hangs. */
const patience = 10;

async function oneProcess(options: readonly (string | number)[], limitSeconds: number, tally: Tally): Promise<void> {
  const child = spawn(
    process.execPath,
    [...process.execArgv, `${import.meta.dirname}/main.ts`, ...options.map((option) => String(option))],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const stop = setTimeout(() => child.kill('SIGKILL'), limitSeconds * 1000);
  for await (const text of createInterface({ input: child.stdout })) count(text, tally);
  const code = await ended;
  clearTimeout(stop);
  if (code !== 0) tally.failures.push(`a process of the simulation ended with ${code ?? child.signalCode}`);
}

/** A line may be cut off when the time is over. */
function count(text: string, { kept, broken }: Tally): void {
  if (!text.endsWith('}')) return;
  const outcome = JSON.parse(text) as Outcome;
  if (outcome.kind === 'broken') {
    broken.push(outcome);
    return;
  }
  kept.seeds += 1;
  kept.events += outcome.events;
  kept.virtualMs += outcome.virtualMs;
  kept.services += outcome.services;
  kept.faults += outcome.faults;
}

function print({ kept, broken, failures }: Tally, took: number): void {
  const hours = (kept.virtualMs / 3_600_000).toFixed(1);
  console.log(
    `${kept.seeds} seeds kept every invariant in ${took.toFixed(0)} s: ${kept.events} events, ${hours} virtual hours, ${kept.services} services, ${kept.faults} faults`,
  );
  for (const { seed, atMs, reason } of broken)
    console.log(`seed ${seed} broke at ${atMs.toFixed(0)} ms: ${reason}\n  replay: npm run test:sim -- --seed ${seed}`);
  for (const failure of failures) console.log(failure);
  console.log(`sim: ${kept.seeds} passed, ${broken.length + failures.length} failed`);
}
