import type Docker from 'dockerode';
import type { WalkStep } from '../walks/dockerode.ts';
import type { StepRun } from './chance.ts';
import { createNormaliser } from './normal.ts';

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

/** Walks the steps one after the other, or some of them; one that does not end within a minute has failed. */
export const walkAll = async (
  docker: Docker,
  steps: Readonly<Record<string, WalkStep>>,
  only: ReadonlySet<string> | undefined,
): Promise<readonly Walked[]> => {
  const walked: Walked[] = [];
  for (const [step, take] of Object.entries(steps)) {
    if (only?.has(step) === false) continue;
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

/** How the steps of a walk went at both ends, ids and times apart. One that failed at both shows nothing: it differs too. */
export const compareWalks = (
  tutti: readonly Walked[],
  plain: readonly Walked[],
): readonly StepRun<WalkDifference>[] => {
  const names = new Set([...tutti, ...plain].map(({ step }) => step));
  return [...names].map((step) => {
    const here = tutti.find((walked) => walked.step === step) ?? notWalked(step);
    const there = plain.find((walked) => walked.step === step) ?? notWalked(step);
    const [one, other] = [outcomeOf(here), outcomeOf(there)];
    const failed = here.failed !== undefined;
    return {
      step,
      tutti: one,
      plain: other,
      failed,
      differences: one === other && !failed ? [] : [{ step, tutti: one, plain: other }],
    };
  });
};

const notWalked = (step: string): Walked => ({ step, failed: 'not walked' });

const outcomeOf = ({ gave, failed }: Walked): string =>
  `${failed === undefined ? 'gave' : 'failed'} ${createNormaliser()(JSON.stringify(failed ?? gave ?? null))}`;

/** A difference for people. */
export const formatWalk = ({ step, tutti, plain }: WalkDifference): string =>
  `  ${step}\n    tutti: ${tutti}\n    plain: ${plain}`;
