import { TuttiError } from '../../model/errors.ts';
import { table } from '../output/table.ts';
import type { Session } from '../session.ts';

/** Why a task is where it is. */
export const explainTask = async (session: Session, reference: string): Promise<void> => {
  const { task, summary, refusals, history } = await explained(session, reference);
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

const explained = async ({ client, signal }: Session, reference: string): ReturnType<Session['client']['explain']> => {
  try {
    return await client.explain(reference, signal);
  } catch (thrown) {
    if (!(thrown instanceof TuttiError) || thrown.code !== 'not-found') throw thrown;
    const services = await client.services(undefined, signal);
    if (!services.some(({ name }) => name === reference)) throw thrown;
    const [task] = await client.tasks({ service: reference }, signal);
    const hint = task === undefined ? 'which has no tasks' : `name one of its tasks, such as ${task.name}`;
    throw new TuttiError('not-found', `${reference} is a service: ${hint}`, { cause: thrown });
  }
};
