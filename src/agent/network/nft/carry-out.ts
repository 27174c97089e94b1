import { TuttiError } from '../../../model/errors.ts';
import type { Exec } from '../ports.ts';

/** Has nft carry out the commands, all or none. @throws TuttiError `unavailable`: the failure in words, and nft's reason. */
export async function carryOut(
  exec: Exec,
  lines: readonly string[],
  failure: string,
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<void> {
  if (lines.length === 0) return;
  const { code, stderr } = await exec('nft', ['-f', '-'], { ...options, input: `${lines.join('\n')}\n` });
  if (code !== 0) throw new TuttiError('unavailable', `${failure}: ${stderr.trim().slice(0, 500)}`);
}
