import type { ComposeNode, MapNode } from '../source/node.ts';
import { child, map, scalar, textOf, withEntry } from '../source/node.ts';
import type { Path } from '../source/problem.ts';
import type { FormContext } from './form.ts';
import { resolvePath } from './collections.ts';

const propagations = ['rprivate', 'private', 'rshared', 'shared', 'rslave', 'slave'];
const consistencies = ['consistent', 'cached', 'delegated'];
const windowsDrive = /^[A-Za-z]:[\\/]/;

/** Any form of a volume as its long form: `[source:]target[:options]`, or a mapping. */
export function mountForms(node: ComposeNode, path: Path, context: FormContext): readonly ComposeNode[] {
  if (node.kind === 'map') return [longForm(node, context)];
  const text = textOf(node) ?? '';
  const parts = splitVolume(text);
  if (parts.length > 3 || parts.some((part) => part === '')) {
    context.report(node.at, path, `${JSON.stringify(text)} is not a volume; write [source:]target[:options]`);
    return [];
  }
  const [source, target, options] = parts.length === 1 ? [undefined, parts[0]] : parts;
  return [shortForm(node, { source, target: target ?? '', options: options ?? '' }, path, context)];
}

interface Short {
  readonly source: string | undefined;
  readonly target: string;
  readonly options: string;
}

function shortForm(node: ComposeNode, { source, target, options }: Short, path: Path, context: FormContext): MapNode {
  const { at } = node;
  const bind = source !== undefined && isPath(source);
  const form = map(
    {
      type: scalar(bind ? 'bind' : 'volume', at),
      source: source === undefined ? undefined : scalar(bind ? resolvePath(source, context) : source, at),
      target: scalar(target, at),
      bind: bind ? map({ create_host_path: scalar(true, at) }, at) : undefined,
    },
    at,
  );
  return options === '' ? form : withOptions(form, options.split(','), path, context);
}

function withOptions(form: MapNode, options: readonly string[], path: Path, context: FormContext): MapNode {
  const { at } = form;
  let result = form;
  const set = (section: string, key: string, value: string | boolean): void => {
    const inner = child(result, section);
    const base = inner?.kind === 'map' ? inner : map({}, at);
    result = withEntry(result, section, withEntry(base, key, scalar(value, at)));
  };
  for (const option of options) {
    if (option === 'ro') result = withEntry(result, 'read_only', scalar(true, at));
    else if (option === 'nocopy') set('volume', 'nocopy', true);
    else if (option === 'z' || option === 'Z') set('bind', 'selinux', option);
    else if (propagations.includes(option)) set('bind', 'propagation', option);
    else if (consistencies.includes(option)) result = withEntry(result, 'consistency', scalar(option, at));
    else if (option !== 'rw') {
      const known = ['ro', 'rw', 'z', 'Z', 'nocopy', ...propagations, ...consistencies].join(', ');
      context.report(at, path, `unknown volume option ${JSON.stringify(option)}; allowed are ${known}`);
    }
  }
  return result;
}

function longForm(node: MapNode, context: FormContext): MapNode {
  const source = textOf(child(node, 'source'));
  if (textOf(child(node, 'type')) !== 'bind' || source === undefined) return node;
  return withEntry(node, 'source', scalar(resolvePath(source, context), child(node, 'source')?.at ?? node.at));
}

function isPath(source: string): boolean {
  return /^[./~]/.test(source) || windowsDrive.test(source) || source.startsWith('\\\\');
}

/** At colons, except the one after the drive letter of a Windows path, which only counts where a target follows. */
function splitVolume(text: string): string[] {
  const drive = /^[A-Za-z]:[\\/][^:]*(?=:\/)/.exec(text)?.[0];
  if (drive === undefined) return text.split(':');
  return [drive, ...text.slice(drive.length + 1).split(':')];
}

/** `/dev/a[:/dev/b[:rwm]]`, or a CDI name such as `vendor.com/class=name`, as a mapping. */
export function deviceForms(node: ComposeNode): readonly ComposeNode[] {
  if (node.kind === 'map') return [node];
  const text = textOf(node) ?? '';
  const [source = '', second, third] = text.split(':');
  const onlyPermissions = second !== undefined && third === undefined && /^[rwm]{1,3}$/.test(second);
  const target = second === undefined || onlyPermissions ? source : second;
  const permissions = third ?? (onlyPermissions ? second : 'rwm');
  return [
    map(
      { source: scalar(source, node.at), target: scalar(target, node.at), permissions: scalar(permissions, node.at) },
      node.at,
    ),
  ];
}

/** A secret or config by its name as `{source: name}`. */
export function fileReferenceForms(node: ComposeNode): readonly ComposeNode[] {
  return [node.kind === 'scalar' ? map({ source: node }, node.at) : node];
}
