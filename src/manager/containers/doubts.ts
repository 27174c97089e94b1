import type { Clock } from '../../platform/ports.ts';

/** An engine shows a container at the end of making it, and goes on without whoever asked: for so long it may still come. */
const doubtMs = 120_000;

/** Requests to make a container that were not answered: that it is not there yet does not say that it was not made. */
export interface Doubts {
  /** The engine was asked, and did not answer. */
  note(nodeId: string, name: string): void;
  /** It may still come. Of what an earlier process asked the time is not known. */
  last(nodeId: string, name: string): boolean;
}

export const createDoubts = (clock: Pick<Clock, 'monotonic'>): Doubts => {
  const begun = clock.monotonic();
  const asked = new Map<string, number>();
  const isOver = (since: number): boolean => clock.monotonic() - since >= doubtMs;
  return {
    note: (nodeId, name) => {
      for (const [key, since] of asked) if (isOver(since)) asked.delete(key);
      asked.set(`${nodeId}/${name}`, clock.monotonic());
    },
    last: (nodeId, name) => !isOver(asked.get(`${nodeId}/${name}`) ?? begun),
  };
};
