import type { Client } from '../client/client.ts';
import { createClient } from '../client/client.ts';
import { defaultEndpoint, parseEndpoint } from '../client/endpoint.ts';
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

/** The endpoint: `--host`, else TUTTI_HOST, else the one of this machine. */
export const openSession = (context: CliContext, flags: CommonFlags): Session => {
  const host = flags.host ?? nonEmpty(context.environment['TUTTI_HOST']) ?? defaultEndpoint;
  return {
    context,
    client: createClient(parseEndpoint(host)),
    signal: context.signal,
    json: flags.format === 'json',
    paint: painter(context.stdout, context.environment),
    print: (text) => context.stdout.write(text),
    printJson: (value) => context.stdout.write(`${JSON.stringify(value)}\n`),
    note: (text) => context.stderr.write(`${text}\n`),
  };
};

const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text);
