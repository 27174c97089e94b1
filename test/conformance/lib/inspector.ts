import { loadContract } from '../../../src/api/docker/testing/contract/contract.ts';
import type { Exchange } from './wire.ts';

/** One kind of departure from the specification, however often it was seen. */
export interface Violation {
  readonly side: 'request' | 'answer';
  /** `GET /containers/{id}/json`. */
  readonly endpoint: string;
  readonly status: number;
  readonly problem: string;
  /** The target where it was seen first. */
  readonly example: string;
}

/** Holds every exchange against the Engine API's specification. */
export interface Inspector {
  see(exchange: Exchange): void;
  readonly violations: readonly Violation[];
  /** Endpoints that answered with success at least once, with the number of answers. */
  readonly covered: ReadonlyMap<string, number>;
  /** Targets that no endpoint of the specification is for. */
  readonly unknown: ReadonlySet<string>;
}

export const createInspector = (): Inspector => {
  const contract = loadContract();
  const violations = new Map<string, Violation>();
  const covered = new Map<string, number>();
  const unknown = new Set<string>();
  const add = (violation: Violation): void => {
    const key = keyOf(violation);
    if (!violations.has(key)) violations.set(key, violation);
  };
  return {
    see: (exchange) => {
      const { method, target, status } = exchange;
      const endpoint = contract.find(method, target);
      if (endpoint === undefined) {
        unknown.add(`${method} ${target.split('?')[0]}`);
        return;
      }
      const { key } = endpoint;
      if (status < 300 || status === 304) covered.set(key, (covered.get(key) ?? 0) + 1);
      const seen = { method, target, headers: exchange.requestHeaders, ...bodyOf(exchange.requestBody) };
      const base = { endpoint: key, status, example: target };
      // What a refused request was like is between the client and its refusal.
      if (status < 400) {
        for (const problem of contract.request(endpoint, seen)) add({ ...base, side: 'request', problem });
      }
      const answer = { status, headers: exchange.headers, ...(exchange.whole && bodyOf(exchange.body)) };
      for (const problem of contract.answer(endpoint, answer)) add({ ...base, side: 'answer', problem });
    },
    get violations() {
      return [...violations.values()];
    },
    covered,
    unknown,
  };
};

const bodyOf = (body: Buffer | undefined): { readonly body?: Buffer } => (body === undefined ? {} : { body });

/** The same for the same departure, whatever the object that was asked for. */
export const keyOf = ({ side, endpoint, status, problem }: Omit<Violation, 'example'>): string =>
  `${side} ${endpoint} ${status} ${problem}`;
