import type * as z from 'zod';
import { assignment } from '../model/assignment.ts';
import { TuttiError } from '../model/errors.ts';
import { agentMessage, managerMessage } from '../model/protocol.ts';
import type { AgentMessage, ManagerMessage } from '../model/protocol.ts';

const kindsOf = (union: { readonly options: readonly { readonly shape: { readonly kind: z.ZodLiteral } }[] }) =>
  new Set<unknown>(union.options.flatMap((option) => [...option.shape.kind.values]));

const agentKinds = kindsOf(agentMessage);
const managerKinds = kindsOf(managerMessage);
const assignmentKinds = kindsOf(assignment);

const json = (text: string): Readonly<Record<string, unknown>> => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new TuttiError('invalid-argument', 'a message is not JSON', { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TuttiError('invalid-argument', 'a message is not a JSON object');
  }
  return { ...value };
};

const parse = <Output>(schema: z.ZodType<Output>, value: Readonly<Record<string, unknown>>): Output => {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = issue === undefined ? '' : ` at ${issue.path.join('.') || 'its root'}: ${issue.message}`;
  throw new TuttiError('invalid-argument', `a message of kind ${String(value['kind'])} is not valid${where}`);
};

/** Undefined for a kind of a newer version. Throws `invalid-argument`. */
export const parseAgentMessage = (text: string): AgentMessage | undefined => {
  const value = json(text);
  return agentKinds.has(value['kind']) ? parse(agentMessage, value) : undefined;
};

const kindOf = (item: unknown): unknown =>
  typeof item === 'object' && item !== null && 'kind' in item ? item.kind : undefined;

/** As above; assignments of kinds that this version does not know are left out. */
export const parseManagerMessage = (text: string): ManagerMessage | undefined => {
  const value = json(text);
  if (!managerKinds.has(value['kind'])) return undefined;
  const put = value['put'];
  const known = Array.isArray(put) ? put.filter((item) => assignmentKinds.has(kindOf(item))) : undefined;
  return parse(managerMessage, known === undefined ? value : { ...value, put: known });
};
