import { Ajv } from 'ajv';
import type { ErrorObject, ValidateFunction } from 'ajv';
import composeSchema from '../../../third_party/compose-spec.json' with { type: 'json' };
import type { ComposeNode, MapNode } from '../source/node.ts';
import { keyPosition, nodeAt, pathInFile, plain } from '../source/node.ts';
import type { Path, Problem } from '../source/problem.ts';
import { problem } from '../source/problem.ts';
import { explain, missingKey } from './explain.ts';

/** The schema is known to be one; checking, inlining and optimising it takes twice the time of the rest. */
const ajvOptions = {
  allErrors: true,
  verbose: true,
  strict: false,
  validateFormats: false,
  meta: false,
  validateSchema: false,
  inlineRefs: false,
  code: { optimize: false },
} as const;

/** More than this nobody reads, and sorting them out takes time that grows with their square. */
const mostErrors = 1000;

let compiled: ValidateFunction | undefined;

/** Compiled at first use, because it takes a tenth of a second that `--help` need not wait for. */
function validator(): ValidateFunction {
  if (compiled === undefined) {
    const { $schema: _, ...schema } = composeSchema;
    compiled = new Ajv(ajvOptions).compile(schema);
  }
  return compiled;
}

/**
 * Checks a file against the Compose specification's schema and returns every fault, each at its line.
 * With `partial`, keys that another file may still supply are not missed.
 */
export function validateSchema(root: MapNode, options: { readonly partial: boolean }): Problem[] {
  const validate = validator();
  if (validate(plain(root))) return [];
  return groupByPlace((validate.errors ?? []).slice(0, mostErrors)).flatMap(({ path, errors }) =>
    describe(root, path, errors, options.partial),
  );
}

interface Place {
  readonly path: Path;
  readonly errors: readonly ErrorObject[];
}

/**
 * A value that may have several forms fails once per form. The forms of Compose differ by type, so where something
 * deeper, or other than the type, is wrong as well, that is the fault, and the other forms' type errors are noise.
 */
function groupByPlace(errors: readonly ErrorObject[]): Place[] {
  const places = new Map<string, ErrorObject[]>();
  for (const error of errors) {
    places.set(error.instancePath, [...(places.get(error.instancePath) ?? []), error]);
  }
  const all = [...places.keys()];
  return [...places].flatMap(([pointer, here]) => {
    const specific = here.filter(({ keyword }) => keyword !== 'type' && keyword !== 'oneOf');
    const deeper = all.some((other) => other.startsWith(`${pointer}/`) && other !== pointer);
    const kept = specific.length > 0 ? specific : deeper && here.some(isAlternative) ? [] : here;
    return kept.length === 0 ? [] : [{ path: parsePointer(pointer), errors: kept }];
  });
}

function isAlternative({ keyword }: ErrorObject): boolean {
  return keyword === 'oneOf';
}

function describe(root: MapNode, path: Path, errors: readonly ErrorObject[], partial: boolean): Problem[] {
  const types = errors.filter(({ keyword }) => keyword === 'type');
  const others = errors.filter(({ keyword }) => keyword !== 'type' && keyword !== 'oneOf');
  const node = nodeAt(root, path);
  const found: Problem[] = [];
  if (types.length > 0) found.push(problem(node.at, pathInFile(root, path), explain.types(types, node)));
  for (const error of others) {
    if (missingKey(error) !== undefined && partial) continue;
    found.push(describeOne(root, path, node, error));
  }
  return found;
}

function describeOne(root: MapNode, path: Path, node: ComposeNode, error: ErrorObject): Problem {
  if (error.keyword === 'additionalProperties') {
    const key = String(error.params['additionalProperty']);
    const keyPath = [...path, key];
    return problem(keyPosition(root, keyPath), pathInFile(root, keyPath), explain.unknownKey(key, path, error));
  }
  return problem(node.at, pathInFile(root, path), explain.other(error, node));
}

function parsePointer(pointer: string): Path {
  const steps = pointer.split('/').slice(1);
  return steps.map((step) => {
    const text = step.replaceAll('~1', '/').replaceAll('~0', '~');
    return /^\d+$/.test(text) ? Number(text) : text;
  });
}
