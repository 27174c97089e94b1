import type { Randomness } from '../../platform/ports.ts';

const moods = [
  'brisk',
  'calm',
  'clear',
  'deft',
  'eager',
  'gentle',
  'grand',
  'keen',
  'lively',
  'merry',
  'nimble',
  'quiet',
];
const players = [
  'alto',
  'banjo',
  'bassoon',
  'cello',
  'cornet',
  'flute',
  'harp',
  'horn',
  'lute',
  'oboe',
  'piano',
  'viola',
];

/** A name for a service that came without one: `merry_bassoon_x3k`. */
export const inventName = (random: Randomness): string => {
  const pick = (words: readonly string[]): string => words[Math.floor(random.number() * words.length)] ?? 'solo';
  return `${pick(moods)}_${pick(players)}_${random.id().slice(-3)}`;
};
