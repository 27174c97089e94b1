import { until } from '../../support/until.ts';
import type { TestCluster } from './cluster.ts';

/** A row of `docker service ps`. */
export interface TaskRow {
  readonly name: string;
  readonly node: string;
  readonly desired: string;
  readonly current: string;
  readonly error: string;
}

type Docker = Pick<TestCluster, 'docker'>;
const format = '{{.Name}}\t{{.Node}}\t{{.DesiredState}}\t{{.CurrentState}}\t{{.Error}}';

export const tasksOf = async ({ docker }: Docker, service: string): Promise<readonly TaskRow[]> =>
  (await docker('service', 'ps', '--no-trunc', '--format', format, service))
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [name = '', node = '', desired = '', current = '', error = ''] = line.split('\t');
      return { name, node, desired, current, error };
    });

export const runs = ({ desired, current }: TaskRow): boolean => desired === 'Running' && current.startsWith('Running');

/** Waits until `count` tasks of the service run, and gives them. */
export const untilRunning = async (cluster: Docker, service: string, count: number): Promise<readonly TaskRow[]> =>
  await until(
    `${count} running tasks of ${service}`,
    async () => (await tasksOf(cluster, service)).filter(runs),
    ({ length }) => length === count,
    { deadlineMs: 180_000, everyMs: 200 },
  );

/** Waits until a task of the service is as the test says. */
export const untilTask = async (
  cluster: Docker,
  service: string,
  what: string,
  test: (row: TaskRow) => boolean,
): Promise<readonly TaskRow[]> =>
  await until(
    `${service}: ${what}`,
    async () => await tasksOf(cluster, service),
    (rows) => rows.some(test),
    {
      deadlineMs: 180_000,
      everyMs: 200,
    },
  );
