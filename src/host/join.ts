import { mkdir } from 'node:fs/promises';
import { TuttiError } from '../model/errors.ts';
import { nodeId as nodeIdSchema } from '../model/ids.ts';
import type { Clock } from '../platform/ports.ts';
import { formatAddress, parseAddress } from '../rpc/address.ts';
import { authorityAnswer, joinAnswer, type JoinAnswer } from '../rpc/calls.ts';
import { identityOfPem } from '../rpc/certificates/credentials.ts';
import { createRequest } from '../rpc/certificates/request.ts';
import { authorityDigest, tokenDigest } from '../rpc/certificates/token.ts';
import { callManager } from '../rpc/http2/call.ts';
import { checkMachine } from './check.ts';
import { defaultApiPort, writeConfig, type NodeConfig } from './config.ts';
import { writeCredentials } from './credentials.ts';
import type { HostPorts, JoinOptions, Member } from './host.ts';
import { tellManager } from './leave.ts';
import { memberOf, startDaemons, undo } from './start.ts';

interface JoinCall {
  readonly address: string;
  readonly token: string;
  readonly request: string;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/**
 * Asks one manager. Nothing is said to it before it has shown that it is a manager of the token's cluster: its
 * authority's certificate has the digest that the token names, and its own certificate is by that authority.
 */
const askToJoin = async ({ address, token, request, clock, signal }: JoinCall): Promise<JoinAnswer> => {
  const common = { address, clock, ...(signal && { signal }) };
  const { authority } = await callManager({
    ...common,
    name: 'authority',
    trust: { kind: 'anyone' },
    body: {},
    answer: authorityAnswer,
  });
  if (authorityDigest(authority) !== tokenDigest(token)) {
    throw new TuttiError('unauthenticated', `the join token is not of the cluster that answers at ${address}`);
  }
  return await callManager({
    ...common,
    name: 'join',
    trust: { kind: 'authority', authority },
    body: { token, request },
    answer: joinAnswer,
  });
};

/** Asks one manager after the other: the next one only where the first cannot be reached. */
const askAny = async (managers: readonly string[], call: Omit<JoinCall, 'address'>): Promise<JoinAnswer> => {
  let last: TuttiError | undefined;
  for (const address of managers) {
    try {
      return await askToJoin({ ...call, address });
    } catch (thrown) {
      call.signal?.throwIfAborted();
      last = TuttiError.from(thrown);
      if (last.code !== 'unavailable' && last.code !== 'deadline-exceeded') throw last;
    }
  }
  throw last ?? new TuttiError('invalid-argument', 'give the address of a manager: HOST:PORT');
};

/** See Host.join. */
export const joinNode = async (ports: HostPorts, options: JoinOptions): Promise<Member> => {
  tokenDigest(options.token);
  const managers = options.managers.map((address) => formatAddress(parseAddress(address)));
  const making = createRequest();
  making.catch(() => undefined);
  const machine = await checkMachine(ports, options, false);
  const { key, request } = await making;
  const { token, signal } = options;
  const answer = await askAny(managers, {
    token,
    request,
    clock: ports.clock,
    ...(signal && { signal }),
  });
  const identity = identityOfPem(answer.certificate);
  const config: NodeConfig = {
    version: 1,
    nodeId: nodeIdSchema.parse(identity.nodeId),
    clusterId: identity.clusterId,
    role: identity.role,
    ...(options.name !== undefined && { name: options.name }),
    address: machine.address,
    port: machine.port,
    apiPort: defaultApiPort,
    apiNames: [],
    engine: options.engine,
    managers: answer.managers.length > 0 ? answer.managers : managers,
    runDirectory: options.runDirectory,
    socketMode: 0o660,
  };
  try {
    await mkdir(options.stateDirectory, { recursive: true, mode: 0o700 });
    await writeCredentials(options, { key, certificate: answer.certificate, authority: answer.authority });
    await writeConfig(options, config);
    await startDaemons(ports, config, options, signal);
  } catch (error) {
    // The manager knows the node already.
    await tellManager(ports, config, { stateDirectory: options.stateDirectory, runDirectory: options.runDirectory });
    await undo(ports, config, options);
    throw error;
  }
  return memberOf(config, options);
};
