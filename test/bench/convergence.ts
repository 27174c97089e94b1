import type { Bench, Tell } from './bench.ts';
import { type Convergence, converge, floor } from './converge.ts';
import { type BenchResult, median } from './result.ts';

/** One round of everything, one after the other: what the machine does meanwhile hits all alike. */
interface Round {
  readonly tutti: Convergence;
  readonly swarm: Convergence;
  /** The engines' own API, by how many containers are asked of an engine at once. */
  readonly engines: readonly Convergence[];
}

const concurrencies = [1, 2, 4] as const;

/** Of one size, everything once; `at`: how many containers are asked of an engine at once. */
export async function round(bench: Bench, size: number, overlay: boolean, at: readonly number[]): Promise<Round> {
  const tutti = await converge(bench.tutti, bench.image, size, overlay);
  const swarm = await converge(bench.swarm, bench.image, size, overlay);
  const engines: Convergence[] = [];
  for (const many of at) engines.push(await floor(bench.tutti, bench.image, size, many, overlay));
  return { tutti, swarm, engines };
}

/** Starting and removing services of each size, on an overlay network or on none. */
export async function convergence(bench: Bench, overlay: boolean, tell: Tell): Promise<void> {
  for (const size of bench.replicas) {
    const rounds: Round[] = [];
    for (let run = 0; run < bench.runs; run++) rounds.push(await round(bench, size, overlay, concurrencies));
    convergenceResults(`${size} replicas${overlay ? ' on an overlay network' : ''}`, overlay, rounds).forEach(tell);
  }
}

function convergenceResults(what: string, overlay: boolean, rounds: readonly Round[]): readonly BenchResult[] {
  const byConcurrency = (index: number): number => median(rounds.map(({ engines }) => engines[index]?.all ?? 0));
  const best = concurrencies.map((_, index) => index).toSorted((a, b) => byConcurrency(a) - byConcurrency(b))[0] ?? 0;
  const engineOf = ({ engines }: Round): Convergence => engines[best] ?? { all: 0, first: 0, removal: 0 };
  const ratio = (one: (round: Round) => number, other: (round: Round) => number): number =>
    median(rounds.map((each) => one(each) / other(each)));
  const figures = (key: keyof Convergence): string => {
    const of = (get: (round: Round) => Convergence): string =>
      String(Math.round(median(rounds.map((each) => get(each)[key]))));
    const engines = `engines ${of(engineOf)} ms at ${concurrencies[best]} each`;
    return `(Tutti ${of(({ tutti }) => tutti)} ms, Swarm ${of(({ swarm }) => swarm)} ms, ${engines})`;
  };
  const removal: BenchResult = {
    name: `${what}: removal, ratio to Swarm`,
    value: ratio(
      ({ tutti }) => tutti.removal,
      ({ swarm }) => swarm.removal,
    ),
    unit: '×',
    limit: { kind: 'at most', value: 0.5 },
    detail: figures('removal'),
  };
  if (overlay) {
    const value = ratio(
      ({ tutti }) => tutti.all,
      ({ swarm }) => swarm.all,
    );
    const name = `${what}: time to run, ratio to Swarm`;
    return [{ name, value, unit: '×', limit: { kind: 'at most', value: 0.6 }, detail: figures('all') }, removal];
  }
  return [
    {
      name: `${what}: time to run, ratio to the engines' own API`,
      value: ratio(
        ({ tutti }) => tutti.all,
        (each) => engineOf(each).all,
      ),
      unit: '×',
      limit: { kind: 'at most', value: 1.25 },
      detail: figures('all'),
    },
    {
      name: `${what}: first one running`,
      value: median(rounds.map(({ tutti }) => tutti.first)),
      unit: 'ms',
      limit: { kind: 'at most', value: 400 },
      detail: figures('first'),
    },
    removal,
  ];
}
