import { acmeTls } from '../../model/route.ts';
import type { RouteSpec } from '../../model/route.ts';

/** What is known of a host's certificate that was got by ACME. Moments are milliseconds since the epoch. */
export interface AcmeCertificate {
  /** Whence it was got. */
  readonly directory: string;
  readonly renewAt: number;
}

/** What came of asking for a host's certificate, when it did not come. */
export interface AcmeFailure {
  /** In a row. */
  readonly count: number;
  readonly at: number;
  /** The authority wants to be left alone until then. */
  readonly notBefore?: number | undefined;
}

export interface AcmeState {
  readonly directory: string;
  readonly hosts: readonly string[];
  readonly certificates: ReadonlyMap<string, AcmeCertificate>;
  readonly failures: ReadonlyMap<string, AcmeFailure>;
}

/** `until`: when there is something to do at last; absent: never, as things are. */
export type AcmeStep =
  | { readonly kind: 'order'; readonly host: string }
  | { readonly kind: 'wait'; readonly until?: number | undefined };

const firstPauseMs = 60_000;
const lastPauseMs = 6 * 3_600_000;

/** When a host that failed is tried again: 1 min, 4 min, 16 min, … 6 h: authorities allow few failures an hour. */
export const retryAt = ({ count, at, notBefore = 0 }: AcmeFailure): number =>
  Math.max(notBefore, at + Math.min(lastPauseMs, firstPauseMs * 4 ** (count - 1)));

/** The hosts that want a certificate by ACME, each once. */
export const acmeHosts = (routes: Iterable<Pick<RouteSpec, 'match' | 'options'>>): readonly string[] => {
  const hosts = new Set<string>();
  for (const { match, options } of routes) if (options?.tls === acmeTls) hosts.add(match.host);
  return [...hosts].toSorted();
};

/** Whether a certificate has to be got now, and whose: those that were never tried first. */
export const nextAcmeStep = ({ directory, hosts, certificates, failures }: AcmeState, now: number): AcmeStep => {
  const due = hosts.map((host) => {
    const certificate = certificates.get(host);
    const failure = failures.get(host);
    const wantedAt = certificate?.directory === directory ? certificate.renewAt : 0;
    return { host, at: Math.max(wantedAt, failure === undefined ? 0 : retryAt(failure)) };
  });
  const [first] = due.toSorted((left, right) => left.at - right.at);
  if (first === undefined) return { kind: 'wait' };
  return first.at <= now ? { kind: 'order', host: first.host } : { kind: 'wait', until: first.at };
};
