import { setTimeout as sleep } from 'node:timers/promises';
import { TuttiError } from '../model/errors.ts';

export interface WaitOptions {
  readonly what: string;
  readonly deadlineMs: number;
  readonly everyMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Asks until the answer is not undefined. @throws TuttiError `deadline-exceeded` naming what was waited for. */
export async function waitFor<T>(ask: () => Promise<T | undefined>, options: WaitOptions): Promise<T> {
  const deadline = performance.now() + options.deadlineMs;
  for (;;) {
    options.signal?.throwIfAborted();
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() >= deadline) {
      throw new TuttiError('deadline-exceeded', `waited ${options.deadlineMs / 1000} s for ${options.what}`);
    }
    // What ends the pause early is the signal, whose reason is thrown at the loop's beginning.
    await sleep(options.everyMs ?? 25, undefined, { ...(options.signal && { signal: options.signal }) }).catch(
      () => {},
    );
  }
}
