import type { PlanStep } from '../../model/native.ts';
import { composeFields } from './table.ts';
import type { ComposeField } from './table.ts';
import { composeValue } from './value.ts';

type Change = NonNullable<PlanStep['changes']>[number];

interface Rule {
  readonly matches: RegExp;
  readonly field: ComposeField;
}

/** The docker CLI's note of the image; it says what `image` says. */
const imageLabel = 'deploy.labels.com.docker.stack.image';

/** The changes of a step with the keys and values of a Compose file. */
export const composeChanges = (stack: string, { object, changes = [] }: PlanStep): readonly Change[] => {
  const translated = changes.map((change) => translate(stack, rulesOf[object] ?? [], change));
  // Several fields of the model can stand for one key.
  const unique = [...new Map(translated.map((change) => [JSON.stringify(change), change])).values()];
  return unique.some(({ path }) => path === 'image') ? unique.filter(({ path }) => path !== imageLabel) : unique;
};

const translate = (stack: string, rules: readonly Rule[], change: Change): Change => {
  const rule = rules.find(({ matches }) => matches.test(change.path));
  if (rule === undefined) return change;
  const { field, matches } = rule;
  const [key, kind] = typeof field === 'string' ? [field, undefined] : field;
  const [, ...found] = matches.exec(change.path) ?? [];
  const rest = found.at(-1) ?? '';
  const value = (text: string): string => (kind === undefined || rest !== '' ? text : composeValue(text, kind));
  return {
    path: `${fill(key, found.slice(0, -1), stack)}${rest}`,
    ...(change.before === undefined ? {} : { before: value(change.before) }),
    ...(change.after === undefined ? {} : { after: value(change.after) }),
  };
};

/** Puts the names of entries into a key; the last ones, because the first can be that of the container. */
const fill = (key: string, names: readonly string[], stack: string): string => {
  const places = key.match(/\[\]|\{\}/g) ?? [];
  const given = names.slice(names.length - places.length).values();
  return key.replace(/\[\]|\{\}/g, (place) => {
    const name = given.next().value ?? '';
    return place === '[]' ? `[${name}]` : `.${name.startsWith(`${stack}_`) ? name.slice(stack.length + 1) : name}`;
  });
};

/** The most exact first. */
const rules = (fields: Readonly<Record<string, ComposeField>>): readonly Rule[] =>
  Object.entries(fields)
    .toSorted(([left], [right]) => right.length - left.length)
    .map(([model, field]) => {
      const pattern = RegExp.escape(model).replaceAll('\\[\\]', '\\[([^\\]]*)\\]');
      return { matches: new RegExp(`^${pattern}((?:[.[].*)?)$`, 's'), field };
    });

const rulesOf: Readonly<Record<string, readonly Rule[]>> = Object.fromEntries(
  Object.entries(composeFields).map(([object, fields]) => [object, rules(fields)]),
);
