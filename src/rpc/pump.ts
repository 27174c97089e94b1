import type { Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { TuttiError } from '../model/errors.ts';
import { streamUnder } from './body.ts';
import { createGatherer } from './gather.ts';

export interface PumpOptions {
  /** Told when the first chunk was not there at once: what was held back for it should go out. */
  readonly waiting?: () => void;
}

const chunksInARow = 64;

/**
 * Writes what comes and ends the writable, held back by whoever reads it. When the writable closes before that, the source
 * is told and this rejects at once; what the source throws destroys the writable and rejects. Bodies of any length pass in
 * constant memory. (A pipeline of node's streams does the same with twice the work for a small body.)
 */
export const pump = async (
  chunks: AsyncIterable<Uint8Array | string>,
  to: Writable,
  options: PumpOptions = {},
): Promise<void> => {
  const under = streamUnder(chunks);
  if (under !== undefined) {
    await pumpStream(under, to, options);
    return;
  }
  const iterator = chunks[Symbol.asyncIterator]();
  const watch = watchEnd(to);
  try {
    let next = iterator.next();
    if (options.waiting !== undefined) next = noticing(next, options.waiting);
    for (let chunk = 1; ; chunk += 1) {
      const { done, value } = await watch.unlessClosed(next);
      if (done === true) break;
      if (!to.write(value)) await watch.drained();
      // A source and a writable that never wait would leave no turn to anything else, their end included.
      else if (chunk % chunksInARow === 0) await setImmediate();
      next = iterator.next();
    }
    await watch.finish();
  } catch (thrown) {
    // It may be waiting for its next chunk: told, not waited for.
    void iterator.return?.()?.then(undefined, () => undefined);
    const fault = TuttiError.from(thrown);
    if (!to.destroyed) to.destroy(fault);
    throw fault;
  } finally {
    watch[Symbol.dispose]();
  }
};

const noticing = <Value>(promise: Promise<Value>, waiting: () => void): Promise<Value> => {
  const timer = globalThis.setImmediate(waiting);
  return promise.finally(() => clearImmediate(timer));
};

const closedEarly = (to: Writable): unknown =>
  to.errored ?? new TuttiError('cancelled', 'whoever was told has closed the connection');

/** One thing is waited for at a time; the writable's end comes before it. */
const watchEnd = (to: Writable) => {
  let fail: ((reason: unknown) => void) | undefined;
  let drain: (() => void) | undefined;
  let closed = to.closed || to.destroyed;
  const onClose = () => {
    closed = true;
    fail?.(closedEarly(to));
  };
  const onDrain = () => drain?.();
  // The close that follows tells of it.
  const onError = () => undefined;
  to.on('close', onClose);
  to.on('drain', onDrain);
  to.on('error', onError);
  const wait = <Value>(begin: (resolve: (value: Value) => void, reject: (reason: unknown) => void) => void) =>
    new Promise<Value>((resolve, reject) => {
      fail = reject;
      if (closed) reject(closedEarly(to));
      else begin(resolve, reject);
    });
  return {
    unlessClosed: <Value>(promise: Promise<Value>): Promise<Value> =>
      wait<Value>((resolve, reject) => {
        promise.then(resolve, reject);
      }),
    drained: (): Promise<void> =>
      wait<void>((resolve) => {
        drain = resolve;
        if (!to.writableNeedDrain) resolve();
      }),
    /** Ends it and waits until everything is handed on. */
    finish: (): Promise<void> => wait<void>((resolve) => to.end(resolve)),
    [Symbol.dispose]: () => {
      to.off('close', onClose);
      to.off('drain', onDrain);
    },
  };
};

/** So much may wait to be written, and a chunk more: to pause for every chunk costs more than the chunk. */
const mostHeld = 128 * 1024;

type Under = NonNullable<ReturnType<typeof streamUnder>>;

/** As `pump`, from a stream, by its events. */
const pumpStream = ({ source, fault, letGo }: Under, to: Writable, { waiting }: PumpOptions): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let over = false;
  const timer = waiting === undefined || source.readableLength > 0 ? undefined : globalThis.setImmediate(waiting);
  const write = (chunk: Uint8Array): void => {
    if (!to.write(chunk) && to.writableLength > mostHeld) source.pause();
  };
  const gatherer = createGatherer(write);
  const settle = (thrown: unknown): void => {
    if (over) return;
    over = true;
    clearImmediate(timer);
    gatherer.drop();
    source.off('data', gatherer.take).off('end', onEnd).off('close', onSourceClose);
    to.off('drain', onDrain).off('close', onClose);
    if (thrown === undefined) {
      resolve();
      return;
    }
    letGo();
    const error = TuttiError.from(thrown);
    if (!to.destroyed) to.destroy(error);
    reject(error);
  };
  const onDrain = (): void => void source.resume();
  const onEnd = (): void => {
    gatherer.flush();
    const late = fault(undefined);
    if (late === undefined) to.end(() => settle(undefined));
    else settle(late);
  };
  const onSourceClose = (): void => {
    if (source.readableEnded) return;
    gatherer.flush();
    settle(fault(source.errored) ?? source.errored ?? brokenOff());
  };
  const onClose = (): void => {
    if (!to.writableFinished) settle(closedEarly(to));
  };
  // The close that follows tells of it.
  source.on('error', ignore).on('close', onSourceClose).on('end', onEnd);
  to.on('error', ignore).on('close', onClose).on('drain', onDrain);
  if (to.closed || to.destroyed) settle(closedEarly(to));
  else if (source.destroyed && !source.readableEnded) onSourceClose();
  else if (source.readableEnded) onEnd();
  else source.on('data', gatherer.take).resume();
  return promise;
};

const ignore = (): void => undefined;
const brokenOff = (): TuttiError => new TuttiError('unavailable', 'a body broke off');
