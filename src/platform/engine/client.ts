import { attachmentOperations } from './attachments.ts';
import { createCalls } from './calls.ts';
import type { CallOptions } from './calls.ts';
import { containerOperations } from './containers.ts';
import { parseEndpoint } from './endpoint.ts';
import { eventOperations } from './events.ts';
import { imageOperations } from './images.ts';
import { networkOperations } from './networks.ts';
import { systemOperations } from './system.ts';
import { createTransport } from './transport.ts';
import { createNegotiation } from './version.ts';
import type { EngineVersion } from './version.ts';

/** A client of one Docker Engine. Every call settles: each has a deadline of its own besides the caller's signal. */
export type EngineClient = ReturnType<typeof createEngineClient>;

/**
 * @param endpoint `unix:///path`, `/path` or `tcp://host:port`. Nothing is connected until the first call.
 * @throws TuttiError `invalid-argument` for an endpoint in another form.
 */
export function createEngineClient(endpoint: string) {
  const transport = createTransport(parseEndpoint(endpoint));
  const negotiation = createNegotiation(transport);
  const calls = createCalls(transport, async (options) => `/v${(await negotiation(options)).api}`);
  return {
    /** The engine's version and the API version in use (1.41 to 1.51). */
    version: async (options: CallOptions = {}): Promise<EngineVersion> => await negotiation(options),
    ...systemOperations(calls),
    ...containerOperations(calls),
    ...imageOperations(calls),
    ...networkOperations(calls),
    ...eventOperations(calls),
    ...attachmentOperations(calls),
    /** Ends every connection. */
    close: (): void => transport.close(),
    [Symbol.dispose]: (): void => transport.close(),
  };
}
