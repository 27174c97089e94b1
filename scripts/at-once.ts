/**
 * Runs scripts of package.json at once: `node scripts/at-once.ts types lint format`. The last one's output is shown as it
 * comes, that of the others when they end. Fails when one fails, after all have ended.
 */
import { spawn } from 'node:child_process';

const names = process.argv.slice(2);

const runScript = (name: string, live: boolean): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn('npm', ['run', '--silent', name], {
      stdio: ['ignore', live ? 'inherit' : 'pipe', live ? 'inherit' : 'pipe'],
    });
    const said: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => said.push(chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      process.stdout.write(Buffer.concat(said));
      const seconds = ((performance.now() - started) / 1000).toFixed(0);
      console.log(`${code === 0 ? '✔' : '✖'} npm run ${name} (${seconds} s)`);
      resolve(code === 0);
    });
  });

const done = await Promise.all(names.map((name, index) => runScript(name, index === names.length - 1)));
process.exitCode = done.every(Boolean) ? 0 : 1;
