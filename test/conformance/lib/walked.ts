import { isDeepStrictEqual } from 'node:util';
import type Docker from 'dockerode';
import { createNormaliser } from './normal.ts';
import type { WalkStep } from '../walks/dockerode.ts';

/** How a step of a walk ended: what it gave, or how it failed. */
export interface Walked {
  readonly step: string;
  readonly gave?: unknown;
  readonly failed?: string;
}

/** A step that went differently at the two endpoints. */
export interface WalkDifference {
  readonly step: string;
  readonly tutti: string;
  readonly plain: string;
}

const limitMs = 60_000;

/** Walks the steps one after the other; one that does not end within a minute has failed. */
export const walkAll = async (
  docker: Docker,
  steps: Readonly<Record<string, WalkStep>>,
): Promise<readonly Walked[]> => {
  const walked: Walked[] = [];
  for (const [step, take] of Object.entries(steps)) {
    const timeout = AbortSignal.timeout(limitMs);
    const late = new Promise<never>((_, reject) =>
      timeout.addEventListener('abort', () => reject(new Error(`not ended in ${limitMs} ms`))),
    );
    walked.push(
      await Promise.race([take(docker), late]).then(
        (gave) => ({ step, gave }),
        (thrown: unknown) => ({ step, failed: String(thrown) }),
      ),
    );
  }
  return walked;
};

/** Steps whose outcome is not the same, ids and times apart; and those that failed at both: they show nothing. */
export const compareWalks = (tutti: readonly Walked[], plain: readonly Walked[]): readonly WalkDifference[] => {
  const outcome = (walked: Walked | undefined): string =>
    createNormaliser()(JSON.stringify(walked?.failed ?? walked?.gave ?? 'not walked') ?? 'nothing');
  return plain.flatMap((there) => {
    const here = tutti.find(({ step }) => step === there.step);
    const [one, other] = [outcome(here), outcome(there)];
    const fine = isDeepStrictEqual(one, other) && there.failed === undefined;
    return fine ? [] : [{ step: there.step, tutti: one, plain: other }];
  });
};

/** The differences as a table for people. */
export const formatWalk = (differences: readonly WalkDifference[]): string =>
  differences.map(({ step, tutti, plain }) => `  ${step}\n    tutti: ${tutti}\n    plain: ${plain}`).join('\n');
