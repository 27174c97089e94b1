import { many } from './many.ts';
import { runSeed } from './run.ts';

const usage = `npm run test:sim [-- --seed N] [-- --seeds N] [-- --seconds N] [-- --from N]

Runs whole clusters (manager, agents, fake engines) in one process on virtual time, one history per seed, with crashes, power
loss, partitions, delays, full disks and slow engines, and checks the invariants at every step.

  --seed N      one seed, with everything that happens printed; run twice, and the trace must be the same
  --seeds N     this many seeds, from --from (1) on; 10,000 when not given
  --seconds N   each process stops after so much time of its core, whatever is left; 170 when not given`;

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

/** A worker process: seeds from its start in steps, one line of JSON each, for so many seconds of a core. */
async function work(from: number, to: number, step: number, seconds: number): Promise<void> {
  for (let seed = from; seed <= to && spentSeconds() < seconds; seed += step) {
    const outcome = await runSeed(seed);
    process.stdout.write(`${JSON.stringify(outcome)}\n`);
  }
}

/** What counts is what it could do, however much runs beside it. */
const spentSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
};

if (process.argv.includes('--help')) console.log(usage);
else if (option('work') !== undefined)
  await work(option('work') ?? 1, option('to') ?? 1, option('step') ?? 1, option('seconds') ?? 170);
else if (option('seed') !== undefined) process.exitCode = await one(option('seed') ?? 1);
else {
  const seeds = option('seeds') ?? 10_000;
  const failed = await many({ seeds, seconds: option('seconds') ?? 170, from: option('from') ?? 1 });
  process.exitCode = failed ? 1 : 0;
}
