import { TuttiError } from '../../../model/errors.ts';
import type { Assignments, Observations } from '../../network/endpoints.ts';
import type { Resolver } from '../../network/ports.ts';
import { keepDialling } from './dial.ts';
import type { DialPorts } from './dial.ts';
import { createGateways } from './gateways.ts';
import { createRowBook } from './rows.ts';
import type { ResolverSession } from './session.ts';

/** The agent's end: tells the node's resolver what it has to know, again whenever one of the two was started anew. */
export interface ResolverLink extends Resolver, AsyncDisposable {
  /**
   * This agent knows enough: its table takes the place of the one that an agent before it left. Until then a resolver
   * that has such a table keeps it; one that has none is told at once what there is.
   */
  release(): void;
}

/** It dials with the first thing that it has to tell. */
export function createResolverLink(ports: DialPorts): ResolverLink {
  const ended = new AbortController();
  const book = createRowBook();
  const gateways = createGateways(ports.clock);
  let wanted: readonly [Assignments, Observations] = [new Map(), new Map()];
  let dirty = false;
  /** Counts what was wanted; which of them the resolver was told, and who waits for one to be in force. */
  let latest = 0;
  let told = 0;
  const waiting = new Set<{ readonly since: number; readonly done: () => void }>();
  let planned = false;
  let held = true;
  let dialling: Promise<void> | undefined;
  let session: ResolverSession | undefined;

  const flush = (): void => {
    planned = false;
    gateways.keep(gatewaysIn(wanted[0]));
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
  const handlers = {
    opened(next: ResolverSession) {
      session = next;
      dirty = true;
      flush();
      gateways.opened(next);
    },
    free: flush,
    listened: gateways.listened,
    closed() {
      session = undefined;
      gateways.closed();
    },
  };
  const begin = (): void => void (dialling ??= keepDialling(ports, handlers, ended.signal));

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
      await gateways.listen(address);
    },
    release() {
      held = false;
      plan();
    },
    async settled() {
      if (!dirty && session?.isSettled() === true) return;
      if (ended.signal.aborted || dialling === undefined) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const one = { since: latest, done: resolve };
      waiting.add(one);
      await promise;
      waiting.delete(one);
    },
    async [Symbol.asyncDispose]() {
      ended.abort();
      gateways.refuse(new TuttiError('cancelled', 'the agent stops'));
      await dialling;
      for (const { done } of waiting) done();
    },
  };
}

const gatewaysIn = (assignments: Assignments): ReadonlySet<string> => {
  const found = new Set<string>();
  for (const item of assignments.values()) if (item.kind === 'network') found.add(item.gateway);
  return found;
};
