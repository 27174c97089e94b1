import type { Node } from '../../model/node.ts';
import { addressTest } from './address.ts';
import { attributeKeys, normalArchitecture, parseAttribute } from './attribute.ts';
import type { Attribute } from './attribute.ts';

/** A constraint, parsed once. */
export interface Constraint {
  /** As it was written, in one spelling: `node.labels.disk==ssd`. */
  readonly text: string;
  readonly matches: (node: Node) => boolean;
}

export type ParsedConstraint =
  | { readonly kind: 'constraint'; readonly constraint: Constraint }
  | { readonly kind: 'invalid'; readonly reason: string };

const operators = ['==', '!='] as const;
type Operator = (typeof operators)[number];

/** What Swarm allows in keys and values (swarmkit, manager/constraint): globs and expressions are let through, not acted on. */
const keyPattern = /^[a-z_][a-z0-9\-_.]+$/i;
const valuePattern = /^[a-z0-9:\-_\s.*()?+[\]\\^$|/]+$/i;

/**
 * Parses `key == value` or `key != value`. As in Swarm, keys and values are compared without case, names of labels with
 * it, and a label that a node has not counts as empty. Unlike Swarm, a key that no node could ever have is an error.
 */
export const parseConstraint = (text: string): ParsedConstraint => {
  const operator = operators.find((candidate) => text.includes(candidate));
  if (operator === undefined) return invalid(`constraint "${text}" has no operator: write KEY==VALUE or KEY!=VALUE`);
  const at = text.indexOf(operator);
  const key = text.slice(0, at).trim();
  const value = text.slice(at + operator.length).trim();
  if (!keyPattern.test(key)) return invalid(`constraint "${text}": the key "${key}" is invalid`);
  if (!valuePattern.test(value)) return invalid(`constraint "${text}": the value "${value}" is invalid`);
  const attribute = parseAttribute(key);
  if (attribute === undefined) {
    return invalid(`constraint "${text}": the key "${key}" is unknown; there are ${attributeKeys.join(', ')}`);
  }
  return { kind: 'constraint', constraint: constraintOf(attribute, operator, value) };
};

const invalid = (reason: string): ParsedConstraint => ({ kind: 'invalid', reason });

const constraintOf = (attribute: Attribute, operator: Operator, value: string): Constraint => {
  const equals = equality(attribute, value);
  const wanted = operator === '==';
  return {
    text: `${attribute.key}${operator}${value}`,
    matches: (node) => equals(attribute.read(node)) === wanted,
  };
};

const equality = ({ kind }: Attribute, value: string): ((actual: string) => boolean) => {
  switch (kind) {
    case 'text': {
      const folded = value.toLowerCase();
      return (actual) => actual === value || actual.toLowerCase() === folded;
    }
    case 'architecture': {
      const normal = normalArchitecture(value);
      return (actual) => actual === normal;
    }
    case 'address':
      return addressTest(value);
  }
};
