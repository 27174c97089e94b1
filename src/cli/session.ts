import type { Client } from '../client/client.ts';
import { createClient } from '../client/client.ts';
import { defaultEndpoint, parseEndpoint } from '../client/endpoint.ts';
import type { Endpoint } from '../client/endpoint.ts';
import type { CliContext, CommonFlags } from './context.ts';
import type { Paint } from './output/paint.ts';
import { painter } from './output/paint.ts';

/** What an action works with: the manager's API and ways to write. */
export interface Session {
  readonly context: CliContext;
  readonly client: Client;
  readonly signal: AbortSignal;
  readonly json: boolean;
  readonly paint: Paint;
  /** The result, on standard output. */
  readonly print: (text: string) => void;
  /** The result as JSON, on one line. */
  readonly printJson: (value: unknown) => void;
  /** A remark, on standard error. */
  readonly note: (text: string) => void;
}

/** `--host` or `--context`, else TUTTI_HOST or TUTTI_CONTEXT, else the endpoint of this machine. */
const endpointOf = async ({ environment }: CliContext, flags: CommonFlags): Promise<Endpoint> => {
  if (flags.host !== undefined) return parseEndpoint(flags.host);
  const host = nonEmpty(environment['TUTTI_HOST']);
  const name = flags.context ?? (host === undefined ? nonEmpty(environment['TUTTI_CONTEXT']) : undefined);
  if (name === undefined) return parseEndpoint(host ?? defaultEndpoint);
  const { contextEndpoint } = await import('./docker-contexts.ts');
  return await contextEndpoint(environment, name);
};

export const openSession = async (context: CliContext, flags: CommonFlags): Promise<Session> => {
  const endpoint = await endpointOf(context, flags);
  return {
    context,
    client: createClient(endpoint),
    signal: context.signal,
    json: flags.format === 'json',
    paint: painter(context.stdout, context.environment),
    print: (text) => context.stdout.write(text),
    printJson: (value) => context.stdout.write(`${JSON.stringify(value)}\n`),
    note: (text) => context.stderr.write(`${text}\n`),
  };
};

const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text);
