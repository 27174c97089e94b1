import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { TuttiError } from '../../model/errors.ts';
import type { Clock, Log } from '../../platform/ports.ts';
import type { Assignments, Observations } from '../network/endpoints.ts';
import type { Resolver } from '../network/ports.ts';
import { createRowBook } from './rows.ts';
import { talk } from './session.ts';
import type { ResolverSession } from './session.ts';

export interface ResolverLinkPorts {
  /** The resolver's socket. */
  readonly path: string;
  readonly clock: Pick<Clock, 'after' | 'sleep'>;
  readonly log: Log;
}

/** The agent's end: tells the node's resolver what it has to know, again whenever one of the two was started anew. */
export interface ResolverLink extends Resolver, AsyncDisposable {
  /**
   * This agent knows enough: its table takes the place of the one that an agent before it left. Until then a resolver
   * that has such a table keeps it; one that has none is told at once what there is.
   */
  release(): void;
}

const firstPauseMs = 10;
const longestPauseMs = 500;
/** Whoever waits for a gateway is told after this that there is no resolver. */
const listenMs = 5_000;

interface Listening {
  readonly address: string;
  readonly answer: PromiseWithResolvers<void>;
}

/** It dials with the first thing that it has to tell. */
export function createResolverLink({ path, clock, log }: ResolverLinkPorts): ResolverLink {
  const ended = new AbortController();
  const book = createRowBook();
  let wanted: readonly [Assignments, Observations] = [new Map(), new Map()];
  let dirty = false;
  /** Counts what was wanted; which of them the resolver was told, and who waits for one to be in force. */
  let latest = 0;
  let told = 0;
  const waiting = new Set<{ readonly since: number; readonly done: () => void }>();
  let planned = false;
  let held = true;
  let life: Promise<void> | undefined;
  let session: ResolverSession | undefined;
  /** Gateways that are wanted, and whether this session's resolver has said that it listens there. */
  const gateways = new Map<string, boolean>();
  const asked = new Map<number, Listening>();
  let lastId = 0;

  const ask = (id: number, address: string): void => session?.listen(id, address);
  /** The resolver stops listening by itself where a network is gone. */
  const forgetGateways = (): void => {
    const wantedNow = new Set<string>();
    for (const item of wanted[0].values()) if (item.kind === 'network') wantedNow.add(item.gateway);
    for (const address of gateways.keys()) if (!wantedNow.has(address)) gateways.delete(address);
  };
  const flush = (): void => {
    planned = false;
    forgetGateways();
    if (session === undefined || (held && session.known)) return;
    noteInForce(session);
    if (!dirty || !session.tell((whole) => book(...wanted, whole))) return;
    dirty = false;
    told = latest;
    noteInForce(session);
  };
  const noteInForce = ({ isSettled }: ResolverSession): void => {
    if (!isSettled()) return;
    for (const one of waiting) if (one.since <= told) one.done();
  };
  /** What changes in one go is told in one go. */
  const plan = (): void => {
    if (planned) return;
    planned = true;
    queueMicrotask(flush);
  };

  const listened = (id: number, refusal: TuttiError | undefined): void => {
    const one = asked.get(id);
    if (one === undefined) return;
    asked.delete(id);
    if (refusal === undefined) {
      if (gateways.has(one.address)) gateways.set(one.address, true);
      one.answer.resolve();
    } else {
      gateways.delete(one.address);
      one.answer.reject(refusal);
    }
  };
  const request = (address: string): Listening => {
    const one: Listening = { address, answer: Promise.withResolvers() };
    // With nobody waiting, whoever looks at the networks next asks again.
    one.answer.promise.catch(() => undefined);
    asked.set((lastId += 1), one);
    ask(lastId, address);
    return one;
  };
  const opened = (next: ResolverSession): void => {
    session = next;
    dirty = true;
    flush();
    const pending = new Set([...asked.values()].map(({ address }) => address));
    for (const [id, { address }] of asked) ask(id, address);
    for (const address of gateways.keys()) if (!pending.has(address)) request(address);
  };

  /** One connection, from its beginning to its end; resolves with whether the resolver took what it was told. */
  const hold = async (): Promise<boolean> => {
    const socket: Socket = connect(path);
    const closed = Promise.withResolvers<void>();
    const stop = (): void => void socket.destroy();
    let reason = '';
    let answered = false;
    let took = false;
    ended.signal.addEventListener('abort', stop, { once: true });
    socket.on('error', ({ message }) => (reason = message));
    socket.on('close', () => closed.resolve());
    talk(socket, clock, {
      opened: (next) => {
        answered = true;
        log.info('the resolver is here', { known: next.known });
        opened(next);
      },
      free: () => {
        took = true;
        flush();
      },
      listened,
    });
    await closed.promise;
    ended.signal.removeEventListener('abort', stop);
    session = undefined;
    for (const address of gateways.keys()) gateways.set(address, false);
    if (answered && !ended.signal.aborted) log.warn('the resolver is gone', { reason });
    // One that hangs up on what it is told would otherwise be told it again without a pause.
    return took;
  };
  const live = async (): Promise<void> => {
    let pause = firstPauseMs;
    while (!ended.signal.aborted) {
      pause = (await hold()) ? firstPauseMs : Math.min(pause * 2, longestPauseMs);
      await clock.sleep(pause, ended.signal).catch(() => undefined);
    }
  };
  const begin = (): void => void (life ??= live());

  return {
    update(assignments, observations) {
      begin();
      wanted = [assignments, observations];
      dirty = true;
      latest += 1;
      plan();
    },
    async listen(address) {
      begin();
      if (gateways.get(address) === true) return;
      gateways.set(address, false);
      const one = [...asked.values()].find((other) => other.address === address) ?? request(address);
      const late = (): void =>
        one.answer.reject(new TuttiError('unavailable', "the node's resolver does not answer: look into its log"));
      const timer = clock.after(listenMs, late);
      try {
        await one.answer.promise;
      } finally {
        timer.cancel();
        for (const [id, other] of asked) if (other === one) asked.delete(id);
      }
    },
    release() {
      held = false;
      plan();
    },
    async settled() {
      if (!dirty && session?.isSettled() === true) return;
      if (ended.signal.aborted || life === undefined) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const one = { since: latest, done: resolve };
      waiting.add(one);
      await promise;
      waiting.delete(one);
    },
    async [Symbol.asyncDispose]() {
      ended.abort();
      const fault = new TuttiError('cancelled', 'the agent stops');
      for (const { answer } of asked.values()) answer.reject(fault);
      await life;
      for (const { done } of waiting) done();
    },
  };
}
