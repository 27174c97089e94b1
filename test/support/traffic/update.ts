import { until } from '../until.ts';
import { keepAsking } from './asking.ts';
import type { Outcome } from './asking.ts';
import { answering } from './server.ts';

type Docker = (...args: readonly string[]) => Promise<string>;

/** A service of `server.ts` whose tasks are replaced while it is asked. */
export interface RollingOptions {
  /** Against the cluster. */
  readonly docker: Docker;
  readonly service: string;
  /** Its name for the new pages. */
  readonly answer: string;
  readonly order: 'stop-first' | 'start-first';
  /** Requests per second of each client. */
  readonly rate: number;
  /** Who asks: name → what its command line begins with, and whom it asks. */
  readonly clients: Readonly<
    Record<string, { readonly from: readonly string[]; readonly host: string; readonly port: number }>
  >;
}

/** Updates the service while the clients ask it; gives what became of their requests. */
export async function rollingUpdate(options: RollingOptions): Promise<Readonly<Record<string, Outcome>>> {
  const { docker, service, answer, order, rate } = options;
  await using stack = new AsyncDisposableStack();
  const names = Object.keys(options.clients);
  const clients = await Promise.all(
    Object.values(options.clients).map(async (client) =>
      stack.use(await keepAsking({ ...client, rate, connections: 20 })),
    ),
  );
  await docker('service', 'update', '--detach', '--update-order', order, ...answering(answer), service);
  await until(
    `${service} to be updated`,
    async () => await docker('service', 'inspect', '--format', '{{.UpdateStatus.State}}', service),
    (state) => state.trim() === 'completed',
    { deadlineMs: 180_000 },
  );
  const outcomes = await Promise.all(clients.map(async (client) => await client.stop()));
  return Object.fromEntries(outcomes.map((outcome, index) => [names[index], outcome]));
}

/** A service's own address on a network of the cluster. */
export const virtualAddress = async (docker: Docker, service: string, network: string): Promise<string> => {
  const id = (await docker('network', 'inspect', '--format', '{{.Id}}', network)).trim();
  const format = `{{range .Endpoint.VirtualIPs}}{{if eq .NetworkID "${id}"}}{{.Addr}}{{end}}{{end}}`;
  return (await docker('service', 'inspect', '--format', format, service)).trim().split('/')[0] ?? '';
};
