import type { Session } from '../session.ts';

const said = {
  active: 'takes tasks again',
  pause: 'keeps its tasks and takes no new ones',
} as const;

/** Sets whether a node takes tasks; what takes it out of use is `drain`. */
export const setAvailability = async (
  session: Session,
  reference: string,
  availability: keyof typeof said,
): Promise<void> => {
  const node = await session.client.changeNode(reference, { availability }, session.signal);
  if (session.json) return session.printJson(node);
  session.print(`${node.name} ${said[availability]}\n`);
};
