import { TuttiError } from '../../model/errors.ts';
import type { Clock } from '../../platform/ports.ts';
import { engineMessage, readAnswer } from '../engines/ask.ts';
import type { Engines } from '../manager.ts';
import { errorOfLine, progressLines } from './lines.ts';

export interface TransferOptions {
  readonly engines: Engines;
  readonly clock: Clock;
  readonly from: string;
  readonly to: string;
  /** What `docker save` takes: a name, which travels with it, or an id. */
  readonly reference: string;
  /** False ends the transfer: an end of it is gone. Asked every few seconds. */
  readonly alive: () => boolean;
  readonly onBytes?: (total: number) => void;
}

/** How it went wrong: at the source another one may do, at the target none will. */
export type TransferResult =
  | { readonly kind: 'done' }
  | { readonly kind: 'source-failed'; readonly reason: string }
  | { readonly kind: 'target-failed'; readonly reason: string };

/** An engine writes a large image to its disk before its first byte, and unpacks it after the last. */
const silenceMs = 300_000;
const lookMs = 2_000;

/**
 * An image goes from one engine to another as a stream, through here, at the pace of the slower one. It takes as long as it
 * takes, but not five minutes without a sign. Rejects only where the signal aborts.
 */
export const transfer = async (options: TransferOptions, signal: AbortSignal): Promise<TransferResult> => {
  const { engines, from, to, reference, onBytes } = options;
  using watch = watchOver(options);
  const both = AbortSignal.any([signal, watch.signal]);
  let sourceFault: TuttiError | undefined;
  let total = 0;
  try {
    const names = new URLSearchParams({ names: reference });
    const got = await engines
      .request(from, { method: 'GET', path: `/images/get?${names.toString()}` }, both)
      .catch(atSource);
    if (got.status !== 200) throw atSourceFault(await words(got));
    const counted = async function* () {
      try {
        for await (const chunk of got.body) {
          watch.sign();
          total += chunk.length;
          onBytes?.(total);
          yield chunk;
        }
      } catch (thrown) {
        sourceFault = TuttiError.from(thrown);
        throw thrown;
      }
    };
    const headers = { 'content-type': 'application/x-tar' };
    const request = { method: 'POST', path: '/images/load?quiet=0', headers, body: counted() };
    const loaded = await engines.request(to, request, both);
    if (loaded.status !== 200) return { kind: 'target-failed', reason: await words(loaded) };
    const said = await lastError(loaded.body, () => watch.sign());
    return said === undefined ? { kind: 'done' } : { kind: 'target-failed', reason: said };
  } catch (thrown) {
    signal.throwIfAborted();
    if (thrown instanceof SourceFault) return { kind: 'source-failed', reason: thrown.message };
    // What the target says of an upload that broke off is of no use: the cause is at the other end.
    const kind = sourceFault === undefined ? 'target-failed' : 'source-failed';
    return { kind, reason: (sourceFault ?? TuttiError.from(thrown)).message };
  } finally {
    watch.end();
  }
};

class SourceFault extends Error {}
const atSourceFault = (reason: string): SourceFault => new SourceFault(reason);
const atSource = (thrown: unknown): never => {
  throw atSourceFault(TuttiError.from(thrown).message);
};

const words = async (response: Parameters<typeof readAnswer>[0] & { readonly status: number }): Promise<string> => {
  const text = await readAnswer(response, 65_536);
  return engineMessage(text) ?? `the engine answered ${response.status}`;
};

interface Watch extends Disposable {
  readonly signal: AbortSignal;
  /** Something was heard. */
  sign(): void;
  /** Nothing of the transfer is wanted any more: whatever is still open ends. */
  end(): void;
}

const watchOver = ({ clock, alive }: TransferOptions): Watch => {
  const controller = new AbortController();
  let heard = clock.monotonic();
  const look = () => {
    if (!alive()) controller.abort(new TuttiError('unavailable', 'the node is gone'));
    else if (clock.monotonic() - heard > silenceMs) {
      controller.abort(new TuttiError('deadline-exceeded', `no progress for ${silenceMs / 1000} s`));
    } else timer = clock.after(lookMs, look);
  };
  let timer = clock.after(lookMs, look);
  return {
    signal: controller.signal,
    sign: () => void (heard = clock.monotonic()),
    end: () => controller.abort(new TuttiError('cancelled', 'the transfer is over')),
    [Symbol.dispose]: () => timer.cancel(),
  };
};

/** Reads the engine's progress to its end; gives the last error that it told of. */
const lastError = async (body: AsyncIterable<Uint8Array>, onSign: () => void): Promise<string | undefined> => {
  let error: string | undefined;
  for await (const line of progressLines(body)) {
    onSign();
    error = errorOfLine(line) ?? error;
  }
  return error;
};
