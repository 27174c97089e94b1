import { networkIdOf, networkLabel } from '../../model/network.ts';
import type { AttachmentEngine, Attachments } from '../attachments/ports.ts';
import type { Exec } from '../network/ports.ts';
import type { ShortcutPorts } from './ports.ts';
import { applyScript, cameLater, removedRules, shortcutOf, shortcutRules } from './rules.ts';
import type { Shortcut } from './rules.ts';

/** Starting and removing containers comes first: a question that goes the long way until then has the same answer. */
const restMs = 1_000;
const mostRests = 60;
const commandMs = 10_000;
const mostTries = 20;

/**
 * Has what containers ask Docker's resolver go straight to the node's, for containers to which that makes no difference but
 * of time: at a tenth of the cost, and also while the engine hangs. Goes on until it is disposed of; what was made stays with
 * the container.
 */
export function createShortcuts({ attachments, engine, exec, clock, log }: ShortcutPorts): AsyncDisposable {
  const ended = new AbortController();
  const { signal } = ended;
  const waiting = new Set<string>();
  /** Container → what it was given last. */
  const given = new Map<string, string>();
  /** Containers that came later and could not be given theirs → how often that was tried. */
  const wanting = new Map<string, number>();
  /** How often anything was told of. */
  let noted = 0;
  let working: Promise<void> | undefined;

  const inside = insideWith(exec, signal);
  const give = async (id: string, found: Attachments, shortcut: Shortcut): Promise<void> => {
    const key = `${found.pid} ${shortcut.gateway}`;
    if (given.get(id) === key) return;
    const urgent = cameLater(found);
    const failure = await inside(found.pid, applyScript, shortcut.address, shortcutRules(shortcut), { urgent });
    if (failure === undefined) given.set(id, key);
    else log.debug('names of a container go by its engine', { container: id, reason: failure });
  };
  /** Networks that pass nothing on, where that matters. */
  const internalTo = async (found: Attachments): Promise<ReadonlySet<string>> => {
    const known = cameLater(found) ? await engine.listNetworks([networkLabel], { signal }) : [];
    return new Set(known.flatMap(({ name, internal }) => (internal ? [name] : [])));
  };
  const forget = (id: string): void => {
    for (const known of [waiting, given, wanting]) known.delete(id);
  };
  const look = async (id: string): Promise<void> => {
    const found = attachments.containers.get(id);
    if (found === undefined) return;
    const shortcut = shortcutOf(found, await internalTo(found));
    if (shortcut !== undefined) await give(id, found, shortcut);
    else if (given.delete(id)) await inside(found.pid, removeScript, '', removedRules);
    // Without the rules it does not find its names at all.
    const isWanting = shortcut !== undefined && cameLater(found) && !given.has(id);
    const times = isWanting ? (wanting.get(id) ?? 0) + 1 : 0;
    if (times === 0 || times > mostTries) wanting.delete(id);
    else {
      wanting.set(id, times);
      waiting.add(id);
    }
  };
  const work = async (): Promise<void> => {
    while (waiting.size > 0 && !signal.aborted) {
      let before = -1;
      for (let rests = 0; noted !== before && rests < mostRests; rests += 1) {
        before = noted;
        await clock.sleep(restMs, signal);
      }
      const batch = [...waiting];
      waiting.clear();
      for (const id of batch) {
        await look(id).catch((thrown: unknown) => {
          if (!signal.aborted) log.debug('a container is not looked at', { container: id, reason: String(thrown) });
        });
        // It may have ended meanwhile.
        if (!attachments.containers.has(id)) forget(id);
      }
    }
  };
  const note = (id: string): void => {
    noted += 1;
    waiting.add(id);
    working ??= work()
      .catch(() => undefined)
      .finally(() => (working = undefined));
  };
  const subscription = attachments.subscribe((change) => {
    if (change.kind === 'known') for (const id of attachments.containers.keys()) note(id);
    else if (change.kind === 'present') note(change.container);
    else forget(change.container);
  });

  return {
    async [Symbol.asyncDispose]() {
      subscription[Symbol.dispose]();
      ended.abort();
      await working;
    },
  };
}

/** Takes the rules from the containers that stay when everything of ours goes: they are told nothing by then. */
export async function removeShortcuts(
  { engine, exec }: { readonly engine: Pick<AttachmentEngine, 'runningOn' | 'attachmentsOf'>; readonly exec: Exec },
  signal: AbortSignal,
): Promise<void> {
  for (const { id, networks } of await engine.runningOn({ signal })) {
    if (!networks.some((name) => networkIdOf(name) !== undefined)) continue;
    const { pid = 0 } = (await engine.attachmentsOf(id, { signal })) ?? {};
    if (pid > 0) await insideWith(exec, signal)(pid, removeScript, '', removedRules);
  }
}

const removeScript = 'nft -f -';

/** Runs a script in a process's network; gives why it failed. */
const insideWith =
  (exec: Exec, signal: AbortSignal) =>
  async (
    pid: number,
    script: string,
    argument: string,
    input: string,
    { urgent = false }: { readonly urgent?: boolean } = {},
  ): Promise<string | undefined> => {
    const args = ['-n', urgent ? '0' : '19', 'nsenter', '-t', String(pid), '-n', 'sh', '-c', script, 'sh', argument];
    const { code, stderr } = await exec('nice', args, { input, timeoutMs: commandMs, signal });
    return code === 0 ? undefined : `${code}: ${stderr.trim()}`;
  };
