import type { FindNetwork } from '../../core/assign/address6.ts';
import { servedBy } from '../../core/assign/served.ts';
import { assignedTaskOf, endpointsOf, hasEndpoints, needsOf } from '../../core/assign/task.ts';
import type { TaskNeeds } from '../../core/assign/task.ts';
import { isPlaced } from '../../core/task/known.ts';
import type { PlacedTask } from '../../core/task/known.ts';
import type { AssignedEndpoint, AssignedTask } from '../../model/assignment.ts';
import { isAddressRefused } from '../../model/node.ts';
import { assignmentKey } from '../../model/protocol.ts';
import type { TaskStatus } from '../../model/task.ts';
import type { View } from '../../store/store.ts';
import { knownIn, unadopted } from '../observed.ts';
import type { Delivery } from './delivery.ts';
import { networksWithIpv6On, replaceEndpoints } from './endpoints.ts';
import type { Needs } from './needs.ts';
import { sameTask } from './same.ts';

/** What one task contributes, as it was last worked out. */
interface TaskShare {
  readonly needs: TaskNeeds;
  readonly assigned: AssignedTask;
  readonly endpoints: readonly AssignedEndpoint[];
}

/** What is told because of each task: the task itself to its node, and where it is to its networks. */
export class TaskShares {
  readonly #view: View;
  readonly #delivery: Delivery;
  readonly #needs: Needs;
  readonly #network: FindNetwork;
  readonly #shares = new Map<string, TaskShare>();
  /** Task that an agent started by itself → the task with a row whose endpoints stay for its sake. */
  readonly #followed = new Map<string, string>();

  constructor(view: View, delivery: Delivery, needs: Needs) {
    this.#view = view;
    this.#delivery = delivery;
    this.#needs = needs;
    this.#network = (id) => view.get('network', id);
  }

  fold(id: string): void {
    this.#fold(id);
    const predecessor = this.#followed.get(id);
    if (predecessor === undefined) return;
    this.#followed.delete(id);
    this.#fold(predecessor);
  }

  #fold(id: string): void {
    const before = this.#shares.get(id);
    const after = this.#share(id);
    if (after === undefined) this.#shares.delete(id);
    else this.#shares.set(id, after);
    this.#needs.replace(before?.needs, after?.needs);
    this.#replaceTask(before, after);
    replaceEndpoints(this.#delivery, before?.endpoints, after?.endpoints);
  }

  #share(id: string): TaskShare | undefined {
    const task = this.#view.get('task', id);
    const node = this.#view.get('node', task?.nodeId ?? '');
    if (task === undefined || !isPlaced(task) || node === undefined) return undefined;
    const observed = unadopted(this.#view);
    const { status } = knownIn(this.#view, task);
    this.#follow(task, status);
    const nodeDown = this.#view.get('nodeStatus', task.nodeId)?.state === 'down' || isAddressRefused(node);
    const service = this.#view.get('service', task.serviceId);
    const virtual = new Set(service?.virtualIps?.map(({ networkId }) => networkId));
    const ports = service?.spec.endpoint?.mode === 'dnsrr' ? servedBy(service.spec) : [];
    const network = networksWithIpv6On(this.#view, task.nodeId);
    const endpoints = endpointsOf(task, { status, observed, nodeDown, virtual, ports, network });
    const needs = needsOf(task, hasEndpoints(status, observed));
    return { needs, assigned: assignedTaskOf(task, service, this.#network), endpoints };
  }

  /** Remembers whom to look at again when a successor that nobody has adopted changes. */
  #follow(task: PlacedTask, { successor }: TaskStatus): void {
    const observed = unadopted(this.#view);
    let next = successor;
    while (next !== undefined && this.#view.get('task', next) === undefined && this.#followed.get(next) !== task.id) {
      this.#followed.set(next, task.id);
      next = observed(next)?.successor;
    }
  }

  #replaceTask(before: TaskShare | undefined, after: TaskShare | undefined): void {
    const moved = before?.needs.nodeId !== after?.needs.nodeId;
    if (before !== undefined && moved) {
      this.#delivery.nodes.get(before.needs.nodeId)?.own.remove(assignmentKey(before.assigned));
    }
    if (after !== undefined && (moved || !sameTask(before?.assigned, after.assigned))) {
      this.#delivery.part(after.needs.nodeId).own.put(after.assigned);
    }
  }
}
