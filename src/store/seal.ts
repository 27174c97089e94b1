import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { TuttiError } from '../model/errors.ts';

/** Encrypts what goes to disk. `place` (table and id) is bound to the text: it opens nowhere else. */
export interface Sealer {
  seal(text: string, place: string): string;
  /** Throws `corrupt` when the text was altered, moved, or sealed with another key. */
  open(sealed: string, place: string): string;
}

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;
const prefix = 'aes256gcm:';

/** AES-256-GCM with a 32 byte key and a random nonce per text. */
export const aesSealer = (key: Uint8Array): Sealer => {
  if (key.length !== 32) throw new TuttiError('invalid-argument', `the store's key has ${key.length} bytes, not 32`);
  return {
    seal: (text, place) => {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv(algorithm, key, nonce);
      cipher.setAAD(Buffer.from(place));
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return prefix + Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64');
    },
    open: (sealed, place) => {
      if (!sealed.startsWith(prefix)) throw unreadable(place);
      const bytes = Buffer.from(sealed.slice(prefix.length), 'base64');
      try {
        const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, nonceBytes));
        decipher.setAAD(Buffer.from(place));
        decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
        return decipher.update(bytes.subarray(nonceBytes + tagBytes), undefined, 'utf8') + decipher.final('utf8');
      } catch (error) {
        throw unreadable(place, error);
      }
    },
  };
};

const unreadable = (place: string, cause?: unknown): TuttiError =>
  new TuttiError(
    'corrupt',
    `${place} cannot be decrypted: the key is not the one that it was written with, or the file was altered. Put the right key file back, or restore a backup`,
    { cause },
  );
