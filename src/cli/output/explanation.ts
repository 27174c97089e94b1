import type { ExplanationView, TaskView } from '../../model/native.ts';
import { formatDuration } from '../duration.ts';
import type { Paint } from './paint.ts';
import { table } from './table.ts';

/** Why a task is where it is, for people: how it stands, why, what each node says to it, and what came before. Pure. */
export const explanationText = (
  { task, summary, refusals, history }: ExplanationView,
  now: number,
  paint: Paint,
): string => {
  const parts = [
    `${paint('bold', task.name)} ${standing(task, now)}.\n${summary}\n`,
    ...(task.error === undefined || summary.includes(task.error) ? [] : [`Error: ${task.error}\n`]),
    factsOf(task),
    ...(refusals.length === 0 ? [] : [`\n${refusalsText(refusals, task.node !== undefined)}`]),
    ...(history.length === 0 ? [] : [`\n${historyText(history, now)}`]),
  ];
  return parts.join('');
};

const standing = (task: TaskView, now: number): string => {
  const where = task.node === undefined ? '' : ` on ${task.node}`;
  const span = formatDuration(now - task.since);
  const moment = new Date(task.since).toISOString();
  switch (task.state) {
    case 'running':
      return `runs${where}, since ${moment} (${span})`;
    case 'complete':
    case 'shutdown':
    case 'failed':
    case 'rejected':
    case 'orphaned':
    case 'remove':
      return `${ends[task.state]}${where} at ${moment} (${span} ago)`;
    case 'new':
    case 'pending':
      return `has no place yet, since ${moment} (${span})`;
    case 'assigned':
    case 'accepted':
    case 'preparing':
    case 'ready':
    case 'starting':
      return `is ${task.state}${where}, since ${moment} (${span})`;
  }
};

const ends = {
  complete: 'ran to its end',
  shutdown: 'was stopped',
  failed: 'failed',
  rejected: 'could not be started',
  orphaned: 'was lost with its node',
  remove: 'was stopped',
} as const;

/** What helps to find it elsewhere. */
const factsOf = ({ id, service, image, addresses, exitCode }: TaskView): string => {
  const rows = [
    ['id', id],
    ['service', service],
    ['image', image],
    ...(addresses.length === 0 ? [] : [['addresses', addresses.map((one) => one.address).join(', ')]]),
    ...(exitCode === undefined ? [] : [['exit code', String(exitCode)]]),
  ];
  return `\n${rows.map(([name = '', value = '']) => `  ${name.padEnd(10)} ${value}\n`).join('')}`;
};

const refusalsText = (refusals: ExplanationView['refusals'], placed: boolean): string => {
  const count = refusals.reduce((sum, { nodes }) => sum + nodes, 0);
  const rows = refusals.map(({ filter, nodes, reason }) => [String(nodes), reason, filter]);
  const where = count === 1 ? 'the only node' : `any of ${count} nodes`;
  const title = placed ? 'What keeps it from the nodes that do not fit' : `Why it has no place on ${where}`;
  return `${title}:\n${table(['NODES', 'REASON', 'FILTER'], rows)}`;
};

const historyText = (history: ExplanationView['history'], now: number): string => {
  const rows = history.map(({ timestamp, text }) => [
    new Date(timestamp).toISOString(),
    `${formatDuration(now - timestamp)} ago`,
    shortIds(text),
  ]);
  return `What happened in its place:\n${table(['WHEN', '', 'WHAT'], rows)}`;
};

/** Ids as long as `tutti ps` shows them. */
const shortIds = (text: string): string => text.replace(/\b([a-z0-9]{12})[a-z0-9]{13}\b/g, '$1');
