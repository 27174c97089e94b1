import { isTerminal, movesForward } from '../../src/model/task.ts';
import type { TaskState } from '../../src/model/task.ts';
import type { Change, Commit, Store } from '../../src/store/store.ts';
import type { SimNode } from './node.ts';

/** A rule that was broken, in words. */
export class Violation extends Error {}

/** Rules that hold at every step, whatever fails. Looks at what changed, not at everything. */
export interface Invariants {
  started(store: Store): void;
  committed(store: Store, commit: Commit): void;
  /** After each event: the engines, where one has started something since. */
  stepped(): void;
}

export function createInvariants(nodes: readonly SimNode[]): Invariants {
  let states = new Map<string, TaskState>();
  let starts = 0;

  const oneTaskPerSlot = (store: Store, change: Change & { readonly table: 'task' }): void => {
    const task = change.after;
    if (!task || task.desiredState === 'shutdown' || task.desiredState === 'remove') return;
    const place = (of: typeof task): string => (of.slot === undefined ? `node ${of.nodeId}` : `slot ${of.slot}`);
    const live = [...store.view.find('task', 'service', task.serviceId)].filter((other) => {
      if (other.desiredState === 'shutdown' || other.desiredState === 'remove' || place(other) !== place(task))
        return false;
      const state = other.finalStatus?.state ?? store.view.get('taskStatus', other.id)?.state ?? 'new';
      return !isTerminal(state);
    });
    if (live.length > 1)
      throw new Violation(
        `${task.serviceName} has ${live.length} live tasks in ${place(task)}: ${live.map((x) => x.id).join(' ')}`,
      );
  };
  const forward = (change: Change & { readonly table: 'taskStatus' }): void => {
    if (!change.after) return void states.delete(change.id);
    const before = states.get(change.id);
    const { state } = change.after;
    if (before !== undefined && before !== state && !movesForward(before, state))
      throw new Violation(`task ${change.id} went back from ${before} to ${state}`);
    states.set(change.id, state);
  };
  const onePort = (store: Store): void => {
    const owners = new Map<string, string>();
    for (const service of store.view.list('service')) {
      for (const { protocol, published, mode } of service.ports) {
        const key = `${protocol}/${published}`;
        const owner = owners.get(key);
        if (mode === 'ingress' && owner !== undefined)
          throw new Violation(`port ${key} is given to ${owner} and ${service.spec.name}`);
        owners.set(key, service.spec.name);
      }
    }
  };
  const oneAddress = (): void => {
    const owners = new Map<string, string>();
    for (const node of nodes) {
      for (const container of node.engine.containers.values()) {
        if (container.state !== 'running') continue;
        for (const [network, endpoint] of Object.entries(container.body.NetworkingConfig?.EndpointsConfig ?? {})) {
          const address = endpoint?.IPAMConfig?.IPv4Address;
          if (!address) continue;
          const key = `${address} of ${network}`;
          const owner = owners.get(key);
          if (owner !== undefined)
            throw new Violation(`address ${key} is used by ${owner} and by ${container.name} on ${node.name}`);
          owners.set(key, `${container.name} on ${node.name}`);
        }
      }
    }
  };
  return {
    started: (store) => {
      states = new Map([...store.view.list('taskStatus')].map((status) => [status.taskId, status.state]));
    },
    committed: (store, commit) => {
      for (const change of commit.changes) {
        if (change.table === 'task') oneTaskPerSlot(store, change);
        else if (change.table === 'taskStatus') forward(change);
      }
      if (commit.changes.some((change) => change.table === 'service')) onePort(store);
    },
    stepped: () => {
      const now = nodes.reduce(
        (sum, node) => sum + (node.engine.calls.startContainer ?? node.engine.calls.start ?? 0),
        0,
      );
      if (now === starts) return;
      starts = now;
      oneAddress();
    },
  };
}
