/** Every code that a fault can have. Each dialect maps them to its wire form, exhaustively. */
export const errorCodes = [
  'invalid-argument',
  'not-found',
  'already-exists',
  'conflict',
  'version-mismatch',
  'in-use',
  'permission-denied',
  'unauthenticated',
  'not-implemented',
  'unavailable',
  'deadline-exceeded',
  'cancelled',
  'resource-exhausted',
  'corrupt',
  'internal',
] as const;
export type ErrorCode = (typeof errorCodes)[number];

/** The one type of fault. `fields` is what a log or a machine reader wants; never a secret. */
export class TuttiError extends Error {
  readonly code: ErrorCode;
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: { fields?: Record<string, unknown>; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'TuttiError';
    this.code = code;
    this.fields = options.fields ?? {};
  }

  /** What was thrown, as a TuttiError: itself, an abort as `cancelled` or `deadline-exceeded`, else `internal`. */
  static from(thrown: unknown): TuttiError {
    if (thrown instanceof TuttiError) return thrown;
    if (thrown instanceof Error) {
      if (thrown.name === 'AbortError') return new TuttiError('cancelled', thrown.message, { cause: thrown });
      if (thrown.name === 'TimeoutError') return new TuttiError('deadline-exceeded', thrown.message, { cause: thrown });
      return new TuttiError('internal', thrown.message, { cause: thrown });
    }
    return new TuttiError('internal', String(thrown));
  }
}

/** What a look-up finds; undefined where it throws `not-found`. */
export const unlessMissing = <Value>(find: () => Value): Value | undefined => {
  try {
    return find();
  } catch (thrown) {
    if (thrown instanceof TuttiError && thrown.code === 'not-found') return undefined;
    throw thrown;
  }
};
