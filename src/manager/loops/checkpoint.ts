import { TuttiError } from '../../model/errors.ts';
import { every } from '../../rpc/every.ts';
import type { LoopPorts } from './loop.ts';

/** Soft state is at most this much behind after a crash; agents tell it all again anyway. */
const checkpointMs = 10_000;

/** Writes soft state down on a timer, when there is anything new, and once more at the end. */
export const startCheckpointLoop = ({ store, clock, log }: LoopPorts): AsyncDisposable => {
  let changed = false;
  let running: Promise<void> = Promise.resolve();
  const subscription = store.subscribe((commit) => {
    if (!commit.durable) changed = true;
  });
  const write = async (): Promise<void> => {
    if (!changed) return;
    changed = false;
    try {
      await store.checkpoint();
    } catch (error) {
      changed = true;
      log.warn('soft state could not be written down', { error: TuttiError.from(error).message });
    }
  };
  const ticks = every(clock, checkpointMs, () => {
    running = running.then(write);
  });
  return {
    async [Symbol.asyncDispose]() {
      subscription[Symbol.dispose]();
      ticks[Symbol.dispose]();
      running = running.then(write);
      await running;
    },
  };
};
