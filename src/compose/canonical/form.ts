import type { Lookup } from '../environment/template.ts';
import type { ComposeNode } from '../source/node.ts';
import { mapValues, replaceItems } from '../source/node.ts';
import type { Path, Position } from '../source/problem.ts';

/** What the long forms depend on besides the text itself. */
export interface FormContext {
  /** Relative paths in the file start here. */
  readonly directory: string;
  /** Values of `environment` keys that stand without a value. */
  readonly lookup: Lookup;
  readonly report: (at: Position, path: Path, message: string) => void;
}

/** Brings one value into its long form; undefined when it says nothing. The schema has been checked before. */
export type Form = (node: ComposeNode, path: Path, context: FormContext) => ComposeNode | undefined;

/** Applies a form, unless the value is there to be dropped, and keeps the value's merge tag. */
export function applyForm(form: Form, node: ComposeNode, path: Path, context: FormContext): ComposeNode | undefined {
  if (node.tag === 'reset') return node;
  const result = form(node, path, context);
  return result === undefined || node.tag === undefined ? result : { ...result, tag: node.tag };
}

/** A mapping whose named keys have forms; other keys stay as they are. */
export function record(forms: Readonly<Record<string, Form>>): Form {
  return (node, path, context) =>
    node.kind !== 'map'
      ? node
      : mapValues(node, (value, key) => {
          const form = Object.hasOwn(forms, key) ? forms[key] : undefined;
          return form === undefined ? value : applyForm(form, value, [...path, key], context);
        });
}

/** A mapping with names of the user's choice. */
export function values(form: Form): Form {
  return (node, path, context) =>
    node.kind === 'map' ? mapValues(node, (value, key) => applyForm(form, value, [...path, key], context)) : node;
}

/** A list; an entry may become several (a range of ports). */
export function each(form: (node: ComposeNode, path: Path, context: FormContext) => readonly ComposeNode[]): Form {
  return (node, path, context) =>
    node.kind === 'list' ? replaceItems(node, (item, index) => form(item, [...path, index], context)) : node;
}

/** One form after another. */
export function chain(...forms: readonly Form[]): Form {
  return (node, path, context) => {
    let current: ComposeNode | undefined = node;
    for (const form of forms) if (current !== undefined) current = form(current, path, context);
    return current;
  };
}
