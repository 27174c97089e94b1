import { TuttiError } from '../../model/errors.ts';
import type { NodeRole } from '../../model/node.ts';
import type { InitOptions, JoinOptions, LeaveOptions } from '../../host/host.ts';
import type { Session } from '../session.ts';

/** Makes a cluster of this machine. */
export const initCluster = async (session: Session, options: InitOptions): Promise<void> => {
  const host = await session.context.loadHost();
  const made = await host.init(options);
  if (session.json) return session.printJson(made);
  session.print(`This machine (${made.address}) is a cluster of one now.\n\n`);
  session.print(joinText(made.tokens.worker, made.address, options.port));
  session.print(
    `\nThe docker command works against the whole cluster with:\n\n  export DOCKER_HOST=unix://${made.socket}\n`,
  );
};

export interface JoinFlags extends Omit<JoinOptions, 'token'> {
  /** File that holds the token; `-` and absent: standard input. */
  readonly tokenFile?: string;
}

/** Joins the cluster that the managers belong to. */
export const joinCluster = async (session: Session, flags: JoinFlags): Promise<void> => {
  const { tokenFile, ...options } = flags;
  const token = await readToken(session, tokenFile);
  const host = await session.context.loadHost();
  const joined = await host.join({ ...options, token });
  if (session.json) return session.printJson(joined);
  session.print(`This machine (${joined.address}) joined the cluster as a ${joined.role}.\n`);
  session.print(`  node     ${joined.nodeId}\n  cluster  ${joined.clusterId}\n`);
  if (joined.socket !== undefined) session.print(`  endpoint unix://${joined.socket}\n`);
};

/** Not as an argument: every user of a machine sees command lines. */
const readToken = async ({ context, signal }: Session, tokenFile: string | undefined): Promise<string> => {
  const fromEnvironment = context.environment['TUTTI_JOIN_TOKEN'];
  const text =
    tokenFile !== undefined && tokenFile !== '-'
      ? await readFileText(context, tokenFile, signal)
      : (fromEnvironment ?? (await context.readStdin()));
  const token = text?.trim() ?? '';
  if (token !== '') return token;
  throw new TuttiError(
    'invalid-argument',
    'the join token is needed: on standard input, in --token-file or in TUTTI_JOIN_TOKEN; "tutti token worker" on a manager shows it',
  );
};

const readFileText = async ({ readFile }: Session['context'], path: string, signal: AbortSignal): Promise<string> => {
  const bytes = await readFile(path, signal);
  if (bytes === undefined) throw new TuttiError('not-found', `there is no file ${path}`);
  return Buffer.from(bytes).toString('utf8');
};

/** Takes this machine out of its cluster. */
export const leaveCluster = async (session: Session, options: LeaveOptions): Promise<void> => {
  const host = await session.context.loadHost();
  const before = await host.state(options);
  const left = await host.leave(options);
  if (session.json) return session.printJson(left);
  session.print('This machine left its cluster.\n');
  for (const removed of left.removed) session.print(`  removed ${removed}\n`);
  const isListed = before.kind === 'member' && before.role === 'worker';
  if (isListed && !left.told)
    session.note('warning: no manager could be told; remove the node there with "docker node rm"');
};

/** Shows or changes what machines join with. */
export const showToken = async (session: Session, role: NodeRole, rotate: boolean): Promise<void> => {
  const { client, signal } = session;
  // The manager would refuse whoever joins with it.
  if (role === 'manager') {
    throw new TuttiError(
      'not-implemented',
      'this cluster keeps its state in SQLite and so has one manager: no other can join, with whatever token',
    );
  }
  const token = rotate ? (await client.rotateToken(role, signal)).token : (await client.tokens(signal))[role];
  const address = (await client.nodes(signal)).find((node) => node.leader)?.address ?? '<manager>';
  if (session.json) return session.printJson({ role, token, address });
  session.print(joinText(token, address, undefined, role));
};

const defaultPort = 2377;

const joinText = (token: string, address: string, port = defaultPort, role: NodeRole = 'worker'): string =>
  `To add a ${role}, run this on the machine that is to join:\n\n  echo ${token} | tutti join ${address}:${port}\n`;
