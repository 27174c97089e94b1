import { table } from '../output/table.ts';
import type { Session } from '../session.ts';

/** Why a task is where it is. */
export const explainTask = async (session: Session, reference: string): Promise<void> => {
  const { task, summary, refusals, history } = await session.client.explain(reference, session.signal);
  if (session.json) return session.printJson({ task, summary, refusals, history });
  const { paint } = session;
  const place = task.node === undefined ? 'on no node' : `on ${task.node}`;
  session.print(`${paint('bold', task.name)} (${task.id}): ${task.state} ${place}, wanted: ${task.desiredState}\n`);
  session.print(`${summary}\n`);
  if (task.error !== undefined) session.print(`error: ${task.error}\n`);
  if (refusals.length > 0) {
    const rows = refusals.map(({ filter, nodes, reason }) => [filter, String(nodes), reason]);
    session.print(`\n${table(['FILTER', 'NODES', 'REASON'], rows)}`);
  }
  if (history.length > 0) {
    const rows = history.map(({ timestamp, text }) => [new Date(timestamp).toISOString(), text]);
    session.print(`\n${table(['WHEN', 'WHAT'], rows)}`);
  }
};
