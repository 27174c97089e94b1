import { isIP } from 'node:net';
import { TuttiError } from '../model/errors.ts';
import { defaultPort } from '../rpc/address.ts';
import { readConfig } from './config.ts';
import type { HostPorts, MemberOptions } from './host.ts';
import type { Machine } from './machine.ts';

export interface CheckedMachine {
  readonly address: string;
  readonly port: number;
  readonly name: string;
}

/** Who gives a loopback address wants a cluster of this machine alone: any of its addresses will do for that. */
const isLoopback = (wanted: string): boolean => wanted.startsWith('127.') || wanted === 'lo' || wanted === 'localhost';

const chooseAddress = async (machine: Machine, wanted: string | undefined): Promise<string> => {
  const addresses = await machine.addresses();
  const listed = addresses.map((one) => `${one.address} (${one.interface})`).join(', ') || 'none';
  const refuse = (why: string): never => {
    throw new TuttiError('invalid-argument', why);
  };
  const [first] = addresses;
  if (first === undefined) return refuse(await noAddress(machine));
  if (wanted !== undefined && isLoopback(wanted)) return first.address;
  if (wanted !== undefined && addresses.some(({ address }) => address === wanted)) return wanted;
  const candidates = addresses.filter((one) => one.interface === (wanted ?? first.interface));
  const [chosen, ...others] = candidates;
  if (chosen === undefined) {
    return refuse(`${wanted} is no address and no interface of this machine; its addresses: ${listed}`);
  }
  if (others.length === 0) return chosen.address;
  return refuse(`this machine has several addresses; give one with --address: ${listed}`);
};

const noAddress = async (machine: Machine): Promise<string> => {
  const none = 'this machine has no IPv4 address but loopback';
  const [sixth] = await machine.addresses6();
  if (sixth === undefined) return none;
  return `${none}, only IPv6 (${sixth}): nodes reach one another by IPv4, which IPv6 of containers goes inside of; give it a private IPv4 address`;
};

const requireEngine = async (machine: Machine, endpoint: string, signal: AbortSignal | undefined): Promise<void> => {
  const problem = await machine.engineProblem(endpoint, signal);
  if (problem === undefined) return;
  throw new TuttiError(
    'unavailable',
    `the Docker Engine does not answer at ${endpoint} (${problem}): install and start it (apt-get install docker.io), or say where it is with --engine`,
  );
};

/** What both init and join need to be so, looked at all at once. */
export const checkMachine = async (
  { machine }: Pick<HostPorts, 'machine'>,
  options: MemberOptions,
  listens: boolean,
): Promise<CheckedMachine> => {
  const { stateDirectory, signal } = options;
  const member = await readConfig(options);
  if (member !== undefined) {
    throw new TuttiError(
      'already-exists',
      `this machine is in a cluster already (node ${member.nodeId}, ${stateDirectory}): "tutti leave" takes it out`,
    );
  }
  const port = options.port ?? defaultPort;
  const [address] = await Promise.all([
    chooseAddress(machine, options.address),
    requireEngine(machine, options.engine, signal),
  ]);
  const taken = listens ? await machine.portTaken(address, port) : undefined;
  if (taken !== undefined) throw new TuttiError('conflict', `${taken}: free it, or choose another one with --port`);
  return { address, port, name: options.name ?? machine.hostname };
};

export const dnsName = /^(?!-)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*$/i;

/** What the API over TCP needs to be so, where there is to be one. Throws `conflict`, `invalid-argument`. */
export const checkApi = async (
  { machine }: Pick<HostPorts, 'machine'>,
  address: string,
  port: number,
  names: readonly string[],
): Promise<void> => {
  const bad = names.find((name) => isIP(name) === 0 && !dnsName.test(name));
  if (bad !== undefined) {
    throw new TuttiError('invalid-argument', `"${bad}" is neither a DNS name nor an address: write docker.example.org`);
  }
  const taken = port === 0 ? undefined : await machine.portTaken(address, port);
  if (taken === undefined) return;
  const advice = 'free it, or choose another one for the API with --api-port (0: no API over TCP)';
  throw new TuttiError('conflict', `${taken}: ${advice}`);
};
