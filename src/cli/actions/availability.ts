import { TuttiError } from '../../model/errors.ts';
import type { NodeAvailability } from '../../model/node.ts';
import { liveDisplay } from '../output/live.ts';
import type { Session } from '../session.ts';

export interface AvailabilityFlags {
  readonly detach: boolean;
  readonly timeout: number;
}

const said: Readonly<Record<NodeAvailability, string>> = {
  active: 'takes tasks again',
  pause: 'keeps its tasks and takes no new ones',
  drain: 'is drained: nothing runs there any more; "tutti ps" shows whether it runs elsewhere already',
};

const pollMs = 300;

/** Sets a node's availability; a drain waits until nothing runs there any more, unless detached. */
export const setAvailability = async (
  session: Session,
  reference: string,
  availability: NodeAvailability,
  flags: AvailabilityFlags,
): Promise<void> => {
  const { client, signal } = session;
  const node = await client.changeNode(reference, { availability }, signal);
  if (availability === 'drain' && !flags.detach) await waitUntilEmpty(session, node.id, node.name, flags.timeout);
  if (session.json) return session.printJson(await client.node(node.id, signal));
  session.print(`${node.name} ${availability === 'drain' && flags.detach ? 'is being drained' : said[availability]}\n`);
};

const waitUntilEmpty = async (session: Session, id: string, name: string, timeoutMs: number): Promise<void> => {
  const { client, context, signal } = session;
  const display = liveDisplay(context.stderr);
  const deadline = context.clock.monotonic() + timeoutMs;
  for (;;) {
    const { running } = await client.node(id, signal);
    if (running === 0) return;
    display.show([`${name}: ${running} ${running === 1 ? 'task' : 'tasks'} still running`]);
    if (context.clock.monotonic() > deadline) {
      throw new TuttiError('deadline-exceeded', `${running} tasks still run on ${name}; see "tutti ps --node ${name}"`);
    }
    await context.clock.sleep(pollMs, signal);
  }
};
