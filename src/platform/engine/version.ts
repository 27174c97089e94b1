import * as z from 'zod';
import { compareApi } from '../../model/api-version.ts';
import { TuttiError } from '../../model/errors.ts';
import type { CallOptions } from './calls.ts';
import { faultOfAnswer } from './errors.ts';
import type { EngineTransport } from './transport.ts';

/** The oldest API that everything works with (Docker 20.10) and the newest that this client knows. */
export const oldestApi = '1.41';
export const newestApi = '1.51';

const answer = z.object({
  Version: z.string().default(''),
  ApiVersion: z.string().regex(/^\d+\.\d+$/),
  MinAPIVersion: z.string().default(oldestApi),
  Os: z.string().default('linux'),
  Arch: z.string().default(''),
});

/** The engine's own versions and the API version that both sides speak. */
export interface EngineVersion {
  readonly engine: string;
  readonly api: string;
  readonly os: string;
  /** As Go names it: amd64, arm64, … */
  readonly architecture: string;
}

const deadlineMs = 10_000;

/** The version to speak with an engine that offers `oldest` to `newest`. @throws TuttiError `not-implemented` if there is none. */
export function negotiate(newest: string, oldest: string): string {
  const chosen = compareApi(newest, newestApi) < 0 ? newest : newestApi;
  if (compareApi(chosen, oldestApi) < 0) {
    throw new TuttiError(
      'not-implemented',
      `the Docker Engine speaks API ${newest}; ${oldestApi} (Docker 20.10) or newer is needed`,
    );
  }
  if (compareApi(chosen, oldest) < 0) {
    throw new TuttiError(
      'not-implemented',
      `the Docker Engine speaks API ${oldest} and newer; this release knows ${newestApi} at most`,
    );
  }
  return chosen;
}

/** Asks the engine once and remembers; a failed attempt is forgotten, so that the next call asks again. */
export function createNegotiation(transport: EngineTransport): (options: CallOptions) => Promise<EngineVersion> {
  let known: EngineVersion | undefined;
  const ask = async (options: CallOptions): Promise<EngineVersion> => {
    const call = {
      method: 'GET',
      path: '/version',
      deadlineMs: options.deadlineMs ?? deadlineMs,
      signal: options.signal,
    } as const;
    const reply = await transport.call(call);
    if (reply.status !== 200) throw faultOfAnswer(reply.status, reply.body, 'GET /version');
    const version = answer.safeParse(JSON.parse(reply.body));
    if (!version.success) {
      throw new TuttiError(
        'internal',
        `GET /version: this does not look like a Docker Engine: ${version.error.message}`,
      );
    }
    return {
      engine: version.data.Version,
      api: negotiate(version.data.ApiVersion, version.data.MinAPIVersion),
      os: version.data.Os,
      architecture: version.data.Arch,
    };
  };
  return async (options) => {
    known ??= await ask(options);
    return known;
  };
}
