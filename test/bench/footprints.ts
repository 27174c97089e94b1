import { until } from '../support/until.ts';
import type { Bench, Tell } from './bench.ts';
import { isRunning, sleepers, tasksOf } from './docker.ts';
import { footprint, processes } from './footprint.ts';
import type { BenchResult } from './result.ts';

/** Memory and processor time of what runs for the cluster, idle with 100 tasks, with the bounds. */
export async function footprints(bench: Bench, tell: Tell): Promise<void> {
  const { ID } = await bench.tutti.docker.call<{ ID: string }>(
    'POST',
    '/services/create',
    sleepers('bench-idle', bench.image, 100),
  );
  await until(
    '100 tasks run',
    () => tasksOf(bench.tutti.docker, ID),
    (tasks) => tasks.filter(isRunning).length === 100,
    { deadlineMs: 240_000 },
  );
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  const managers = await processes('bin/manager.ts', 'bench-tutti');
  const agents = await processes('bin/agent.ts', 'bench-tutti');
  const resolvers = await processes('bin/resolver.ts', 'bench-tutti');
  const measure = (pids: readonly number[]) => Promise.all(pids.map((pid) => footprint(pid, 60)));
  const [manager, agent, resolver] = await Promise.all([measure(managers), measure(agents), measure(resolvers)]);
  await bench.tutti.docker.call('DELETE', `/services/${ID}`);
  const worst = (list: readonly { residentMb: number; cpu: number }[], key: 'residentMb' | 'cpu') =>
    Math.max(...list.map((x) => x[key]));
  const results: BenchResult[] = [
    {
      name: 'manager, idle, 3 nodes, 100 tasks: resident',
      value: worst(manager, 'residentMb'),
      unit: 'MB',
      limit: { kind: 'at most', value: 120 },
    },
    {
      name: 'manager, idle: processor',
      value: worst(manager, 'cpu'),
      unit: '% of a core',
      limit: { kind: 'at most', value: 1 },
    },
    {
      name: 'agent, idle: resident',
      value: worst(agent, 'residentMb'),
      unit: 'MB',
      limit: { kind: 'at most', value: 90 },
      detail: `(worst of ${agents.length})`,
    },
    {
      name: 'agent, idle: processor',
      value: worst(agent, 'cpu'),
      unit: '% of a core',
      limit: { kind: 'at most', value: 1 },
    },
    {
      name: 'resolver, idle: resident',
      value: worst(resolver, 'residentMb'),
      unit: 'MB',
      detail: `(worst of ${resolvers.length})`,
    },
    { name: 'resolver, idle: processor', value: worst(resolver, 'cpu'), unit: '% of a core' },
  ];
  results.forEach(tell);
}
