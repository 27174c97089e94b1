import type { Mount } from '../../model/container.ts';
import { stackLabels } from './labels.ts';
import type { Names } from './names.ts';
import type { Section } from './section.ts';
import { compact, compactOrNone, orNone } from './section.ts';

export interface MountsOf {
  readonly stack: string;
  /** The file, for the volumes' own settings. */
  readonly root: Section;
  readonly names: Names;
}

/** Mounts of a service: `volumes`, then `tmpfs`. */
export function mounts(service: Section, of: MountsOf): readonly Mount[] | undefined {
  const volumes = service.sections('volumes').flatMap((volume) => mount(volume, of) ?? []);
  const temporary = (service.texts('tmpfs') ?? []).map((text) => tmpfs(service, text));
  return orNone([...volumes, ...temporary]);
}

function mount(volume: Section, of: MountsOf): Mount | undefined {
  const type = volume.oneOf('type', ['bind', 'volume', 'tmpfs', 'image', 'cluster', 'npipe']);
  if (type === undefined) return undefined;
  if (type === 'cluster' || type === 'npipe') {
    volume.fail('type', `mounts of the type ${type} are not supported; use bind, volume, tmpfs or image`);
    return undefined;
  }
  const target = volume.text('target');
  if (target === undefined) {
    volume.fail(undefined, 'the key "target", the path in the container, is missing');
    return undefined;
  }
  if (!target.startsWith('/')) volume.fail(undefined, `the path in the container must begin with "/", not ${target}`);
  const source = volume.text('source');
  if ((type === 'bind' || type === 'image') && source === undefined) {
    volume.fail(undefined, `a mount of the type ${type} needs a source`);
  }
  for (const other of ['bind', 'volume', 'tmpfs', 'image']) {
    if (other === type || !volume.section(other).present) continue;
    // The short form puts its options under `bind` whatever the type, because it cannot tell.
    if (other === 'bind' && type === 'volume') warnOfBind(volume.section('bind'));
    else volume.warn(other, `ignored, because the type is ${type}`);
  }
  return compact<Mount>({
    type,
    source: type === 'volume' && source !== undefined ? of.names.volume(source) : source,
    target,
    readOnly: volume.boolean('read_only'),
    consistency: volume.text('consistency'),
    bind: type === 'bind' ? bind(volume.section('bind')) : undefined,
    volume: type === 'volume' ? named(of, volume, source) : undefined,
    tmpfs: type === 'tmpfs' ? memory(volume.section('tmpfs')) : undefined,
    image: type === 'image' ? compactOrNone({ subpath: volume.section('image').text('subpath') }) : undefined,
  });
}

/** What of `bind` a volume cannot have. The shared label of SELinux it has anyway: the engine gives it to every volume. */
function warnOfBind(bind: Section): void {
  for (const key of ['propagation', 'create_host_path', 'recursive']) {
    if (bind.has(key)) bind.warn(key, 'ignored, because the type is volume');
  }
  if (bind.text('selinux') === 'Z') bind.warn('selinux', 'ignored: a volume has the label that containers share (z)');
}

function bind(options: Section): Mount['bind'] {
  if (options.has('selinux')) {
    const aside = 'ignored, because engines do not take it beside selinux';
    if (options.has('recursive') && options.text('recursive') !== 'enabled') options.warn('recursive', aside);
    if (options.boolean('create_host_path') === false) options.warn('create_host_path', `${aside}: the path is made`);
  }
  const recursive = options.oneOf('recursive', ['enabled', 'disabled', 'writable', 'readonly']);
  return compactOrNone<NonNullable<Mount['bind']>>({
    propagation: options.text('propagation'),
    createHostPath: options.boolean('create_host_path'),
    nonRecursive: recursive === 'disabled' ? true : undefined,
    readOnlyNonRecursive: recursive === 'writable' ? true : undefined,
    readOnlyForceRecursive: recursive === 'readonly' ? true : undefined,
    selinux: options.text('selinux'),
  });
}

/** A named volume is made on the node where a task is first placed, from the driver that the file gives it. */
function named({ root, stack }: MountsOf, mountSection: Section, key: string | undefined): Mount['volume'] {
  const options = mountSection.section('volume');
  const declared = key === undefined ? undefined : new Map(root.named('volumes')).get(key);
  const own = declared?.boolean('external') === true ? undefined : declared;
  const given = { ...own?.dictionary('labels'), ...options.dictionary('labels') };
  const labels = own === undefined ? given : stackLabels(stack, given);
  return compactOrNone<NonNullable<Mount['volume']>>({
    noCopy: options.boolean('nocopy'),
    subpath: options.text('subpath'),
    labels: Object.keys(labels).length === 0 ? undefined : labels,
    driver: compactOrNone({ name: own?.text('driver'), options: own?.dictionary('driver_opts') }),
  });
}

function memory(options: Section): Mount['tmpfs'] {
  return compactOrNone<NonNullable<Mount['tmpfs']>>({
    sizeBytes: options.bytes('size'),
    mode: options.integer('mode', { min: 0, max: 0o7777 }),
  });
}

/** `/run:size=64m,mode=1770,noexec` as a mount. */
function tmpfs(service: Section, text: string): Mount {
  const colon = text.indexOf(':');
  const target = colon === -1 ? text : text.slice(0, colon);
  if (!target.startsWith('/')) service.fail('tmpfs', `the path in the container must begin with "/", not ${target}`);
  const options =
    colon === -1
      ? []
      : text
          .slice(colon + 1)
          .split(',')
          .filter((option) => option !== '');
  return compact<Mount>({
    type: 'tmpfs',
    target,
    source: undefined,
    readOnly: undefined,
    consistency: undefined,
    bind: undefined,
    volume: undefined,
    image: undefined,
    tmpfs: options.length === 0 ? undefined : { options: options.map((option) => splitOnce(option)) },
  });
}

function splitOnce(option: string): string[] {
  const equals = option.indexOf('=');
  return equals === -1 ? [option] : [option.slice(0, equals), option.slice(equals + 1)];
}
