export type Choice = 'a' | 'b';

export interface CastResult {
  /** Votes answered with success, the last one of each voter. */
  readonly acknowledged: ReadonlyMap<string, Choice>;
  /** Requests that failed or were refused, and were made again. */
  readonly failed: number;
}

export interface CastOptions {
  /** Of the page: `http://10.99.0.2:8080/`. */
  readonly url: string;
  readonly ballots: readonly { readonly voter: string; readonly choice: Choice }[];
  readonly concurrency: number;
  /** How long a voter tries. */
  readonly patienceMs: number;
  /** Called after every acknowledged vote, with how many there are. */
  readonly onAcknowledged?: (count: number) => void;
}

/** A voter's cookie. */
export const voterNumber = (number: number): string => number.toString(16).padStart(32, '0');

/** One request; true when the vote was acknowledged. Whatever else happens, nothing is known of the vote. */
async function vote(url: string, voter: string, choice: Choice): Promise<boolean> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      body: new URLSearchParams({ vote: choice }),
      // A connection of its own, as every voter has.
      headers: { cookie: `voter=${voter}`, accept: 'application/json', connection: 'close' },
      signal: AbortSignal.timeout(3000),
    });
    const answer: unknown = await response.json();
    return response.status === 200 && (answer as { readonly voter?: unknown }).voter === voter;
  } catch {
    return false;
  }
}

/** Casts the ballots, those of one voter in order, each until it is acknowledged or patience ends. */
export async function castVotes(options: CastOptions): Promise<CastResult> {
  const acknowledged = new Map<string, Choice>();
  const queue = Map.groupBy(options.ballots, (ballot) => ballot.voter)
    .values()
    .toArray();
  let failed = 0;
  let count = 0;
  const lane = async (): Promise<void> => {
    for (let ballots = queue.shift(); ballots !== undefined; ballots = queue.shift()) {
      for (const { voter, choice } of ballots) {
        const deadline = performance.now() + options.patienceMs;
        let done = await vote(options.url, voter, choice);
        while (!done && performance.now() < deadline) {
          failed += 1;
          done = await vote(options.url, voter, choice);
        }
        if (!done) continue;
        acknowledged.set(voter, choice);
        count += 1;
        options.onAcknowledged?.(count);
      }
    }
  };
  await Promise.all(Array.from({ length: options.concurrency }, lane));
  return { acknowledged, failed };
}

/** The count, as the result page has it. Throws when there is none. */
export async function readResult(
  url: string,
): Promise<{ readonly a: number; readonly b: number; readonly total: number }> {
  const response = await fetch(new URL('/api/result', url), {
    headers: { connection: 'close' },
    signal: AbortSignal.timeout(3000),
  });
  const body = (await response.json()) as { readonly a: number; readonly b: number; readonly total: number };
  if (response.status !== 200) throw new Error(`${response.status}: ${JSON.stringify(body)}`);
  return body;
}
