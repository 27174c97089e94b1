/** How one step ended at both ends, in one run of the scenario or walk that it belongs to. */
export interface StepRun<Shown> {
  /** The same in every run. */
  readonly step: string;
  /** All that is compared of what was said, as one text, ids numbered per run. Absent: no chance excuses what Tutti did. */
  readonly tutti?: string;
  readonly plain?: string;
  /** What people are shown of how the two differ; empty where they said the same. */
  readonly differences: readonly Shown[];
  /** It failed at Tutti where it is to work: a run that shows nothing, be it as at the other end. */
  readonly failed?: boolean;
}

/** What is to be said of the differences of several runs. */
export interface Verdict<Shown> {
  /** What Tutti said and the plain engine never did. */
  readonly stands: readonly Shown[];
  /** What the plain engine said too, in another run. */
  readonly forgiven: readonly Shown[];
  /** The steps of what stands. */
  readonly steps: ReadonlySet<string>;
}

/**
 * The rule for chance: the differences of a step are forgiven where all that Tutti said at it, in every run, was said at
 * it by the plain engine too, in some run. One thing that the plain engine never said, and that stands.
 */
export const judge = <Shown>(runs: readonly (readonly StepRun<Shown>[])[]): Verdict<Shown> => {
  const stands: Shown[] = [];
  const forgiven: Shown[] = [];
  const steps = new Set<string>();
  for (const [step, times] of Map.groupBy(runs.flat(), (time) => time.step)) {
    const differing = times.filter(({ differences }) => differences.length > 0);
    const left = times.every(({ failed }) => failed === true) ? differing : differing.filter(isStrange(times));
    if (left.length > 0) steps.add(step);
    (left.length > 0 ? stands : forgiven).push(...(left.length > 0 ? left : differing).flatMap(shown));
  }
  return { stands, forgiven, steps };
};

/** Whether Tutti said then what the plain engine did not say in any run. */
const isStrange = (times: readonly StepRun<unknown>[]): ((time: StepRun<unknown>) => boolean) => {
  const said = new Set(times.flatMap(({ plain }) => plain ?? []));
  return ({ tutti }) => tutti === undefined || !said.has(tutti);
};

const shown = <Shown>({ differences }: StepRun<Shown>): readonly Shown[] => differences;

/**
 * Runs again what differs until nothing stands; what stands after `limit` runs is no chance. `run` is given the steps
 * that it is about; the first time none, for all of them.
 */
export const runUntilClear = async <Shown>(
  run: (about?: ReadonlySet<string>) => Promise<readonly StepRun<Shown>[]>,
  limit = 4,
): Promise<Verdict<Shown> & { readonly runs: number }> => {
  const runs = [await run()];
  let verdict = judge(runs);
  while (verdict.steps.size > 0 && runs.length < limit) {
    runs.push(await run(verdict.steps));
    verdict = judge(runs);
  }
  return { ...verdict, runs: runs.length };
};
