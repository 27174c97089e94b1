import { readFileSync, statSync } from 'node:fs';
import { addressBytes } from '../../address.ts';

/** The node's resolvers, as `resolv.conf` lists them; read again when the file has changed. */
export function createNameservers(path = '/etc/resolv.conf'): () => readonly string[] {
  let modified = Number.NaN;
  let servers: readonly string[] = [];
  return () => {
    try {
      const { mtimeMs } = statSync(path);
      if (mtimeMs !== modified) {
        servers = parseNameservers(readFileSync(path, 'utf8'));
        modified = mtimeMs;
      }
    } catch {
      // No such file: nobody to ask. It is looked for again each time.
      servers = [];
      modified = Number.NaN;
    }
    return servers;
  };
}

/** See resolv.conf(5). Addresses with a zone (`fe80::1%eth0`) are left out. */
export function parseNameservers(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => {
    const [keyword, address = ''] = line.trim().split(/\s+/);
    return keyword === 'nameserver' && addressBytes(address) !== undefined ? [address] : [];
  });
}
