import { request as requestPlain } from 'node:http';
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { request as requestSecure } from 'node:https';
import { isIP } from 'node:net';
import { errorCodes, TuttiError } from '../model/errors.ts';
import type { ErrorCode } from '../model/errors.ts';
import { errorView } from '../model/native.ts';
import { defaultEndpoint, describeEndpoint } from './endpoint.ts';
import type { Endpoint } from './endpoint.ts';
import { wholeOf } from '../rpc/whole.ts';

export interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With its query, below the API's prefix. */
  readonly path: string;
  readonly body?: unknown;
  readonly signal: AbortSignal;
}

const prefix = '/tutti/v1';

/** An answer larger than this is not one of ours. */
const answerLimit = 256 * 1024 * 1024;

/** Sends the call; the answer's head is there, its body not yet. Throws what the server said, or `unavailable`. */
export const send = async (endpoint: Endpoint, call: Call): Promise<IncomingMessage> => {
  const response = await open(endpoint, call);
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) return response;
  throw errorOf(status, await readText(response));
};

/** Sends the call and reads its JSON answer; undefined where it has none. */
export const sendJson = async (endpoint: Endpoint, call: Call): Promise<unknown> => {
  const text = await readText(await send(endpoint, call));
  return text === '' ? undefined : (JSON.parse(text) as unknown);
};

const open = async (endpoint: Endpoint, { method, path, body, signal }: Call): Promise<IncomingMessage> => {
  const text = body === undefined ? undefined : JSON.stringify(body);
  return await new Promise((answered, failed) => {
    const sent = request(
      endpoint,
      {
        method,
        path: `${prefix}${path}`,
        headers: {
          host: 'tutti',
          ...(text === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        },
        signal,
      },
      answered,
    );
    sent.once('error', (cause: NodeJS.ErrnoException) => failed(signal.aborted ? cause : unreachable(endpoint, cause)));
    sent.end(text);
  });
};

const request = (
  endpoint: Endpoint,
  options: RequestOptions,
  answered: (response: IncomingMessage) => void,
): ClientRequest => {
  if (endpoint.kind === 'unix') return requestPlain({ ...options, socketPath: endpoint.path }, answered);
  const { host, port, authority: ca, certificate: cert, key } = endpoint;
  // Else the name that is checked would be that of the Host header.
  const servername = isIP(host) === 0 ? host : '';
  return requestSecure({ ...options, host, port, servername, ca, cert, key, agent: false }, answered);
};

const advice: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such socket',
  // Only where nobody has named an endpoint is it a question whether there is a cluster at all.
  [`ENOENT ${defaultEndpoint}`]:
    'is this machine a manager? Run "tutti init", or name an endpoint with --host or TUTTI_HOST',
  ECONNREFUSED: 'the manager is not running; its log is manager.log in the state directory, /var/lib/tutti',
  EACCES: 'permission denied; run as root or as a member of the group "docker"',
};

const unreachable = (endpoint: Endpoint, cause: NodeJS.ErrnoException): TuttiError => {
  const where = describeEndpoint(endpoint);
  const code = cause.code ?? '';
  const why = advice[`${code} ${where}`] ?? (endpoint.kind === 'unix' ? advice[code] : undefined) ?? cause.message;
  return new TuttiError('unavailable', `no manager answers at ${where}: ${why}`, { cause });
};

const tooLarge = (): Error => new TuttiError('resource-exhausted', 'the answer is too large');
const readText = async (response: IncomingMessage): Promise<string> =>
  (await wholeOf(response, answerLimit, tooLarge)).toString();

const errorOf = (status: number, text: string): TuttiError =>
  errorIn(text) ?? new TuttiError('internal', `the manager answered ${status}: ${text.slice(0, 500).trim()}`);

/** The error that a text of the server holds, if it is one. */
export const errorIn = (text: string): TuttiError | undefined => {
  const parsed = errorView.safeParse(parse(text));
  if (!parsed.success) return undefined;
  const { code, message, fields } = parsed.data.error;
  const known = errorCodes.find((each) => each === code) satisfies ErrorCode | undefined;
  return new TuttiError(known ?? 'internal', message, fields === undefined ? {} : { fields });
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};
