import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { type Outcome, runSeed } from './run.ts';

const usage = `npm run test:sim [-- --seed N] [-- --seeds N] [-- --seconds N]

Runs whole clusters (manager, agents, fake engines) in one process on virtual time, one history per seed, with crashes, power
loss, partitions, delays, full disks and slow engines, and checks the invariants at every step.

  --seed N      one seed, with everything that happens printed; run twice, and the trace must be the same
  --seeds N     this many seeds, from --from (1) on; 10,000 when not given
  --seconds N   stops after this time, whatever is left; 170 when not given`;

const option = (name: string): number | undefined => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : Number(process.argv[at + 1]);
};

async function one(seed: number): Promise<number> {
  const first = await runSeed(seed, { verbose: true });
  const second = await runSeed(seed);
  console.log(first);
  const same = JSON.stringify(first) === JSON.stringify(second);
  if (!same) console.log('the second run of the same seed was different:', second);
  return first.kind === 'kept' && same ? 0 : 1;
}

/** A worker process: seeds from its start in steps, one line of JSON each. */
async function work(from: number, to: number, step: number): Promise<void> {
  for (let seed = from; seed <= to; seed += step) {
    const outcome = await runSeed(seed);
    process.stdout.write(`${JSON.stringify(outcome)}\n`);
  }
}

async function many(seeds: number, seconds: number, from: number): Promise<number> {
  const processes = Math.max(1, availableParallelism());
  const started = performance.now();
  const kept = { seeds: 0, events: 0, virtualMs: 0, services: 0, faults: 0 };
  const broken: (Outcome & { kind: 'broken' })[] = [];
  const failures: string[] = [];
  await Promise.all(
    Array.from({ length: processes }, async (_, index) => {
      const child = spawn(
        process.execPath,
        [
          ...process.execArgv,
          import.meta.filename,
          '--work',
          String(from + index),
          '--to',
          String(from + seeds - 1),
          '--step',
          String(processes),
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      const stop = setTimeout(() => child.kill('SIGKILL'), seconds * 1000);
      for await (const text of createInterface({ input: child.stdout })) {
        const outcome = JSON.parse(text) as Outcome;
        if (outcome.kind === 'broken') broken.push(outcome);
        else {
          kept.seeds += 1;
          kept.events += outcome.events;
          kept.virtualMs += outcome.virtualMs;
          kept.services += outcome.services;
          kept.faults += outcome.faults;
        }
      }
      clearTimeout(stop);
      if (child.exitCode !== null && child.exitCode !== 0)
        failures.push(`a process of the simulation ended with ${child.exitCode}`);
    }),
  );
  const took = (performance.now() - started) / 1000;
  console.log(
    `${kept.seeds} seeds kept every invariant in ${took.toFixed(0)} s: ${kept.events} events, ${(kept.virtualMs / 3_600_000).toFixed(1)} virtual hours, ${kept.services} services, ${kept.faults} faults`,
  );
  for (const outcome of broken)
    console.log(
      `seed ${outcome.seed} broke at ${outcome.atMs} ms: ${outcome.reason}\n  replay: npm run test:sim -- --seed ${outcome.seed}`,
    );
  for (const failure of failures) console.log(failure);
  console.log(`sim: ${kept.seeds} passed, ${broken.length + failures.length} failed`);
  return broken.length + failures.length > 0 || kept.seeds === 0 ? 1 : 0;
}

if (process.argv.includes('--help')) console.log(usage);
else if (option('work') !== undefined) await work(option('work') ?? 1, option('to') ?? 1, option('step') ?? 1);
else if (option('seed') !== undefined) process.exitCode = await one(option('seed') ?? 1);
else process.exitCode = await many(option('seeds') ?? 10_000, option('seconds') ?? 170, option('from') ?? 1);
