import type { Clock, Timer } from '../../platform/ports.ts';

/** Work that is asked for often and done seldom: one pass at a time, and the requests in between make one more. */
export interface Passes extends AsyncDisposable {
  /** Asks for a pass; a patient one waits for others to join it. */
  request(how?: 'patient'): void;
  /** Resolves when everything asked for until now has been done; rejects with the fault of the pass that failed. */
  settled(): Promise<void>;
}

export interface PassOptions {
  readonly clock: Pick<Clock, 'after'>;
  /** One pass. It is asked for again, after a growing pause, when it rejects. */
  readonly work: (signal: AbortSignal) => Promise<void>;
  readonly onFault: (fault: unknown, retryMs: number) => void;
  /** Pause before a pass, so that changes which come together are done together. */
  readonly quietMs: number;
  /** The same for what nobody waits for. Default: `quietMs`. */
  readonly patientMs?: number;
  /** Least time from the end of a pass to the beginning of one that was asked for meanwhile. */
  readonly spacingMs: number;
  /** The same for whatever was asked for afterwards: a pass costs more than the wait. */
  readonly isAlwaysSpaced?: true;
  readonly firstRetryMs?: number;
  readonly lastRetryMs?: number;
}

export function createPasses(options: PassOptions): Passes {
  const {
    clock,
    work,
    onFault,
    quietMs,
    patientMs = quietMs,
    spacingMs,
    isAlwaysSpaced = false,
    firstRetryMs = 250,
    lastRetryMs = 15_000,
  } = options;
  const ended = new AbortController();
  let timer: Timer | undefined;
  /** For as long after a pass as none may begin. */
  let rest: Timer | undefined;
  /** Whether the pass that is planned may be brought forward. */
  let isPatient = false;
  let running: Promise<void> | undefined;
  let active = false;
  let again = false;
  /** Nobody who asked for the next one is in a hurry. */
  let canWait = true;
  let retryMs = firstRetryMs;
  /** Of the pass that runs, and of the next. */
  let outcome: PromiseWithResolvers<void> = settlement();
  let waiting: PromiseWithResolvers<void> = settlement();

  const plan = (ms: number, patient = false): void => {
    if (ended.signal.aborted || (timer !== undefined && (patient || !isPatient))) return;
    timer?.cancel();
    isPatient = patient;
    timer = clock.after(ms, () => {
      timer = undefined;
      running = pass();
    });
  };

  const pass = async (): Promise<void> => {
    outcome = waiting;
    waiting = settlement();
    active = true;
    again = false;
    canWait = true;
    let pause: number | undefined;
    try {
      await work(ended.signal);
      retryMs = firstRetryMs;
      outcome.resolve();
    } catch (fault) {
      if (!ended.signal.aborted) onFault(fault, retryMs);
      outcome.reject(fault);
      again = true;
      pause = retryMs;
      retryMs = Math.min(retryMs * 2, lastRetryMs);
    }
    active = false;
    if (!again) {
      if (isAlwaysSpaced && !ended.signal.aborted) rest = clock.after(spacingMs, rested);
      return;
    }
    if (pause === undefined && canWait) plan(Math.max(patientMs, spacingMs), true);
    else plan(pause ?? spacingMs);
  };

  const rested = (): void => {
    rest = undefined;
    if (again) plan(0);
  };

  const request = (how?: 'patient'): void => {
    again = true;
    if (how !== 'patient') canWait = false;
    if (!active && rest === undefined) plan(how === 'patient' ? patientMs : quietMs, how === 'patient');
  };

  return {
    request,
    settled() {
      if (ended.signal.aborted) return Promise.resolve();
      if (!again) return active ? outcome.promise : Promise.resolve();
      return waiting.promise;
    },
    async [Symbol.asyncDispose]() {
      timer?.cancel();
      timer = undefined;
      rest?.cancel();
      ended.abort();
      await running;
      waiting.resolve();
    },
  };
}

/** Whoever waits sees the fault; with nobody waiting it is for `onFault` alone. */
function settlement(): PromiseWithResolvers<void> {
  const made = Promise.withResolvers<void>();
  made.promise.catch(() => undefined);
  return made;
}
