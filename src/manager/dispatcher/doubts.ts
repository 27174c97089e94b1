import type { NodeId } from '../../model/ids.ts';
import type { Clock } from '../../platform/ports.ts';

/** Nodes that are not heard as they should be: their machines are asked whether they are up, until there is no doubt any more. */
export interface Doubts extends Disposable {
  begin(nodeId: NodeId, address: string): void;
  end(nodeId: NodeId): void;
  has(nodeId: NodeId): boolean;
}

export interface DoubtPorts {
  readonly clock: Pick<Clock, 'sleep'>;
  /** Whether the machine at this address answers, agent or not. Takes a second at most. */
  readonly answers: (address: string, signal: AbortSignal) => Promise<boolean>;
  /** Told of each answer while it is asked for. */
  readonly answered: (nodeId: NodeId) => void;
}

const askPauseMs = 500;

export const createDoubts = ({ clock, answers, answered }: DoubtPorts): Doubts => {
  const doubted = new Map<NodeId, AbortController>();
  const stop = new AbortController();
  const ask = async (nodeId: NodeId, address: string, signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const isUp = await answers(address, signal).catch(() => false);
      if (isUp && !signal.aborted) answered(nodeId);
      await clock.sleep(askPauseMs, signal).catch(() => undefined);
    }
  };
  return {
    begin(nodeId, address) {
      if (doubted.has(nodeId)) return;
      const over = new AbortController();
      doubted.set(nodeId, over);
      void ask(nodeId, address, AbortSignal.any([over.signal, stop.signal]));
    },
    end(nodeId) {
      doubted.get(nodeId)?.abort();
      doubted.delete(nodeId);
    },
    has: (nodeId) => doubted.has(nodeId),
    [Symbol.dispose]: () => stop.abort(),
  };
};
