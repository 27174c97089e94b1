import { once } from 'node:events';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { TuttiError } from '../model/errors.ts';
import { readAddresses, readAddresses6 } from '../platform/addresses.ts';
import { createEngineClient } from '../platform/engine/client.ts';
import type { Exec } from '../platform/exec.ts';
import type { Machine } from './machine.ts';

const portTaken = async (address: string, port: number): Promise<string | undefined> => {
  const server = createServer();
  try {
    server.listen({ host: address, port });
    await once(server, 'listening');
    return undefined;
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') return `port ${port} of ${address} is taken by another program`;
    return `port ${port} of ${address} cannot be listened on: ${message}`;
  } finally {
    server.close();
  }
};

const engineProblem = async (endpoint: string, signal?: AbortSignal): Promise<string | undefined> => {
  try {
    using engine = createEngineClient(endpoint);
    await engine.version({ ...(signal && { signal }) });
    return undefined;
  } catch (thrown) {
    signal?.throwIfAborted();
    return TuttiError.from(thrown).message;
  }
};

/** The machine that this process runs on. */
export const createMachine = (exec: Exec): Machine => ({
  hostname: hostname(),
  addresses: async () => await readAddresses(exec),
  addresses6: async () => await readAddresses6(exec),
  portTaken,
  engineProblem,
});
