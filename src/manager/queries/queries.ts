import { stackLabel } from '../../model/stack.ts';
import type { Clock } from '../../platform/ports.ts';
import type { CommittedView, View } from '../../store/store.ts';
import { clusterOf } from '../commands/cluster.ts';
import type { Queries, StackRecord } from '../manager.ts';
import { resolve, resolveTask } from '../references.ts';
import { explainTask } from './explain.ts';
import { doorProblems, routeRecords } from '../routes.ts';
import { nodeRecord, serviceRecord, taskRecord } from './records.ts';

/** Answers from the state as it is, through its indexes. */
/** `certificateProblem`: why a host has no certificate by ACME, or no new one. */
export const createQueries = (
  view: CommittedView,
  clock: Pick<Clock, 'now'>,
  certificateProblem: (host: string) => string | undefined = () => undefined,
): Queries => ({
  generation: (...tables) => tables.reduce((sum, table) => sum + view.generation(table), 0),
  cluster: () => clusterOf(view),
  nodes: () => Array.from(view.list('node'), (node) => nodeRecord(view, node)),
  node: (reference) => nodeRecord(view, resolve(view, 'node', reference)),
  nodeOf: (id) => {
    const node = view.get('node', id);
    return node === undefined ? undefined : nodeRecord(view, node);
  },
  services: () => Array.from(view.list('service'), (service) => serviceRecord(view, service)),
  service: (reference) => serviceRecord(view, resolve(view, 'service', reference)),
  tasks: () => Array.from(view.list('task'), (task) => taskRecord(view, task)),
  tasksOf: (scope) => {
    const tasks =
      'serviceId' in scope ? view.find('task', 'service', scope.serviceId) : view.find('task', 'node', scope.nodeId);
    return tasks.map((task) => taskRecord(view, task));
  },
  task: (reference) => taskRecord(view, resolveTask(view, reference)),
  networks: () => Array.from(view.list('network')),
  network: (reference) => resolve(view, 'network', reference),
  networkOf: (id) => view.get('network', id),
  secrets: () => Array.from(view.list('secret')),
  secret: (reference) => resolve(view, 'secret', reference),
  configs: () => Array.from(view.list('config')),
  config: (reference) => resolve(view, 'config', reference),
  clients: () => Array.from(view.list('client')),
  doorProblems: () => doorProblems(view),
  routes: () => routeRecords(view, certificateProblem),
  stacks: () => stacks(view),
  explain: (reference) => explainTask(view, resolveTask(view, reference), clock.now()),
});

const stackTables = { service: 'services', network: 'networks', secret: 'secrets', config: 'configs' } as const;

const stacks = (view: View): readonly StackRecord[] => {
  const records = new Map<string, { name: string } & Record<(typeof stackTables)[keyof typeof stackTables], number>>();
  for (const [table, column] of Object.entries(stackTables)) {
    for (const { spec } of view.list(table as keyof typeof stackTables)) {
      const name = spec.labels?.[stackLabel];
      if (name === undefined) continue;
      const record = records.get(name) ?? { name, services: 0, networks: 0, secrets: 0, configs: 0 };
      record[column] += 1;
      records.set(name, record);
    }
  }
  return [...records.values()].toSorted((left, right) => (left.name < right.name ? -1 : 1));
};
