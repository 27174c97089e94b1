import { TuttiError } from '../../model/errors.ts';

/** Where a Docker Engine listens, in the form that node:http takes. */
export type EngineEndpoint =
  | { readonly kind: 'unix'; readonly socketPath: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

const defaultPort = 2375;

/**
 * Reads `unix:///path`, `/path`, `tcp://host[:port]` or `http://host[:port]`.
 * @throws TuttiError `invalid-argument` for anything else.
 */
export function parseEndpoint(text: string): EngineEndpoint {
  const socketPath = text.startsWith('unix://') ? text.slice('unix://'.length) : text;
  if (socketPath.startsWith('/')) return { kind: 'unix', socketPath };
  const address = /^(?:tcp|http):\/\/(\[[0-9a-fA-F:]+\]|[^/:[\]]+)(?::(\d{1,5}))?\/?$/.exec(text);
  if (address?.[1] === undefined) {
    throw new TuttiError(
      'invalid-argument',
      `engine endpoint "${text}": want unix:///path/to/docker.sock or tcp://host:port`,
    );
  }
  const host = address[1].replace(/^\[|\]$/g, '');
  return { kind: 'tcp', host, port: address[2] === undefined ? defaultPort : Number(address[2]) };
}
