import { TuttiError } from '../../../model/errors.ts';
import type { Clock } from '../../../platform/ports.ts';
import type { ResolverSession } from './session.ts';

/** The addresses that the resolver is to be asked at, and whether it listens there. */
export interface Gateways {
  /** Resolves when the resolver has said that it listens there. @throws TuttiError its refusal; `unavailable`: no word from it. */
  listen(address: string): Promise<void>;
  /** All others are wanted no longer; the resolver stops listening there by itself. */
  keep(addresses: ReadonlySet<string>): void;
  /** A resolver is there: it is asked for everything that is wanted, again if need be. */
  opened(session: ResolverSession): void;
  /** What that one listened at is worth nothing any more. */
  closed(): void;
  /** What it said to one of the questions. */
  listened(id: number, refusal: TuttiError | undefined): void;
  /** Nobody is going to say anything. */
  refuse(fault: TuttiError): void;
}

interface Question {
  readonly address: string;
  readonly answer: PromiseWithResolvers<void>;
}

/** Whoever waits is told after this that there is no resolver. */
const listenMs = 5_000;

export function createGateways(clock: Pick<Clock, 'after'>): Gateways {
  let session: ResolverSession | undefined;
  /** Those that are wanted → whether this session's resolver listens there. */
  const wanted = new Map<string, boolean>();
  const asked = new Map<number, Question>();
  let lastId = 0;

  const ask = (address: string): Question => {
    const question: Question = { address, answer: Promise.withResolvers() };
    // With nobody waiting, whoever looks at the networks next asks again.
    question.answer.promise.catch(() => undefined);
    asked.set((lastId += 1), question);
    session?.listen(lastId, address);
    return question;
  };

  return {
    async listen(address) {
      if (wanted.get(address) === true) return;
      wanted.set(address, false);
      const question = [...asked.values()].find((other) => other.address === address) ?? ask(address);
      const late = (): void =>
        question.answer.reject(new TuttiError('unavailable', "the node's resolver does not answer: look into its log"));
      const timer = clock.after(listenMs, late);
      try {
        await question.answer.promise;
      } finally {
        timer.cancel();
        for (const [id, other] of asked) if (other === question) asked.delete(id);
      }
    },
    keep(addresses) {
      for (const address of wanted.keys()) if (!addresses.has(address)) wanted.delete(address);
    },
    opened(next) {
      session = next;
      const open = new Set([...asked.values()].map(({ address }) => address));
      for (const [id, { address }] of asked) session.listen(id, address);
      for (const address of wanted.keys()) if (!open.has(address)) ask(address);
    },
    closed() {
      session = undefined;
      for (const address of wanted.keys()) wanted.set(address, false);
    },
    listened(id, refusal) {
      const question = asked.get(id);
      if (question === undefined) return;
      asked.delete(id);
      if (refusal === undefined) {
        if (wanted.has(question.address)) wanted.set(question.address, true);
        question.answer.resolve();
      } else {
        wanted.delete(question.address);
        question.answer.reject(refusal);
      }
    },
    refuse(fault) {
      for (const { answer } of asked.values()) answer.reject(fault);
    },
  };
}
