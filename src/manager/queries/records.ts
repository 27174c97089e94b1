import { tasksOfMode } from '../../core/orchestrate/job.ts';
import { isWanted } from '../../core/task/known.ts';
import { nodeName } from '../../model/node.ts';
import type { Node, NodeStatus } from '../../model/node.ts';
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

export const nodeRecord = (view: View, node: Node): NodeRecord => {
  const status = nodeStatus(view, node);
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
