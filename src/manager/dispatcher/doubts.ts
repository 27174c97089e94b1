import type { NodeId } from '../../model/ids.ts';
import type { Clock } from '../../platform/ports.ts';

/** Nodes that are not heard as they should be: their machines are asked whether they are up, until there is no doubt any more. */
export interface Doubts extends Disposable {
  begin(nodeId: NodeId, address: string): void;
  end(nodeId: NodeId): void;
  has(nodeId: NodeId): boolean;
}

export interface DoubtPorts {
  readonly clock: Pick<Clock, 'sleep' | 'monotonic'>;
  /** Whether the machine at this address answers, agent or not. Takes a second at most. */
  readonly answers: (address: string, signal: AbortSignal) => Promise<boolean>;
  /** Told of each answer while it is asked for. */
  readonly answered: (nodeId: NodeId) => void;
}

/**
 * An answer is worth waiting for, but one that is lost is missed for a second: the kernel asks again no sooner. So the next is begun
 * meanwhile, and of the four in the second before a silent node is down the last is begun a tenth before its end.
 */
const askPauseMs = 300;

/**
 * Each takes a socket until it is answered, or lost for a second, and some systems let a process open no more than 4,096 files. The
 * oldest gives way, which is the least likely to be answered yet, but none that was only just begun: where more than these are in
 * doubt from the same moment on, the rest is asked a little later, and from then on at other moments.
 */
const atOnce = 1_024;
const leastMs = 50;

/** Each part of a pause is as far from those before as can be. */
const goldenRatio = (Math.sqrt(5) - 1) / 2;

export const createDoubts = ({ clock, answers, answered }: DoubtPorts): Doubts => {
  const doubted = new Map<NodeId, AbortController>();
  const stop = new AbortController();
  /** When each was begun, oldest first. */
  const underWay = new Map<AbortController, number>();
  let putOff = 0;
  const hasRoom = (): boolean => {
    const [first] = underWay.size < atOnce ? [] : underWay;
    if (first === undefined) return true;
    const [oldest, begun] = first;
    if (clock.monotonic() - begun < leastMs) return false;
    underWay.delete(oldest);
    oldest.abort();
    return true;
  };
  const ask = async (nodeId: NodeId, address: string, signal: AbortSignal): Promise<void> => {
    const mine = new AbortController();
    underWay.set(mine, clock.monotonic());
    const isUp = await answers(address, AbortSignal.any([signal, mine.signal])).catch(() => false);
    underWay.delete(mine);
    if (isUp && !signal.aborted) answered(nodeId);
  };
  const keepAsking = async (nodeId: NodeId, address: string, signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const asks = hasRoom();
      if (asks) void ask(nodeId, address, signal);
      else putOff = (putOff + goldenRatio) % 1;
      await clock.sleep(asks ? askPauseMs : putOff * askPauseMs, signal).catch(() => undefined);
    }
  };
  return {
    begin(nodeId, address) {
      if (doubted.has(nodeId)) return;
      const over = new AbortController();
      doubted.set(nodeId, over);
      void keepAsking(nodeId, address, AbortSignal.any([over.signal, stop.signal]));
    },
    end(nodeId) {
      doubted.get(nodeId)?.abort();
      doubted.delete(nodeId);
    },
    has: (nodeId) => doubted.has(nodeId),
    [Symbol.dispose]: () => stop.abort(),
  };
};
