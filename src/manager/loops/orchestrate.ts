import { unmetDependencies } from '../../core/orchestrate/depend.ts';
import { orchestrate } from '../../core/orchestrate/orchestrate.ts';
import { Draft } from '../../core/task/draft.ts';
import type { TaskAction } from '../../core/task/draft.ts';
import { withDefaultLogging } from '../../core/task/make.ts';
import { advanceUpdate } from '../../core/update/update.ts';
import type { UpdateDecision } from '../../core/update/update.ts';
import type { TaskId } from '../../model/ids.ts';
import type { Service } from '../../model/service.ts';
import { rolledBack } from '../service/change.ts';
import { withEndpoint } from '../service/endpoint.ts';
import type { Randomness } from '../../platform/ports.ts';
import type { Transaction } from '../../store/store.ts';
import type { Allocator } from '../allocator.ts';
import { startLoop } from './loop.ts';
import type { LoopPorts, PassContext } from './loop.ts';
import { dependencyOf, eligibleNodes, serviceStateOf } from './service-state.ts';
import { ServiceWatch } from './service-watch.ts';

export interface OrchestrateLoopPorts extends LoopPorts {
  readonly random: Pick<Randomness, 'id'>;
  readonly allocator: Allocator;
}

/**
 * Keeps every service's tasks as they are to be: makes them (with their addresses, in the same commit), replaces them,
 * moves them to a new version, and lets them go.
 */
export const startOrchestrateLoop = (ports: OrchestrateLoopPorts): AsyncDisposable => {
  const { store, clock } = ports;
  const watch = new ServiceWatch(store.view, clock);
  return startLoop(
    {
      name: 'orchestrate',
      dirty: (commit, mark) => watch.note(commit, mark),
      all: (view) => watch.services(view),
      pass: async (keys, context) => {
        // One transaction each, so that one service's trouble is not another's; the store writes them down together.
        const commits = [...keys].map((id) => commitService(id, ports, watch, context));
        const failed = (await Promise.allSettled(commits)).find(({ status }) => status === 'rejected');
        if (failed?.status === 'rejected') throw failed.reason;
      },
    },
    ports,
  );
};

const commitService = async (
  id: string,
  ports: OrchestrateLoopPorts,
  watch: ServiceWatch,
  context: PassContext,
): Promise<void> => {
  const given: TaskId[] = [];
  const services = new Set<string>();
  try {
    await ports.store.update((transaction) =>
      decideService(id, { transaction, ports, watch, context, given, services }),
    );
  } catch (error) {
    ports.allocator.takeBack(given);
    ports.allocator.takeBackServices(services);
    throw error;
  }
};

interface Decision {
  readonly transaction: Transaction;
  readonly ports: OrchestrateLoopPorts;
  readonly watch: ServiceWatch;
  readonly context: PassContext;
  /** Tasks that addresses were given to in this commit. */
  readonly given: TaskId[];
  /** And services. */
  readonly services: Set<string>;
}

const decideService = (id: string, decision: Decision): void => {
  const { transaction, ports, watch } = decision;
  const service = transaction.get('service', id);
  if (service === undefined) {
    removeTasks(transaction, id);
    return;
  }
  const now = ports.clock.now();
  const runningSince = watch.runningSince;
  const [cluster] = transaction.list('cluster');
  const taskSpec = withDefaultLogging(service.spec.task, cluster?.spec.logging);
  const draft = new Draft(serviceStateOf(transaction, service, runningSince), {
    now,
    nextId: () => ports.random.id() as TaskId,
    taskSpec,
  });
  const dependencies = service.spec.dependsOn ?? [];
  orchestrate(draft, {
    eligible: () => eligibleNodes(transaction, taskSpec),
    unmet: unmetDependencies(dependencies, (name) => dependencyOf(transaction, name, runningSince)),
  });
  const update = advanceUpdate(draft);
  applyUpdate(service, update, decision);
  for (const action of draft.actions()) applyTask(action, decision);
  if (update.wakeAt !== undefined) decision.context.wakeAt(id, update.wakeAt);
};

/** A service that is gone wants none of its tasks. */
const removeTasks = (transaction: Transaction, serviceId: string): void => {
  for (const task of transaction.find('task', 'service', serviceId)) {
    if (task.desiredState !== 'remove') transaction.update('task', { ...task, desiredState: 'remove' });
  }
};

const applyUpdate = (service: Service, { status, rollBackTo }: UpdateDecision, decision: Decision): void => {
  if (status === undefined) return;
  const { transaction, ports, services } = decision;
  const base = rollBackTo === undefined ? service : rolledBack(service, 'forget');
  const endpoint = { allocator: ports.allocator, given: services };
  transaction.update('service', { ...withEndpoint(transaction, base, endpoint, 'keep'), updateStatus: status });
};

const applyTask = (action: TaskAction, { transaction, ports, given }: Decision): void => {
  switch (action.kind) {
    case 'create': {
      const { task } = action;
      // One that an agent started in place of another has its addresses; they pass to it when its row is there.
      if (task.addresses !== undefined) {
        transaction.create('task', task);
        return;
      }
      const allocation = ports.allocator.giveTask(transaction, task);
      given.push(task.id);
      // What could not be given is tried again by the allocate loop, which also says why.
      transaction.create('task', allocation.kind === 'allocated' ? { ...task, addresses: allocation.value } : task);
      return;
    }
    case 'desire': {
      const task = transaction.get('task', action.taskId);
      if (task !== undefined) transaction.update('task', { ...task, desiredState: action.desiredState });
      return;
    }
    case 'wait': {
      const task = transaction.get('task', action.taskId);
      if (task === undefined) return;
      const { waitingFor: _before, ...rest } = task;
      transaction.update('task', action.waitingFor === undefined ? rest : { ...rest, waitingFor: action.waitingFor });
      return;
    }
  }
};
