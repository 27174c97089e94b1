import type { Bench, Tell } from './bench.ts';
import { crash, nodeLoss, restartTime, slowNode, startTime } from './failure.ts';
import { median } from './result.ts';

/** A node powered off, cut off, slow, and a crashed container, with the bounds. */
export async function failures(bench: Bench, tell: Tell): Promise<void> {
  const several = async <Value>(measure: () => Promise<Value>): Promise<readonly Value[]> => {
    const values: Value[] = [];
    for (let run = 0; run < bench.runs; run++) values.push(await measure());
    return values;
  };
  const listed = (values: readonly number[]): string => values.map((value) => Math.round(value)).join(' ');
  for (const [fault, repair] of [
    ['power-off', 'power-on'],
    ['cut', 'heal'],
  ] as const) {
    const values = await several(() => nodeLoss(bench.tutti, bench.image, fault, repair));
    tell({
      name: `node lost (${fault}): its tasks run elsewhere`,
      value: Math.max(...values),
      unit: 'ms',
      limit: { kind: 'at most', value: 5000 },
      detail: `(worst of ${listed(values)})`,
    });
  }
  const slow = await several(() => slowNode(bench.tutti, bench.image));
  tell({
    name: 'node slow for a second: tasks replaced',
    value: Math.max(...slow.map(({ replaced }) => replaced)),
    unit: 'tasks',
    limit: { kind: 'at most', value: 0 },
    detail: `(its link was down for ${listed(slow.map(({ downMs }) => downMs))} ms at the most)`,
  });
  const starts = await several(() => startTime(bench.tutti, bench.image));
  const crashes = await several(() => crash(bench.tutti, bench.image));
  const peers = await several(() => crash(bench.swarm, bench.image));
  const alone = await several(() => restartTime(bench.tutti, bench.image));
  tell({
    name: "crashed container runs again, ratio to the engine's own create and start",
    value: median(crashes) / median(starts),
    unit: '×',
    limit: { kind: 'at most', value: 1.2 },
    detail: `(Tutti ${listed(crashes)} ms, engine ${listed(starts)} ms, Swarm ${listed(peers)} ms)`,
  });
  tell({
    name: 'crashed container runs again, ratio to the engine alone: kill, create and start',
    value: median(crashes) / median(alone),
    unit: '×',
    detail: `(engine ${listed(alone)} ms)`,
  });
}
