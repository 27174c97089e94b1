/** One line that a user types, and how its outcome is looked at. */
export interface Step {
  /** As typed into a shell. */
  readonly run: string;
  /** Repeated until it ends well, for what takes its time: so long, in milliseconds. */
  readonly within?: number;
  /** The lines of standard output come in no order. */
  readonly unordered?: boolean;
  /** What is taken out of both outputs before they are compared. */
  readonly ignore?: RegExp;
  /** It is to end with another exit code than 0; `perhaps` where that is up to the world around. */
  readonly fails?: true | 'perhaps';
  /** Only the exit code is compared. */
  readonly codeOnly?: boolean;
  /** Only the exit code and standard output are compared: standard error is progress. */
  readonly quiet?: boolean;
  /** What standard output has to say on Tutti's side; with `alone`, nothing is compared. */
  readonly tutti?: RegExp;
  /** Run on Tutti's side only. */
  readonly alone?: boolean;
  /** Why the two may differ here. */
  readonly differs?: string;
}

/** Lines that belong together, one after the other. */
export interface Scenario {
  readonly name: string;
  /** Strings are steps without anything special. */
  readonly steps: readonly (Step | string)[];
  /** Run at the end, whatever happened, and not looked at: puts settings back. What was made is removed anyway. */
  readonly cleanUp?: string;
  /** Files in the directory where the lines are run, by path. */
  readonly files?: Readonly<Record<string, string>>;
}

/** A line that is refused, or whose program fails. */
export const fails = (run: string): Step => ({ run, fails: true });

export const stepOf = (step: Step | string): Step => (typeof step === 'string' ? { run: step } : step);
