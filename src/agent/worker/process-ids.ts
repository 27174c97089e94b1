import { TuttiError } from '../../model/errors.ts';
import type { Clock, Timer } from '../../platform/ports.ts';
import type { ContainerEngine } from '../executor/engine.ts';

/** Learns the process ids of running containers. Nobody waits for them, so they are asked for when all is quiet. */
export interface ProcessIds {
  /** The container runs and its process is not known. */
  want(containerId: string): void;
}

export interface ProcessIdsOptions {
  readonly engine: Pick<ContainerEngine, 'inspectContainer'>;
  /** What is known by now without a question to the engine. */
  readonly processOf?: (containerId: string) => number | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly learned: (containerId: string, pid: number) => void;
}

/** Without news for this long there is no burst of starts that an inspection would slow down. */
const quietMs = 500;

export function createProcessIds({ engine, processOf, clock, signal, learned }: ProcessIdsOptions): ProcessIds {
  const wanted = new Set<string>();
  let timer: Timer | undefined;
  let asking = false;

  const ask = async (): Promise<void> => {
    asking = true;
    for (const id of wanted) {
      if (signal.aborted || timer !== undefined) break;
      wanted.delete(id);
      try {
        const pid = processOf?.(id) ?? (await engine.inspectContainer(id, { signal })).pid;
        if (pid > 0) learned(id, pid);
      } catch (cause) {
        // Gone, or the engine is: whatever runs afterwards is listed, and wanted again.
        if (TuttiError.from(cause).code !== 'not-found') wanted.clear();
      }
    }
    asking = false;
  };
  const quiet = (): void => {
    timer = undefined;
    if (asking) wait();
    else void ask();
  };
  const wait = (): void => {
    timer?.cancel();
    timer = clock.after(quietMs, quiet);
  };
  signal.addEventListener('abort', () => timer?.cancel(), { once: true });
  return {
    want(containerId) {
      if (signal.aborted) return;
      wanted.add(containerId);
      wait();
    },
  };
}
