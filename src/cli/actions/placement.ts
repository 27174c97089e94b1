import type { PlacementRequest } from '../../model/native.ts';
import type { Session } from '../session.ts';

export type PlacementFlags = PlacementRequest;

/** Shows how containers and tasks are placed, after setting what was given. */
export const placement = async (session: Session, { strategy, overcommit }: PlacementFlags): Promise<void> => {
  const change = {
    ...(strategy !== undefined && { strategy }),
    ...(overcommit !== undefined && { overcommit }),
  };
  const { client, signal } = session;
  const cluster =
    Object.keys(change).length === 0 ? await client.cluster(signal) : await client.changePlacement(change, signal);
  const view = { strategy: cluster.strategy, overcommit: cluster.overcommit };
  if (session.json) return session.printJson(view);
  session.print(`strategy: ${view.strategy}\novercommit: ${Number((view.overcommit * 100).toFixed(4))} %\n`);
};
