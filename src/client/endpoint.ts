import { TuttiError } from '../model/errors.ts';

/** Where a manager answers. */
export type Endpoint =
  | { readonly kind: 'unix'; readonly path: string }
  /** With a client's certificate; all PEM, the key is secret. */
  | {
      readonly kind: 'tls';
      readonly host: string;
      readonly port: number;
      readonly authority: string;
      readonly certificate: string;
      readonly key: string;
    };

/** For people: `unix:///run/tutti/docker.sock`, `tcp://10.0.0.1:2376`. */
export const describeEndpoint = (endpoint: Endpoint): string =>
  endpoint.kind === 'unix' ? `unix://${endpoint.path}` : `tcp://${endpoint.host}:${endpoint.port}`;

export const defaultEndpoint = 'unix:///run/tutti/docker.sock';

/** Reads `unix:///path` or a bare absolute path. Throws `invalid-argument`. */
export const parseEndpoint = (text: string): Endpoint & { readonly kind: 'unix' } => {
  const path = text.startsWith('unix://') ? text.slice('unix://'.length) : text;
  if (path.startsWith('/')) return { kind: 'unix', path };
  throw new TuttiError(
    'invalid-argument',
    `"${text}" is not an endpoint; write unix:///path/to/docker.sock, or name a context with --context`,
  );
};
