import * as z from 'zod';
import { TuttiError } from '../../model/errors.ts';
import { engineLines } from '../../rpc/lines.ts';
import type { CallOptions, EngineCalls } from './calls.ts';
import { codeOfText } from './errors.ts';

export interface PullOptions extends CallOptions {
  /** Base64 JSON of the X-Registry-Auth header. Secret. */
  readonly credentials?: string | undefined;
  /** Called with what the engine says, many times a second. */
  readonly onProgress?: ((status: string) => void) | undefined;
}

const headDeadline = 120_000;
const silenceDeadline = 300_000;
const inspectDeadline = 15_000;

const inspection = z.object({
  Config: z.object({ Healthcheck: z.object({ Test: z.array(z.string()).nullish() }).nullish() }).nullish(),
});

const progress = z.object({ status: z.string().optional(), id: z.string().optional(), error: z.string().optional() });

/** Images of the engine. */
export function imageOperations(calls: EngineCalls) {
  return {
    /** Whether the image brings a health check of its own. @throws TuttiError `not-found` when it is missing. */
    async imageHasHealthcheck(image: string, options: CallOptions = {}): Promise<boolean> {
      const path = `/images/${encodeURI(image)}/json`;
      const answer = await calls.json({ method: 'GET', path, deadlineMs: inspectDeadline }, options);
      const test = inspection.parse(answer.value).Config?.Healthcheck?.Test ?? [];
      return test.length > 0 && test[0] !== 'NONE';
    },

    /**
     * Pulls and returns when the image is there. Takes as long as it takes, but not five minutes without a sign.
     * @throws TuttiError `not-found`, `permission-denied`, `unavailable` (the registry), `resource-exhausted` (the disk).
     */
    async pullImage(image: string, options: PullOptions = {}): Promise<void> {
      const query =
        image.includes('@') || /:[^/]+$/.test(image) ? { fromImage: image } : { fromImage: image, tag: 'latest' };
      const headers = options.credentials === undefined ? {} : { 'X-Registry-Auth': options.credentials };
      using silence = createSilence(options.signal, `pull of ${image}`);
      const operation = { method: 'POST', path: '/images/create', query, headers, deadlineMs: headDeadline } as const;
      try {
        for await (const line of engineLines(calls.bytes(operation, { signal: silence.signal }))) {
          silence.restart();
          const said = progress.parse(line);
          if (said.error !== undefined) throw new TuttiError(codeOfText(said.error) ?? 'unavailable', said.error);
          options.onProgress?.([said.id, said.status].filter((part) => part !== undefined).join(': '));
        }
      } catch (cause) {
        throw silence.fault() ?? cause;
      }
    },
  };
}

interface Silence extends Disposable {
  readonly signal: AbortSignal;
  restart(): void;
  fault(): TuttiError | undefined;
}

/** Aborts when nothing was heard for `silenceDeadline`, or when the caller's signal does. */
function createSilence(outer: AbortSignal | undefined, what: string): Silence {
  const controller = new AbortController();
  let fault: TuttiError | undefined;
  const timer = setTimeout(() => {
    fault = new TuttiError('deadline-exceeded', `${what}: no progress for ${silenceDeadline / 1000} s`);
    controller.abort(fault);
  }, silenceDeadline);
  timer.unref();
  const abort = (): void => controller.abort(outer?.reason);
  if (outer?.aborted === true) abort();
  outer?.addEventListener('abort', abort, { once: true });
  return {
    signal: controller.signal,
    restart: () => void timer.refresh(),
    fault: () => fault,
    [Symbol.dispose]() {
      clearTimeout(timer);
      outer?.removeEventListener('abort', abort);
    },
  };
}
