import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import type { InitOptions, JoinOptions } from '../host/host.ts';
import { errorCodes, TuttiError } from '../model/errors.ts';
import type { Exec } from '../platform/exec.ts';
import type { MemberPort, RunningNode } from './member.ts';

const program = fileURLToPath(new URL('../../bin/member.ts', import.meta.url));
const deadlineMs = 60_000;

const answer = z.union([
  z.object({ value: z.unknown() }),
  z.object({ error: z.object({ code: z.enum(errorCodes), message: z.string() }) }),
]);
const initialised = z.object({ tokens: z.object({ manager: z.string(), worker: z.string() }) });

type Request =
  | { readonly action: 'init'; readonly options: Omit<InitOptions, 'signal'> }
  | { readonly action: 'join'; readonly options: Omit<JoinOptions, 'signal'> }
  | { readonly action: 'start'; readonly options: RunningNode['tutti'] };

/** Makes nodes members by running `bin/member.ts` inside them. */
export function createMemberPort(exec: Exec): MemberPort {
  const ask = async (node: RunningNode, request: Request, signal: AbortSignal | undefined): Promise<unknown> => {
    const argv = [...node.inside, process.execPath, '--disable-warning=ExperimentalWarning', program];
    const [command = '', ...args] = argv;
    const result = await exec(command, args, {
      input: JSON.stringify(request),
      timeoutMs: deadlineMs,
      ...(signal && { signal }),
    });
    signal?.throwIfAborted();
    const said = parse(result.stdout);
    if (said === undefined) {
      throw new TuttiError('internal', `${node.name}: ${request.action}: ${result.stderr.trim().slice(-2000)}`);
    }
    if ('error' in said) {
      throw new TuttiError(said.error.code, `${node.name}: ${request.action}: ${said.error.message}`);
    }
    return said.value;
  };
  const options = (node: RunningNode) => ({
    ...node.tutti,
    engine: `unix://${node.engine.socket}`,
    address: node.address,
    name: node.name,
  });
  return {
    init: async (node, signal) =>
      initialised.parse(await ask(node, { action: 'init', options: options(node) }, signal)).tokens,
    join: async (node, manager, token, signal) => {
      await ask(node, { action: 'join', options: { ...options(node), managers: [manager], token } }, signal);
    },
    start: async (node, signal) => {
      await ask(node, { action: 'start', options: node.tutti }, signal);
    },
  };
}

/** What the program said; undefined when it ended without a word that can be understood. */
function parse(output: string): z.infer<typeof answer> | undefined {
  try {
    return answer.parse(JSON.parse(output));
  } catch {
    return undefined;
  }
}
