import { TuttiError } from '../../model/errors.ts';
import type { ContainerEngine } from '../executor/engine.ts';
import type { LogChunk, LogOptions } from '../session/ports.ts';
import type { ContainerView } from './picture/container-view.ts';

/** A container whose output is asked for. */
export interface LogSource {
  readonly view: ContainerView;
  readonly tty: boolean;
}

/** The output of the containers of one task, as it comes. @throws TuttiError `not-found` when it has none here. */
export async function* taskLogs(
  engine: Pick<ContainerEngine, 'logs'>,
  taskId: string,
  sources: readonly LogSource[],
  options: LogOptions,
  signal: AbortSignal,
): AsyncGenerator<LogChunk> {
  if (sources.length === 0) throw new TuttiError('not-found', `task ${taskId} has no container on this node`);
  const { since, until, ...rest } = options;
  const asked = {
    ...rest,
    ...(since === undefined ? {} : { since: since / 1000 }),
    ...(until === undefined ? {} : { until: until / 1000 }),
  };
  const ended = new AbortController();
  const stop = AbortSignal.any([signal, ended.signal]);
  try {
    yield* merge(sources.map(({ view, tty }) => engine.logs(view.id, { ...asked, tty, signal: stop })));
  } finally {
    ended.abort();
  }
}

/** Gives what any of the sources gives, until all have ended. */
async function* merge<Item>(sources: readonly AsyncIterable<Item>[]): AsyncGenerator<Item> {
  const [only] = sources;
  if (sources.length === 1 && only !== undefined) {
    yield* only;
    return;
  }
  const pending = new Map(sources.map((source) => source[Symbol.asyncIterator]()).map((it) => [it, step(it)] as const));
  while (pending.size > 0) {
    const { iterator, result } = await Promise.race(pending.values());
    if (result.done === true) {
      pending.delete(iterator);
    } else {
      const next = step(iterator);
      // It may fail before it is waited for, at the latest when the reader leaves at this yield.
      next.catch(() => undefined);
      pending.set(iterator, next);
      yield result.value;
    }
  }
}

async function step<Item>(
  iterator: AsyncIterator<Item>,
): Promise<{ readonly iterator: AsyncIterator<Item>; readonly result: IteratorResult<Item> }> {
  return { iterator, result: await iterator.next() };
}
