import { tasksOfMode } from '../../core/orchestrate/job.ts';
import { isWanted } from '../../core/task/known.ts';
import { claims, nodeName } from '../../model/node.ts';
import type { Claim, Node, NodeStatus } from '../../model/node.ts';
import type { Service } from '../../model/service.ts';
import { isTerminal } from '../../model/task.ts';
import type { Task } from '../../model/task.ts';
import type { View } from '../../store/store.ts';
import { withPrefixes } from '../../model/network-address.ts';
import { knownIn } from '../observed.ts';
import type { NodeRecord, ServiceRecord, TaskRecord } from '../manager.ts';

/** What was last heard of a task says nothing of now while its node is down, and is not shown without that remark. */
export const taskRecord = (view: View, task: Task): TaskRecord => {
  const known = knownIn(view, task);
  const { status } = known;
  if (isTerminal(status.state) || status.error !== undefined || !isOnDownNode(view, task)) return known;
  const node = view.get('node', task.nodeId ?? '');
  return { task, status: { ...status, error: `${node === undefined ? 'its node' : nodeName(node)} is down` } };
};

/** A node that was not heard of yet is unknown, as a new manager has it. */
const nodeStatus = (view: View, node: Node): NodeStatus =>
  view.get('nodeStatus', node.id) ?? {
    nodeId: node.id,
    state: 'unknown',
    message: 'has not connected to this manager yet',
    since: node.createdAt,
  };

const refusalText: Readonly<Record<Claim, (value: string, holder: Node) => string>> = {
  address: (value, holder) =>
    `says that its address is ${value}, which is node ${nodeName(holder)}'s: it has no networks with others; give it one of its own, or remove ${holder.id} if that is gone`,
  publicKey: (_, holder) =>
    `says that node ${nodeName(holder)}'s WireGuard key is its own: what goes between it and others is not encrypted, and with encryption "on" nothing goes; "tutti encryption --rotate" makes new ones, or remove ${holder.id} if that is gone`,
};

/** With what of the node's description the others are not told, and why. */
const withRefusals = (view: View, { description, refused }: Node, status: NodeStatus): NodeStatus => {
  if (refused === undefined) return status;
  const texts = claims.flatMap((claim) => {
    const holder = view.get('node', refused[claim] ?? '');
    return holder === undefined ? [] : [refusalText[claim](description?.[claim] ?? '', holder)];
  });
  return { ...status, message: [status.message, ...texts].filter((text) => text !== '').join('; ') };
};

export const nodeRecord = (view: View, node: Node): NodeRecord => {
  const status = withRefusals(view, node, nodeStatus(view, node));
  if (node.spec.role !== 'manager') return { node, status };
  // One manager: it leads, and it can be reached, or nobody could ask.
  return { node, status, manager: { leader: true, reachable: true, address: node.managerAddress ?? '' } };
};

export const serviceRecord = (view: View, service: Service): ServiceRecord => {
  let running = 0;
  let wanted = 0;
  let completed = 0;
  for (const task of view.find('task', 'service', service.id)) {
    if (!isWanted(task)) continue;
    wanted += 1;
    const { state } = knownIn(view, task).status;
    if (state === 'complete' && task.specVersion === service.specVersion) completed += 1;
    if (state === 'running' && !isOnDownNode(view, task)) running += 1;
  }
  const virtualIps = (service.virtualIps ?? []).flatMap(({ networkId, address }) =>
    withPrefixes(view.get('network', networkId), { address }).map((text) => ({ networkId, address: text })),
  );
  return { service, running, desired: tasksOfMode(service.spec.mode, wanted), completed, virtualIps };
};

const isOnDownNode = (view: View, { nodeId }: Task): boolean =>
  nodeId !== undefined && view.get('nodeStatus', nodeId)?.state === 'down';
