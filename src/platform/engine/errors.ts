import { TuttiError } from '../../model/errors.ts';
import type { ErrorCode } from '../../model/errors.ts';

const codeByStatus: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid-argument',
  401: 'unauthenticated',
  403: 'permission-denied',
  404: 'not-found',
  409: 'conflict',
  501: 'not-implemented',
  503: 'unavailable',
};

/** What the engine says in a 500 that is really something else. The engine has no codes for these. */
const codeByText: readonly (readonly [pattern: RegExp, code: ErrorCode])[] = [
  [/no space left on device|disk quota exceeded/i, 'resource-exhausted'],
  [/manifest unknown|repository does not exist|not found: manifest/i, 'not-found'],
  [/pull access denied|unauthorized|no basic auth credentials/i, 'permission-denied'],
  [
    /connection refused|i\/o timeout|no such host|name resolution|server misbehaving|TLS handshake timeout|network is unreachable/i,
    'unavailable',
  ],
];

/** The engine's answer as a fault: its own message, with the code that the status and the text come to. */
export function faultOfAnswer(status: number, body: string, what: string): TuttiError {
  const message = messageOf(body);
  return new TuttiError(codeOf(status, message), message === '' ? `${what}: the engine answered ${status}` : message, {
    fields: { status, call: what },
  });
}

/** All that the engine says of a container's address that it has not taken back yet from the one that had it before. */
const addressHeld = /^address already in use$/i;

function codeOf(status: number, message: string): ErrorCode {
  // It answers 403, as if that would stay so.
  if (addressHeld.test(message)) return 'unavailable';
  const known = codeByStatus[status];
  if (known !== undefined) return known;
  return codeOfText(message) ?? (status >= 500 ? 'internal' : 'invalid-argument');
}

/** The code that an engine's text stands for, where one is known. */
export function codeOfText(text: string): ErrorCode | undefined {
  return codeByText.find(([pattern]) => pattern.test(text))?.[1];
}

function messageOf(body: string): string {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null && 'message' in parsed) return String(parsed.message).trim();
  } catch {
    // Not JSON: a proxy or the Go server itself answered; its text is the message.
  }
  return body.trim().slice(0, 2000);
}

/** A broken or refused connection as a fault that says which engine and what to look at. */
export function faultOfConnection(cause: unknown, endpoint: string): TuttiError {
  if (cause instanceof TuttiError) return cause;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const why =
    code === 'ENOENT' || code === 'ECONNREFUSED' ? 'nothing listens there; is dockerd running?' : reasonOf(cause);
  return new TuttiError('unavailable', `cannot reach the Docker Engine at ${endpoint}: ${why}`, { cause });
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
