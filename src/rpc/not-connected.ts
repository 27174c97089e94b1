import { TuttiError } from '../model/errors.ts';

/** Nothing was sent: the node has no connection that a request could go over. */
export const notConnected = (nodeId: string): TuttiError =>
  new TuttiError('unavailable', `node ${nodeId} is not connected`, { fields: { sent: false } });

/** Nothing can have come of the request. */
export const wasNeverSent = (thrown: unknown): boolean =>
  thrown instanceof TuttiError && thrown.fields['sent'] === false;
