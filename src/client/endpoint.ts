import { TuttiError } from '../model/errors.ts';

/** Where a manager answers. TCP with TLS comes with remote contexts. */
export interface Endpoint {
  readonly kind: 'unix';
  readonly path: string;
}

export const defaultEndpoint = 'unix:///run/tutti/docker.sock';

/** Reads `unix:///path` or a bare absolute path. Throws `invalid-argument`. */
export const parseEndpoint = (text: string): Endpoint => {
  const path = text.startsWith('unix://') ? text.slice('unix://'.length) : text;
  if (path.startsWith('/')) return { kind: 'unix', path };
  throw new TuttiError('invalid-argument', `"${text}" is not an endpoint; write unix:///path/to/docker.sock`);
};
