import * as z from 'zod';
import { TuttiError } from '../../model/errors.ts';
import type { Clock } from '../../platform/ports.ts';
import { signedBody } from './jose.ts';

export interface HttpsAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One request; `authority`: PEM of who is trusted, absent: whom the system trusts. Throws `unavailable` where there is no answer. */
export type HttpsRequest = (
  request: {
    readonly method: 'GET' | 'HEAD' | 'POST';
    readonly url: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly authority?: string | undefined;
  },
  signal: AbortSignal,
) => Promise<HttpsAnswer>;

export interface AcmeClientPorts {
  readonly https: HttpsRequest;
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
}

/** Who asks, and whom. */
export interface AcmeAccount {
  readonly directory: string;
  readonly authority?: string | undefined;
  /** PEM. Secret. */
  readonly key: string;
}

/** An authority that says no, with its reason; `notBefore` where it says when to come back. */
export class AcmeRefusal extends Error {
  readonly notBefore: number | undefined;
  constructor(message: string, notBefore?: number) {
    super(message);
    this.name = 'AcmeRefusal';
    this.notBefore = notBefore;
  }
}

const directorySchema = z.object({ newNonce: z.url(), newAccount: z.url(), newOrder: z.url() });
const problemSchema = z.object({ type: z.string().optional(), detail: z.string().max(4096).optional() });
const orderSchema = z.object({
  status: z.string(),
  authorizations: z.array(z.url()).max(16),
  finalize: z.url(),
  certificate: z.url().optional(),
  error: problemSchema.optional(),
});
const authorizationSchema = z.object({
  status: z.string(),
  challenges: z
    .array(z.object({ type: z.string(), url: z.url(), token: z.string().optional(), error: problemSchema.optional() }))
    .max(16),
});

const challengeToken = /^[A-Za-z0-9_-]{1,256}$/;
const pollMs = 1_000;
const patienceMs = 120_000;
const nonceTries = 4;
/** A week: no authority's limits are for longer. */
const longestBanSeconds = 7 * 86_400;

/** An order of a certificate for one host (RFC 8555). */
export interface AcmeOrder {
  readonly account: AcmeAccount;
  readonly email?: string | undefined;
  readonly host: string;
  /** DER of the request for the certificate. */
  readonly request: Buffer;
  /** Resolves when who asks the host for this token gets the right answer. */
  readonly prepare: (token: string, signal: AbortSignal) => Promise<void>;
}

/** Gets a certificate, with those between it and the root: PEM. Throws `AcmeRefusal` with the authority's words, or `unavailable`. */
export const orderCertificate = async (
  { https, clock }: AcmeClientPorts,
  { account, email, host, request, prepare }: AcmeOrder,
  signal: AbortSignal,
): Promise<string> => {
  const { key, authority } = account;
  const directory = readAs(directorySchema, await plain('GET', account.directory), account.directory);
  let nonce: string | undefined;
  let kid: string | undefined;

  async function plain(method: 'GET' | 'HEAD', url: string): Promise<HttpsAnswer> {
    return await https({ method, url, authority }, signal);
  }
  async function freshNonce(): Promise<string> {
    const { headers } = await plain('HEAD', directory.newNonce);
    return headers['replay-nonce'] ?? fail(`${directory.newNonce} gives no nonce`);
  }
  async function post(url: string, payload: unknown): Promise<HttpsAnswer> {
    for (let attempt = 1; ; attempt += 1) {
      const body = signedBody(key, { url, nonce: nonce ?? (await freshNonce()), kid, payload });
      const headers = { 'content-type': 'application/jose+json' };
      const answer = await https({ method: 'POST', url, headers, body, authority }, signal);
      nonce = answer.headers['replay-nonce'];
      if (answer.status < 400) return answer;
      const refusal = refusalOf(answer, clock.now());
      // A nonce counts for a while only.
      if (!refusal.message.includes('badNonce') || attempt >= nonceTries) throw refusal;
    }
  }
  async function ready<Value extends { readonly status: string }>(
    url: string,
    schema: z.ZodType<Value>,
    isReady: (value: Value) => boolean,
  ): Promise<Value> {
    const until = clock.now() + patienceMs;
    for (;;) {
      const answer = await post(url, undefined);
      const value = readAs(schema, answer, url);
      if (isReady(value) || value.status === 'invalid') return value;
      if (clock.now() > until)
        throw new AcmeRefusal(`the authority has not come to an end within ${patienceMs / 1000} s`);
      await clock.sleep(pauseOf(answer), signal);
    }
  }

  const contact = email === undefined ? {} : { contact: [`mailto:${email}`] };
  const registered = await post(directory.newAccount, { termsOfServiceAgreed: true, ...contact });
  kid = registered.headers['location'] ?? fail('the authority gives the account no address');
  const ordered = await post(directory.newOrder, { identifiers: [{ type: 'dns', value: host }] });
  const orderUrl = ordered.headers['location'] ?? fail('the authority gives the order no address');
  for (const url of readAs(orderSchema, ordered, orderUrl).authorizations) {
    const { status, challenges } = readAs(authorizationSchema, await post(url, undefined), url);
    if (status === 'valid') continue;
    const challenge = challenges.find(({ type }) => type === 'http-01');
    if (challenge === undefined) throw new AcmeRefusal(`the authority does not prove ${host} by HTTP`);
    const { token = '' } = challenge;
    if (!challengeToken.test(token)) throw new AcmeRefusal('the authority sends a token that cannot be one');
    await prepare(token, signal);
    await post(challenge.url, {});
    const proven = await ready(url, authorizationSchema, (value) => value.status === 'valid');
    if (proven.status !== 'valid') {
      const why = proven.challenges.find(({ error }) => error !== undefined)?.error;
      throw new AcmeRefusal(wordsOf(why) ?? `the authority does not believe that ${host} is this cluster`);
    }
  }
  const open = ['ready', 'valid'];
  await ready(orderUrl, orderSchema, ({ status }) => open.includes(status));
  await post(readAs(orderSchema, ordered, orderUrl).finalize, { csr: request.toString('base64url') });
  const issued = await ready(orderUrl, orderSchema, ({ status }) => status === 'valid');
  if (issued.certificate === undefined)
    throw new AcmeRefusal(wordsOf(issued.error) ?? 'the authority issues no certificate');
  return (await post(issued.certificate, undefined)).body;
};

const fail = (message: string): never => {
  throw new AcmeRefusal(message);
};

const readAs = <Value>(schema: z.ZodType<Value>, { status, body }: HttpsAnswer, url: string): Value => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    throw new TuttiError('unavailable', `${url} answers ${status} with something that is no JSON`);
  }
  const read = schema.safeParse(parsed);
  if (!read.success) throw new TuttiError('unavailable', `${url} answers ${status} with something that is not ACME`);
  return read.data;
};

const wordsOf = (problem: z.infer<typeof problemSchema> | undefined): string | undefined =>
  problem &&
  `${problem.detail ?? 'it says no'} (${problem.type?.replace('urn:ietf:params:acme:error:', '') ?? 'no type'})`;

const refusalOf = ({ status, body, headers }: HttpsAnswer, now: number): AcmeRefusal => {
  let problem: z.infer<typeof problemSchema> = {};
  try {
    problem = problemSchema.parse(JSON.parse(body));
  } catch {
    // It says nothing that can be read: its status has to do.
  }
  const seconds = Number(headers['retry-after']);
  return new AcmeRefusal(
    wordsOf({ detail: `status ${status}`, ...problem }) ?? '',
    seconds > 0 ? now + Math.min(seconds, longestBanSeconds) * 1000 : undefined,
  );
};

const pauseOf = ({ headers }: HttpsAnswer): number => {
  const seconds = Number(headers['retry-after']);
  return seconds > 0 && seconds <= 30 ? seconds * 1000 : pollMs;
};
