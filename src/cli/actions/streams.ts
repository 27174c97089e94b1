import type { EventView, LogView } from '../../model/native.ts';
import { TuttiError } from '../../model/errors.ts';
import { eventText } from '../output/event.ts';
import type { Colour } from '../output/paint.ts';
import type { Session } from '../session.ts';

export interface LogFlags {
  readonly follow: boolean;
  readonly timestamps: boolean;
  readonly tail?: number;
  /** Milliseconds since the epoch. */
  readonly since?: number;
}

const lineColours: readonly Colour[] = ['cyan', 'magenta', 'green', 'yellow', 'blue'];

/** Lines of a service's tasks, each after the name of its task; of one task when one is named. */
export const showLogs = async (session: Session, reference: string, flags: LogFlags): Promise<void> => {
  const names = new Map<string, string>();
  for await (const line of openLogs(session, reference, flags)) {
    if (session.json) session.printJson(line);
    else session.print(`${prefixOf(session, names, line)}${line.text}\n`);
  }
};

const openLogs = async function* (
  { client, signal }: Session,
  reference: string,
  flags: LogFlags,
): AsyncGenerator<LogView> {
  const isTask = await exists(client.service(reference, signal)).then((service) => !service);
  if (!isTask) return yield* client.serviceLogs(reference, flags, signal);
  try {
    yield* client.taskLogs(reference, flags, signal);
  } catch (thrown) {
    if (thrown instanceof TuttiError && thrown.code === 'not-found') {
      throw new TuttiError('not-found', `there is no service and no task "${reference}"`, { cause: thrown });
    }
    throw thrown;
  }
};

const exists = async (found: Promise<unknown>): Promise<boolean> => {
  try {
    await found;
    return true;
  } catch (thrown) {
    if (thrown instanceof TuttiError && thrown.code === 'not-found') return false;
    throw thrown;
  }
};

const prefixOf = ({ paint }: Session, names: Map<string, string>, line: LogView): string => {
  const known = names.get(line.taskId);
  if (known !== undefined) return known;
  const colour = lineColours[names.size % lineColours.length] ?? 'cyan';
  const name = line.node === undefined ? line.task : `${line.task}@${line.node}`;
  const prefix = `${paint(colour, `${name} |`)} `;
  names.set(line.taskId, prefix);
  return prefix;
};

export const showEvents = async (
  session: Session,
  span: { readonly since?: number; readonly until?: number },
): Promise<void> => {
  const { client, signal, paint } = session;
  const names = new Map<string, string>();
  for await (const event of client.events(span, signal)) {
    if (session.json) {
      session.printJson(event);
      continue;
    }
    await learnNodes(session, names, event);
    session.print(`${eventText(event, { nodeName: (id) => names.get(id) ?? id, paint })}\n`);
  }
};

/**
 * Asks for the nodes' names when an event has an id that is new; one that is still not known then is not asked for again.
 * A name that cannot be had just now is no reason to end the stream: the id says as much.
 */
const learnNodes = async ({ client, signal }: Session, names: Map<string, string>, event: EventView): Promise<void> => {
  if (event.type === 'node') names.set(event.id, event.name);
  const node = event.attributes['node'];
  if (node === undefined || names.has(node)) return;
  names.set(node, node);
  const nodes = await client.nodes(signal).catch(() => []);
  for (const { id, name } of nodes) names.set(id, name);
};
