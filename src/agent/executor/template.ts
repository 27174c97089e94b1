import { TuttiError } from '../../model/errors.ts';
import { taskName } from './labels.ts';
import type { NodeIdentity, RunnableTask } from './labels.ts';

/** What a template may say, and what it comes to for one task. */
export interface TemplateContext {
  readonly fields: Readonly<Record<string, string>>;
  readonly serviceLabels: Readonly<Record<string, string>>;
  /** In templated secrets and configs only. */
  readonly functions?: Readonly<Record<'env' | 'secret' | 'config', (name: string) => string | undefined>>;
}

const known =
  '.Service.ID, .Service.Name, .Service.Labels, .Node.ID, .Node.Hostname, .Node.Platform.OS, .Node.Platform.Architecture, .Task.ID, .Task.Name and .Task.Slot';

/** The values of Swarm's placeholders for a task. See "Create services using templates" in the docs of `docker service create`. */
export function templateContext(task: RunnableTask, node: NodeIdentity): TemplateContext {
  return {
    fields: {
      '.Service.ID': task.assigned.serviceId,
      '.Service.Name': task.assigned.serviceName,
      '.Node.ID': node.id,
      '.Node.Hostname': node.hostname,
      '.Node.Platform.OS': node.os,
      '.Node.Platform.Architecture': node.architecture,
      '.Task.ID': task.id,
      '.Task.Name': taskName(task, node),
      '.Task.Slot': task.assigned.slot === undefined ? node.id : String(task.assigned.slot),
    },
    serviceLabels: task.assigned.serviceLabels ?? {},
  };
}

/**
 * Replaces every `{{…}}` of a text. @throws TuttiError `invalid-argument` for an expression that Swarm's placeholders
 * do not have.
 */
export function expand(text: string, context: TemplateContext): string {
  // One walk: an expression that backtracks would let a long text hold up the agent.
  const [before = '', ...parts] = text.split('{{');
  const expanded = parts.map((part) => {
    const end = part.indexOf('}}');
    if (end === -1) return `{{${part}`;
    return evaluate(part.slice(0, end).replace(/^-/, '').replace(/-$/, '').trim(), context) + part.slice(end + 2);
  });
  return before + expanded.join('');
}

function evaluate(expression: string, context: TemplateContext): string {
  const field = Object.hasOwn(context.fields, expression) ? context.fields[expression] : undefined;
  if (field !== undefined) return field;
  const label = /^(?:index \.Service\.Labels "([^"]*)"|\.Service\.Labels\.(\w+))$/.exec(expression);
  if (label !== null) return context.serviceLabels[label[1] ?? label[2] ?? ''] ?? '';
  const call = /^(env|secret|config) "([^"]*)"$/.exec(expression);
  if (call !== null && context.functions !== undefined) {
    const name = call[2] ?? '';
    const value = context.functions[call[1] as 'env' | 'secret' | 'config'](name);
    if (value !== undefined) return value;
    throw new TuttiError('invalid-argument', `template {{${expression}}}: the task has no ${call[1]} "${name}"`);
  }
  throw new TuttiError('invalid-argument', `template {{${expression}}} is not supported; use ${known}`);
}
